#include "tools/common/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "engine/base/error.h"

namespace sleight {

namespace {

template <class T>
CommandLine::Option declare(CLI::App& app, const std::string& names, T& value, const std::string& help) {
  CLI::Option* option = app.add_option(names, value, help);
  if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) option->capture_default_str();
  return CommandLine::Option(option);
}

// For a number of more than 64 bits: CLI11 lets through what std::stoll throws.
constexpr const char* neither_true_nor_false = "the value of a switch is neither true nor false";

// The file of settings that was given, or "".
std::string settings_file(const CLI::App& app) {
  const CLI::Option* config = app.get_config_ptr();
  return config != nullptr && config->count() > 0 ? config->as<std::string>() : std::string();
}

}  // namespace

CommandLine::Option CommandLine::Option::required() {
  option_->required();
  return *this;
}

CommandLine::Option CommandLine::Option::range(int lowest, int highest) {
  option_->check(CLI::Range(lowest, highest));
  return *this;
}

CommandLine::Option CommandLine::Option::range(double lowest, double highest) {
  option_->check(CLI::Range(lowest, highest));
  return *this;
}

CommandLine::Option CommandLine::Option::positive() {
  option_->check(CLI::PositiveNumber);
  return *this;
}

CommandLine::Option CommandLine::Option::not_negative() {
  option_->check(CLI::NonNegativeNumber);
  return *this;
}

CommandLine::Option CommandLine::Option::one_of(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values));
  return *this;
}

CommandLine::Option CommandLine::Option::check(const std::function<std::string(const std::string& text)>& problem) {
  option_->check(problem);
  return *this;
}

CommandLine::Option CommandLine::Option::separated_by(char separator) {
  option_->delimiter(separator);
  return *this;
}

CommandLine::Option CommandLine::Option::excludes(const std::string& name) {
  option_->excludes(name);
  return *this;
}

CommandLine::CommandLine(const std::string& description) : app_(std::make_unique<CLI::App>(description)) {}

CommandLine::~CommandLine() = default;

CommandLine::Option CommandLine::add_option(const std::string& names, std::string& value, const std::string& help) {
  return declare(*app_, names, value, help);
}

CommandLine::Option CommandLine::add_option(const std::string& names, int& value, const std::string& help) {
  return declare(*app_, names, value, help);
}

CommandLine::Option CommandLine::add_option(const std::string& names, std::int64_t& value, const std::string& help) {
  return declare(*app_, names, value, help);
}

CommandLine::Option CommandLine::add_option(const std::string& names, std::uint64_t& value, const std::string& help) {
  return declare(*app_, names, value, help);
}

CommandLine::Option CommandLine::add_option(const std::string& names, double& value, const std::string& help) {
  return declare(*app_, names, value, help);
}

CommandLine::Option CommandLine::add_option(const std::string& names, std::vector<std::string>& value,
                                            const std::string& help) {
  return declare(*app_, names, value, help);
}

CommandLine::Option CommandLine::add_option(const std::string& names, std::optional<std::string>& value,
                                            const std::string& help) {
  return declare(*app_, names, value, help);
}

CommandLine::Option CommandLine::add_option(const std::string& names, std::optional<int>& value,
                                            const std::string& help) {
  return declare(*app_, names, value, help);
}

CommandLine::Option CommandLine::add_option(const std::string& names, std::optional<std::int64_t>& value,
                                            const std::string& help) {
  return declare(*app_, names, value, help);
}

CommandLine::Option CommandLine::add_option(const std::string& names, std::optional<double>& value,
                                            const std::string& help) {
  return declare(*app_, names, value, help);
}

CommandLine::Option CommandLine::add_option(const std::string& names, std::optional<std::vector<double>>& value,
                                            const std::string& help) {
  return declare(*app_, names, value, help);
}

CommandLine::Option CommandLine::add_flag(const std::string& names, bool& value, const std::string& help) {
  return Option(app_->add_flag(names, value, help));
}

CommandLine::Option CommandLine::add_flag(const std::string& names, std::optional<bool>& value,
                                          const std::string& help) {
  CLI::Option* option = app_->add_flag_function(
      names, [&value](std::int64_t count) { value = count > 0; }, help);
  option->check(CLI::TypeValidator<bool>(""));  // without it, words are not refused with the flag's name
  return Option(option);
}

void CommandLine::add(const OptionList& options) {
  for (const sleight::Option& option : options.all()) {
    std::string help = option.help();
    if (!option.default_text().empty()) help += " (default " + option.default_text() + ")";
    std::visit(
        [&]<class T>(T* value) {
          if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::optional<bool>>) {
            add_flag("--" + option.name() + ",!--" + option.off_name(), *value, help);
          } else {
            add_option("--" + option.name(), *value, help);
          }
        },
        option.target());
  }
}

void CommandLine::add_settings_file(const std::string& name, const std::string& help) {
  app_->set_config(name, "", help);
  app_->allow_config_extras(CLI::config_extras_mode::error);
}

std::optional<int> CommandLine::parse(std::vector<std::string> arguments) {
  return parse(std::move(arguments), std::cout, std::cerr);
}

std::optional<int> CommandLine::parse(std::vector<std::string> arguments, std::ostream& output, std::ostream& errors) {
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes a vector from its end
    app_->parse(arguments);
  } catch (const CLI::ConfigError& error) {
    errors << "error: a setting in " << settings_file(*app_) << " is unknown: " << error.what()
           << ". Correct its name (--help lists all) or remove it\n";
    return error.get_exit_code();
  } catch (const CLI::ParseError& error) {
    const int status = app_->exit(error, output, errors);
    // Where the words came from is not part of the parser's messages.
    if (status != 0 && !settings_file(*app_).empty())
      errors << "Options were read from the command line and from " << settings_file(*app_) << ".\n";
    return status;
  } catch (const std::logic_error&) {
    errors << "error: " << neither_true_nor_false << '\n';
    return 1;
  }
  return std::nullopt;
}

void CommandLine::parse_settings(const std::string& text, const std::string& origin) {
  std::istringstream stream(text);
  try {
    app_->parse_from_stream(stream);
  } catch (const CLI::Error& error) {
    fail(origin, ": ", error.what());
  } catch (const std::logic_error&) {
    fail(origin, ": ", neither_true_nor_false);
  }
}

}  // namespace sleight
