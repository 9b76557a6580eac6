// Runs the project's own binaries as a user would, and looks at what they print and leave behind.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sleight::test {

struct ToolResult {
  int status = 0;      // exit status; 128 + signal when it was killed
  std::string output;  // standard output and standard error
};

struct ToolLimits {
  std::int64_t largest_file = -1;  // bytes that a file may grow to (RLIMIT_FSIZE); -1: no limit
};

// tool: the name of a binary in bin/.
ToolResult run_tool_process(const std::string& tool, const std::vector<std::string>& arguments,
                            const ToolLimits& limits = {});

// Started, and sent `signal` as soon as `file` has at least `lines` lines; then waited for.
ToolResult run_tool_and_signal(const std::string& tool, const std::vector<std::string>& arguments,
                               const std::filesystem::path& file, int lines, int signal);

}  // namespace sleight::test
