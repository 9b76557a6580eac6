// The command line of a program, from its options (engine/base/options.h): reads flags into their variables, and writes
// --help.
//
// The parser is CLI11's, and only command_line.cpp includes it: it is all templates and inline functions, which every
// file that includes it compiles again, for about 5 seconds.
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/options.h"

namespace sleight {

class CommandLine {
 public:
  // description begins the text of --help, which every program has. The options must outlive the command line.
  CommandLine(std::string program, std::string description, const OptionList& options);

  // Settings that the command line does not give come from the TOML file that this names, asked when the command line
  // has been read; "": none.
  void read_settings_from(std::function<std::string()> file) { settings_file_ = std::move(file); }

  // What --help prints: the options in the order of their declaration.
  std::string help() const;

  // Reads arguments, without the program's name, into the variables. Where the program must end instead (--help was
  // asked for, or something is wrong), the text has been printed and the result is the exit status.
  std::optional<int> parse(const std::vector<std::string>& arguments) const;
  // The same, with the text to these instead of the standard output and the standard error.
  std::optional<int> parse(const std::vector<std::string>& arguments, std::ostream& output, std::ostream& errors) const;

 private:
  std::string program_, description_;
  const OptionList& options_;
  std::function<std::string()> settings_file_;
};

}  // namespace sleight
