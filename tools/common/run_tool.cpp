#include "tools/common/run_tool.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <system_error>
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

// A program may be started with its standard streams closed. A file that it opens would then get the number of one, and
// messages would go into a checkpoint. What is written to a closed standard output must still fail.
void occupy_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    const int mode = descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY;
    if (open("/dev/null", mode) != descriptor) return;
  }
}

void log_error(const std::string& text) {
  Log::standard().clear_status_line();
  Log::standard().message("error: " + text);
}

int parse_and_run(const RegisteredTool& registered, const std::vector<std::string>& arguments) {
  const std::unique_ptr<Tool> tool = registered.make(arguments);
  OptionList options;
  tool->declare(options);
  CommandLine command_line(registered.name, tool->description(), options);
  command_line.read_settings_from([&] { return tool->settings_file(); });
  if (const std::optional<int> status = command_line.parse(arguments)) return *status;
  try {
    refuse_outputs_over_inputs(options);
    return tool->run();
  } catch (const std::bad_alloc&) {
    log_error("out of memory; a smaller --batch-size or --image-size needs less");
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again) {
      log_error(
          "the system gives this process no more threads; use fewer (--threads, --loader-threads), or raise the limit "
          "of processes (ulimit -u)");
    } else {
      log_error(error.what());
    }
  } catch (const std::exception& error) {
    log_error(error.what());
  }
  return 1;
}

// What was printed may still be in a buffer. Results that did not arrive must not look like success.
bool results_have_arrived() {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  const int error = errno;
  if (flushed && std::ferror(stdout) == 0) return true;
  pollfd output{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  const bool has_no_reader = poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
  const bool is_closed = (fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY;  // occupy_standard_descriptors()
  const std::string reason = has_no_reader ? "the program that was reading them has ended"
                             : is_closed   ? "it is closed"
                             : flushed     ? "an earlier write failed; is the disk full?"
                                           : std::strerror(error);
  log_error("the results could not be written to standard output: " + reason);
  return false;
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
  occupy_standard_descriptors();
  // A file that would exceed the shell's limit (ulimit -f) is then a failed write with a message, like a full disk, and
  // not the end of the process. Neither is a terminal or a pipe that nobody reads any more.
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  const int status = parse_and_run(registered, arguments);
  return results_have_arrived() ? status : 1;
}

}  // namespace sleight
