#include "tests/tools/tool_process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "engine/base/file.h"
#include "tests/base/temporary_folder.h"
#include "tests/folders.h"

namespace sleight::test {

namespace {

pid_t start(const std::string& tool, const std::vector<std::string>& arguments, const std::filesystem::path& output,
            const ToolLimits& limits) {
  const std::string path = (binary_folder() / "bin" / tool).string();
  std::vector<std::string> words = {path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    const int descriptor = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(descriptor, STDOUT_FILENO);
    dup2(descriptor, STDERR_FILENO);
    if (limits.largest_file >= 0) {
      const rlimit limit{static_cast<rlim_t>(limits.largest_file), static_cast<rlim_t>(limits.largest_file)};
      if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(126);
    }
    execv(path.c_str(), pointers.data());
    _exit(127);
  }
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int count_lines(const std::filesystem::path& file) {
  std::ifstream stream(file);
  int count = 0;
  for (std::string line; std::getline(stream, line);)
    ++count;
  return count;
}

}  // namespace

ToolResult run_tool_process(const std::string& tool, const std::vector<std::string>& arguments,
                            const ToolLimits& limits) {
  const TemporaryFolder scratch;
  const std::filesystem::path output = scratch / "output.txt";
  const int status = wait_for(start(tool, arguments, output, limits));
  return {status, read_text_file(output)};
}

ToolResult run_tool_and_signal(const std::string& tool, const std::vector<std::string>& arguments,
                               const std::filesystem::path& file, int lines, int signal) {
  const TemporaryFolder scratch;
  const std::filesystem::path output = scratch / "output.txt";
  const pid_t child = start(tool, arguments, output, {});
  for (int tries = 0; tries < 60000 && count_lines(file) < lines; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (waitpid(child, nullptr, WNOHANG) == child)
      throw std::runtime_error("the tool ended before it was signaled: " + read_text_file(output));
  }
  kill(child, signal);
  const int status = wait_for(child);
  return {status, read_text_file(output)};
}

}  // namespace sleight::test
