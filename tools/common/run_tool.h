// What a program of the project is: options, and what it does with them. Each is one .cpp file that registers its Tool;
// main() is the same for all (tools/main.cpp), so that tests can walk over every option of every program.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/options.h"

namespace sleight {

class Tool {
 public:
  virtual ~Tool() = default;

  // How --help begins.
  virtual std::string description() const = 0;
  virtual void declare(OptionList& options) = 0;
  // A TOML file with the settings that the command line, which has been read, does not give; "": none.
  virtual std::string settings_file() const { return ""; }
  // The exit status.
  virtual int run() = 0;
};

struct RegisteredTool {
  std::string name;  // of the program
  // The arguments, without the program's name, decide what it is where it is several in one (show_batch).
  std::unique_ptr<Tool> (*make)(const std::vector<std::string>& arguments);
};

// Those that are linked into this program: one, or in a test all of them. Filled before main() by
//   const bool registered = register_tool<Detect>("detect");
const std::vector<RegisteredTool>& registered_tools();
bool register_tool(RegisteredTool tool);
template <class T>
bool register_tool(const std::string& name) {
  return register_tool(
      {name, [](const std::vector<std::string>&) -> std::unique_ptr<Tool> { return std::make_unique<T>(); }});
}

// The frame of every tool: parse, run, and turn an Error into one clear line, on the terminal and in the log's file if
// there is one. Gives the exit status: 0 done, 1 failed with a message, or what run() returns. What could not be
// written to standard output is a failure too.
int run_tool(const RegisteredTool& tool, const std::vector<std::string>& arguments);

}  // namespace sleight
