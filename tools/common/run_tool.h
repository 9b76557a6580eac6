// The frame of every tool: parse, run, and turn an Error into one clear line and an exit status.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tools/common/command_line.h"

namespace sleight {

// Exit statuses: 0 done, 1 failed with a message, what CommandLine::parse gives for wrong flags; body may return its
// own.
int run_tool(CommandLine& command_line, std::vector<std::string> arguments, const std::function<int()>& body);
int run_tool(CommandLine& command_line, int argument_count, char** arguments, const std::function<int()>& body);

}  // namespace sleight
