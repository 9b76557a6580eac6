// The flags of a program: each declared with its variable, then read from the command line and from TOML.
//
// The parser is CLI11's, and only command_line.cpp includes it: it is all templates and inline functions, which every
// file that includes it compiles again, for about 5 seconds.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/options.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace sleight {

class CommandLine {
 public:
  // One flag that was declared, to say more about it: add_option(...).required().range(1, 10).
  class Option {
   public:
    explicit Option(CLI::Option* option) : option_(option) {}

    Option required();
    // Both ends are allowed. For whole numbers, and for others.
    Option range(int lowest, int highest);
    Option range(double lowest, double highest);
    Option positive();
    Option not_negative();
    Option one_of(const std::vector<std::string>& values);
    // problem: what is wrong with a value as it was written, or "".
    Option check(const std::function<std::string(const std::string& text)>& problem);
    // Of a list: "1,2,3" is three values.
    Option separated_by(char separator);
    // Not together with the flag of this name, declared before.
    Option excludes(const std::string& name);

   private:
    CLI::Option* option_;  // its CommandLine owns it
  };

  // description begins the text of --help, which every program has.
  explicit CommandLine(const std::string& description = "");
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // A flag with a value ("--name", "-n,--name"), or an argument that needs no flag ("name"). value must outlive the
  // parsing; what it holds now is the default, which --help shows unless it is a list. A value that is std::optional
  // stays empty unless the user gives one, so that a recipe can decide. --help keeps the order of the declarations.
  Option add_option(const std::string& names, std::string& value, const std::string& help);
  Option add_option(const std::string& names, int& value, const std::string& help);
  Option add_option(const std::string& names, std::int64_t& value, const std::string& help);
  Option add_option(const std::string& names, std::uint64_t& value, const std::string& help);
  Option add_option(const std::string& names, double& value, const std::string& help);
  Option add_option(const std::string& names, std::vector<std::string>& value, const std::string& help);
  Option add_option(const std::string& names, std::optional<std::string>& value, const std::string& help);
  Option add_option(const std::string& names, std::optional<int>& value, const std::string& help);
  Option add_option(const std::string& names, std::optional<std::int64_t>& value, const std::string& help);
  Option add_option(const std::string& names, std::optional<double>& value, const std::string& help);
  Option add_option(const std::string& names, std::optional<std::vector<double>>& value, const std::string& help);

  // A switch: "--name", or "--name,!--no-name" where "!" marks the name that turns it off. --help shows no default.
  Option add_flag(const std::string& names, bool& value, const std::string& help);
  Option add_flag(const std::string& names, std::optional<bool>& value, const std::string& help);

  // All of a list.
  void add(const OptionList& options);

  // A flag with a TOML file of settings, named as the flags are, which the command line overrides. A setting that no
  // flag knows is an error: a misspelt setting must not be a setting that does nothing.
  void add_settings_file(const std::string& name, const std::string& help);

  // Reads arguments, without the program's name, into the variables. Where the program must end instead (--help was
  // asked for, or something is wrong), the text has been printed and the result is the exit status.
  std::optional<int> parse(std::vector<std::string> arguments);
  // The same, with the text to these instead of the standard output and the standard error.
  std::optional<int> parse(std::vector<std::string> arguments, std::ostream& output, std::ostream& errors);

  // Reads settings in TOML. origin (where the text is from) begins the Error for one that does not parse.
  void parse_settings(const std::string& text, const std::string& origin);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace sleight
