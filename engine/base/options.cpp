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
  // A switch that is off and an empty text have no default worth showing.
  const bool* const on = std::holds_alternative<bool*>(target_) ? std::get<bool*>(target_) : nullptr;
  if (on != nullptr) {
    default_text_ = *on ? "on" : "off";
  } else if (!std::holds_alternative<std::vector<std::string>*>(target_)) {
    default_text_ = plain_text(target_);
  }
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
  range_ = {lowest, highest};
  return *this;
}

Option& Option::positive() {
  positive_ = true;
  return *this;
}

Option& Option::not_negative() {
  not_negative_ = true;
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

Option& Option::free_on_resume() {
  free_on_resume_ = true;
  return *this;
}

Option& Option::of_this_start() {
  of_this_start_ = true;
  return *this;
}

bool Option::is_switch() const {
  return std::holds_alternative<bool*>(target_) || std::holds_alternative<std::optional<bool>*>(target_);
}

bool Option::is_number() const {
  return !is_switch() && !std::holds_alternative<std::string*>(target_) &&
         !std::holds_alternative<std::vector<std::string>*>(target_) &&
         !std::holds_alternative<std::optional<std::string>*>(target_);
}

std::string Option::problem() const {
  std::string wrong;
  const std::string text = plain_text(target_);
  const auto check_number = [&](double value) {
    if (range_ && !(value >= range_->first && value <= range_->second)) {
      wrong = "must be " + toml_number(range_->first) + " to " + toml_number(range_->second);
    } else if (positive_ && !(value > 0.0 && std::isfinite(value))) {
      wrong = "must be a positive number";
    } else if (not_negative_ && !(value >= 0.0 && std::isfinite(value))) {
      wrong = "must be a number and not negative";
    } else if (!std::isfinite(value)) {
      wrong = "must be a finite number";
    }
  };
  with_value(target_, [&]<class T>(const T& value) {
    if constexpr (std::is_same_v<T, std::vector<double>>) {
      for (const double one : value)
        check_number(one);
    } else if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
      check_number(static_cast<double>(value));
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (!choices_.empty() && std::ranges::find(choices_, value) == choices_.end()) {
        for (const std::string& choice : choices_)
          wrong += (wrong.empty() ? "must be one of " : ", ") + choice;
      }
    }
    for (const auto& check : checks_) {
      if (wrong.empty()) wrong = check(text);
    }
  });
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
    if (option.is_free_on_resume() || !option.is_in_recipe()) continue;
    const std::string old_value = value_in(before, option.name());
    const std::string new_value = value_in(now, option.name());
    if (old_value != new_value) changes.push_back(option.name() + " was " + old_value + ", now " + new_value);
  }
  return changes;
}

std::string toml_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string toml_number(double value) {
  // As people write it: 0.0005 and 10, but 1e-09.
  const bool plain = value == 0.0 || (std::abs(value) >= 1e-4 && std::abs(value) < 1e9);
  char text[64];
  const auto [end, error] =
      std::to_chars(text, text + sizeof text, value, plain ? std::chars_format::fixed : std::chars_format::scientific);
  check(error == std::errc(), "a setting of ", value, " cannot be written");
  return std::string(text, end);
}

}  // namespace sleight
