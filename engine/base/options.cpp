#include "engine/base/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "engine/base/error.h"

namespace sleight {

namespace {

template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;

std::string toml_of(bool value) {
  return value ? "true" : "false";
}

std::string toml_of(const std::string& value) {
  return toml_quoted(value);
}

std::string toml_of(double value) {
  return toml_number(value);
}

template <class T>
requires std::is_integral_v<T> std::string toml_of(T value) {
  return std::to_string(value);
}

template <class T>
std::string toml_of(const std::vector<T>& values) {
  std::string text;
  for (const T& value : values)
    text += (text.empty() ? "" : ", ") + toml_of(value);
  return "[" + text + "]";
}

// Calls function with the value; not at all where there is none.
template <class Function>
void with_value(const OptionTarget& target, Function function) {
  std::visit(
      [&]<class T>(const T* value) {
        if constexpr (is_optional<T>) {
          if (*value) function(**value);
        } else {
          function(*value);
        }
      },
      target);
}

bool parse(const std::string& word, std::string& value) {
  value = word;
  return true;
}

bool parse(const std::string& word, bool& value) {
  value = word == "true";
  return value || word == "false";
}

// False for what is no number, and for one that the type cannot hold.
template <class T>
requires std::is_arithmetic_v<T>
bool parse(const std::string& word, T& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}

// Without the quotation marks of TOML.
std::string plain_text(const OptionTarget& target) {
  std::string text;
  with_value(target, [&]<class T>(const T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      text = value;
    } else {
      text = toml_of(value);
    }
  });
  return text;
}

}  // namespace

Option::Option(std::string name, OptionTarget target, std::string help)
    : name_(std::move(name)), target_(target), help_(std::move(help)), off_name_("no-" + name_) {
  const bool* const on = std::holds_alternative<bool*>(target_) ? std::get<bool*>(target_) : nullptr;
  if (on != nullptr) {
    default_text_ = *on ? "on" : "off";
  } else if (!std::holds_alternative<std::vector<std::string>*>(target_)) {
    default_text_ = plain_text(target_);
  }
  if (std::holds_alternative<std::uint64_t*>(target_)) not_negative();
}

Option& Option::unit(std::string name) {
  unit_ = std::move(name);
  return *this;
}

Option& Option::default_text(std::string text) {
  default_text_ = std::move(text);
  return *this;
}

Option& Option::short_name(char letter) {
  short_name_ = letter;
  return *this;
}

Option& Option::off_name(std::string name) {
  off_name_ = std::move(name);
  return *this;
}

Option& Option::alias(std::string name) {
  aliases_.push_back(std::move(name));
  return *this;
}

Option& Option::positional() {
  positional_ = true;
  return *this;
}

Option& Option::required() {
  required_ = true;
  return *this;
}

Option& Option::range(double lowest, double highest) {
  lowest_ = lowest;
  highest_ = highest;
  return *this;
}

Option& Option::positive() {
  lowest_ = 0.0;
  without_lowest_ = true;
  return *this;
}

Option& Option::not_negative() {
  lowest_ = 0.0;
  return *this;
}

Option& Option::below(double end) {
  highest_ = end;
  without_highest_ = true;
  return *this;
}

Option& Option::one_of(std::vector<std::string> choices) {
  choices_ = std::move(choices);
  return *this;
}

Option& Option::check(std::function<std::string(const std::string& text)> problem) {
  checks_.push_back(std::move(problem));
  return *this;
}

Option& Option::separated_by(char separator) {
  separator_ = separator;
  return *this;
}

Option& Option::excludes(std::string name) {
  excluded_.push_back(std::move(name));
  return *this;
}

Option& Option::decides(std::vector<std::string> names) {
  decided_ = std::move(names);
  return *this;
}

Option& Option::free_on_resume() {
  free_on_resume_ = true;
  return *this;
}

Option& Option::written() {
  written_ = true;
  return *this;
}

Option& Option::of_this_start() {
  of_this_start_ = true;
  return *this;
}

Option& Option::applies_when(std::function<bool()> applies) {
  applies_ = std::move(applies);
  return *this;
}

bool Option::is_switch() const {
  return std::holds_alternative<bool*>(target_) || std::holds_alternative<std::optional<bool>*>(target_);
}

bool Option::is_list() const {
  return std::holds_alternative<std::vector<std::string>*>(target_) ||
         std::holds_alternative<std::optional<std::vector<double>>*>(target_);
}

bool Option::is_number() const {
  return !is_switch() && !std::holds_alternative<std::string*>(target_) &&
         !std::holds_alternative<std::vector<std::string>*>(target_) &&
         !std::holds_alternative<std::optional<std::string>*>(target_);
}

bool Option::contains(double number) const {
  return std::isfinite(number) && (!lowest_ || (without_lowest_ ? number > *lowest_ : number >= *lowest_)) &&
         (!highest_ || (without_highest_ ? number < *highest_ : number <= *highest_));
}

std::string Option::interval() const {
  // Whole numbers have no exponent.
  const auto written = [](double end) {
    return end == std::round(end) ? std::to_string(std::llround(end)) : toml_number(end);
  };
  if (lowest_ && highest_ && !without_lowest_ && !without_highest_)
    return written(*lowest_) + " to " + written(*highest_);
  std::string text;
  if (lowest_) text = (without_lowest_ ? "above " : "at least ") + written(*lowest_);
  if (highest_)
    text += (text.empty() ? "" : " and ") + std::string(without_highest_ ? "below " : "at most ") + written(*highest_);
  return text;
}

std::string Option::expectation() const {
  if (!choices_.empty()) {
    std::string text;
    for (const std::string& choice : choices_)
      text += (text.empty() ? "must be one of " : ", ") + choice;
    return text;
  }
  if (is_switch()) return "must be true or false";
  const bool fraction =
      std::holds_alternative<double*>(target_) || std::holds_alternative<std::optional<double>*>(target_) || is_list();
  const std::string numbers = interval();
  return std::string(fraction ? "must be a number" : "must be a whole number") + (numbers.empty() ? "" : ", ") +
         numbers;
}

void Option::assign(std::span<const std::string> words) const {
  const auto refuse = [&](const std::string& why) {
    std::string text;
    for (const std::string& word : words)
      text += (text.empty() ? "" : ", ") + word;
    fail("--", name_, " ", why, ", got '", text, "'");
  };
  if (!is_list() && words.size() != 1) refuse("takes one value");
  std::visit(
      [&]<class T>(T* value) {
        if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          value->assign(words.begin(), words.end());
        } else if constexpr (std::is_same_v<T, std::optional<std::vector<double>>>) {
          value->emplace();
          for (const std::string& word : words) {
            if (!parse(word, (*value)->emplace_back())) refuse(expectation());
          }
        } else if constexpr (is_optional<T>) {
          if (!parse(words.front(), value->emplace())) refuse(expectation());
        } else {
          if (!parse(words.front(), *value)) refuse(expectation());
        }
      },
      target_);
  if (const std::string wrong = problem(); !wrong.empty()) fail(wrong);
}

std::string Option::problem() const {
  bool right = true;
  with_value(target_, [&]<class T>(const T& value) {
    if constexpr (std::is_same_v<T, std::vector<double>>) {
      right = std::ranges::all_of(value, [&](double number) { return contains(number); });
    } else if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
      right = contains(static_cast<double>(value));
    } else if constexpr (std::is_same_v<T, std::string>) {
      right = choices_.empty() || std::ranges::find(choices_, value) != choices_.end();
    }
  });
  std::string wrong = right ? "" : expectation();
  const std::string text = plain_text(target_);
  bool there = false;
  with_value(target_, [&](const auto&) { there = true; });
  for (const auto& check : checks_) {
    if (there && wrong.empty()) wrong = check(text);
  }
  return wrong.empty() ? "" : "--" + name_ + " " + wrong + ", got '" + text + "'";
}

std::optional<std::string> Option::toml() const {
  std::optional<std::string> text;
  with_value(target_, [&](const auto& value) { text = toml_of(value); });
  return text;
}

Option& OptionList::add(Option option) {
  sleight::check(find(option.name()) == nullptr, "the option --", option.name(), " is declared twice");
  options_.push_back(std::move(option));
  return options_.back();
}

const Option* OptionList::find(std::string_view name) const {
  const auto found = std::ranges::find_if(options_, [&](const Option& option) {
    return option.name() == name || std::ranges::find(option.aliases(), name) != option.aliases().end();
  });
  return found == options_.end() ? nullptr : &*found;
}

void OptionList::read(std::string_view toml, const std::string& origin, const std::set<std::string>& except) const {
  for (const TomlEntry& entry : read_toml(toml, origin)) {
    const Option* const option = find(entry.name);
    sleight::check(option != nullptr, origin, ", line ", entry.line, ": there is no setting ", entry.name,
                   ". Correct its name (--help lists all) or remove it");
    if (!except.contains(option->name())) with_context(origin, [&] { option->assign(entry.words); });
  }
}

void OptionList::check() const {
  for (const Option& option : options_) {
    const std::string problem = option.problem();
    if (!problem.empty()) fail(problem);
  }
}

std::vector<Setting> OptionList::settings() const {
  std::vector<Setting> all;
  for (const Option& option : options_) {
    if (!option.is_in_recipe()) continue;
    if (std::optional<std::string> value = option.toml()) all.emplace_back(option.name(), std::move(*value));
  }
  return all;
}

std::string recipe_text(std::string_view tool, const std::vector<Setting>& settings) {
  std::string text =
      "# The recipe of this run. The same again: " + std::string(tool) + " --config THIS_FILE --out NEW_FOLDER\n";
  for (const auto& [name, value] : settings)
    text += name + " = " + value + "\n";
  return text;
}

std::vector<std::string> changed_settings(const OptionList& options, const std::vector<Setting>& before,
                                          const std::vector<Setting>& now) {
  const auto value_in = [](const std::vector<Setting>& settings, const std::string& name) {
    const auto found = std::ranges::find(settings, name, &Setting::first);
    return found == settings.end() ? std::string("not set") : found->second;
  };
  std::vector<std::string> changes;
  for (const Option& option : options.all()) {
    if (option.is_free_on_resume() || option.is_of_this_start()) continue;
    const std::string old_value = value_in(before, option.name());
    const std::string new_value = value_in(now, option.name());
    if (old_value != new_value) changes.push_back("--" + option.name() + " was " + old_value + ", now " + new_value);
  }
  return changes;
}

}  // namespace sleight
