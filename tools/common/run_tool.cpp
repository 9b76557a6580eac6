#include "tools/common/run_tool.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>

#include "engine/base/log.h"

namespace sleight {

namespace {

// The file given with --config, or "".
std::string config_file(const CLI::App& app) {
  const CLI::Option* config = app.get_config_ptr();
  return config != nullptr && config->count() > 0 ? config->as<std::string>() : std::string();
}

}  // namespace

int run_tool(CLI::App& app, std::vector<std::string> arguments, const std::function<int()>& body) {
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes a vector from its end
    app.parse(arguments);
  } catch (const CLI::ConfigError& error) {
    std::fprintf(stderr, "error: a setting in %s is unknown: %s. Correct its name (--help lists all) or remove it\n",
                 config_file(app).c_str(), error.what());
    return error.get_exit_code();
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    // Where the words came from is not part of the parser's messages.
    if (status != 0 && !config_file(app).empty())
      std::fprintf(stderr, "Options were read from the command line and from %s.\n", config_file(app).c_str());
    return status;
  }
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

int run_tool(CLI::App& app, int argument_count, char** arguments, const std::function<int()>& body) {
  return run_tool(app, std::vector<std::string>(arguments + 1, arguments + argument_count), body);
}

}  // namespace sleight
