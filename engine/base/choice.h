// A setting that is one of a few named values: the table of names, read from text and written back.
//
//   constexpr std::array<Named<WarmUp>, 2> warm_ups = {{{WarmUp::linear, "linear"}, {WarmUp::power4, "power4"}}};
//   parse_choice(warm_ups, "the form of the warm-up", "linear")    WarmUp::linear
//   parse_choice(warm_ups, "the form of the warm-up", "steep")     Error: the form of the warm-up is 'linear' or
//                                                                  'power4', got 'steep'
//   name_in(warm_ups, WarmUp::power4)                              "power4"
//   one_of(warm_ups)                                               "'linear' or 'power4'", for errors and help texts
//   names_in(warm_ups)                                             {"linear", "power4"}
//
// A choice need not be an enumeration: it may be anything that is compared with ==.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace sleight {

template <class Choice>
struct Named {
  Choice choice;
  std::string_view name;
};

template <class Choices>
std::vector<std::string> names_in(const Choices& choices) {
  std::vector<std::string> names;
  for (const auto& known : choices)
    names.emplace_back(known.name);
  return names;
}

template <class Choices>
std::string one_of(const Choices& choices) {
  const std::vector<std::string> names = names_in(choices);
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "'" : i + 1 < names.size() ? ", '" : " or '") + names[i] + "'";
  return text;
}

// Throws Error if no choice has this name. `what` begins the message: "--metric", "the form of the warm-up".
template <class Choices>
auto parse_choice(const Choices& choices, std::string_view what, std::string_view text) {
  for (const auto& known : choices)
    if (known.name == text) return known.choice;
  fail(what, " is ", one_of(choices), ", got '", text, "'");
}

// Throws Error for a choice that the table lacks.
template <class Choices, class Choice>
std::string name_in(const Choices& choices, const Choice& choice) {
  for (const auto& known : choices)
    if (known.choice == choice) return std::string(known.name);
  fail("a choice has no name; the names are ", one_of(choices));
}

}  // namespace sleight
