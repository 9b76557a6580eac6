// The frame of every tool: parse, run, and turn an Error into one clear line and an exit status.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;  // CLI11's headers take seconds to compile; whoever declares flags includes <CLI/CLI.hpp>
}

namespace sleight {

// Exit statuses: 0 done, 1 failed with a message, what CLI11 gives for wrong flags; body may return its own.
int run_tool(CLI::App& app, std::vector<std::string> arguments, const std::function<int()>& body);
int run_tool(CLI::App& app, int argument_count, char** arguments, const std::function<int()>& body);

}  // namespace sleight
