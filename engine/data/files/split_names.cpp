#include "engine/data/files/split_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace sleight {

namespace {

std::string_view split_called(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> names = {{{"train", "train"},
                                                                                          {"training", "train"},
                                                                                          {"val", "val"},
                                                                                          {"valid", "val"},
                                                                                          {"validation", "val"},
                                                                                          {"dev", "val"},
                                                                                          {"eval", "val"},
                                                                                          {"test", "test"},
                                                                                          {"testing", "test"}}};
  for (const auto& [written, split] : names)
    if (name == written) return split;
  return "";
}

// "train" of "train2017", "train_set" and "train-images".
std::string_view without_addition(std::string_view name) {
  constexpr std::string_view digits = "0123456789";
  constexpr std::size_t year = 4;
  const std::size_t number = name.find_last_not_of(digits) + 1;
  if (name.size() - number == year) {
    name = name.substr(0, number);
  } else {
    for (const std::string_view word : {"set", "images", "data"})
      if (name.ends_with(word)) {
        name.remove_suffix(word.size());
        break;
      }
  }
  if (name.ends_with('_') || name.ends_with('-') || name.ends_with(' ')) name.remove_suffix(1);
  return name;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view split_named(std::string_view folder) {
  const std::string name = lower_case(folder);
  const std::string_view whole = split_called(name);
  return whole.empty() ? split_called(without_addition(name)) : whole;
}

bool mentions_split(std::string_view folder) {
  const auto is_letter = [](unsigned char c) { return std::isalpha(c) != 0; };
  const std::string name = lower_case(folder);
  for (auto end = name.begin(); end != name.end();) {
    const auto begin = std::find_if(end, name.end(), is_letter);
    end = std::find_if_not(begin, name.end(), is_letter);
    if (!split_called(std::string_view(begin, end)).empty()) return true;
  }
  return false;
}

std::string_view split_of_path(std::string_view path) {
  for (;;) {
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) return "";
    if (const std::string_view split = split_named(path.substr(0, slash)); !split.empty()) return split;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace sleight
