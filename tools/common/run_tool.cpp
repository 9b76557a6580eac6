#include "tools/common/run_tool.h"

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <optional>
#include <utility>

#include "engine/base/log.h"
#include "tools/common/command_line.h"
#include "tools/common/outputs.h"

namespace sleight {

namespace {

std::vector<RegisteredTool>& all_tools() {
  static std::vector<RegisteredTool> tools;
  return tools;
}

}  // namespace

const std::vector<RegisteredTool>& registered_tools() {
  return all_tools();
}

bool register_tool(RegisteredTool tool) {
  all_tools().push_back(std::move(tool));
  return true;
}

int run_tool(const RegisteredTool& registered, const std::vector<std::string>& arguments) {
  const std::unique_ptr<Tool> tool = registered.make(arguments);
  OptionList options;
  tool->declare(options);
  CommandLine command_line(registered.name, tool->description(), options);
  command_line.read_settings_from([&] { return tool->settings_file(); });
  if (const std::optional<int> status = command_line.parse(arguments)) return *status;
  // A file that would exceed the shell's limit (ulimit -f) is then a failed write with a message, like a full disk, and
  // not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    refuse_outputs_over_inputs(options);
    return tool->run();
  } catch (const std::bad_alloc&) {
    Log::standard().clear_status_line();
    std::fprintf(stderr, "error: out of memory; a smaller --batch-size or --image-size needs less\n");
  } catch (const std::exception& error) {
    Log::standard().clear_status_line();
    std::fprintf(stderr, "error: %s\n", error.what());
  }
  return 1;
}

}  // namespace sleight
