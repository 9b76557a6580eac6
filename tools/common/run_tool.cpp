#include "tools/common/run_tool.h"

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <optional>
#include <utility>

#include "engine/base/log.h"

namespace sleight {

int run_tool(CommandLine& command_line, std::vector<std::string> arguments, const std::function<int()>& body) {
  if (const std::optional<int> status = command_line.parse(std::move(arguments))) return *status;
  // A file that would exceed the shell's limit (ulimit -f) is then a failed write with a message, like a full disk, and
  // not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return body();
  } catch (const std::bad_alloc&) {
    Log::standard().clear_status_line();
    std::fprintf(stderr, "error: out of memory; a smaller --batch-size or --image-size needs less\n");
  } catch (const std::exception& error) {
    Log::standard().clear_status_line();
    std::fprintf(stderr, "error: %s\n", error.what());
  }
  return 1;
}

int run_tool(CommandLine& command_line, int argument_count, char** arguments, const std::function<int()>& body) {
  return run_tool(command_line, std::vector<std::string>(arguments + 1, arguments + argument_count), body);
}

}  // namespace sleight
