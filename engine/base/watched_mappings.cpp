#include "engine/base/watched_mappings.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>

namespace sleight {

namespace {

struct Mapping {
  // Both 0: free. The handler, which may interrupt anything, reads `end` first, and it is written last.
  std::atomic<std::uintptr_t> begin{0}, end{0};
  std::array<char, 1024> message{};
  std::size_t message_size = 0;
};

std::array<Mapping, 64> mappings;
std::mutex mutex;  // for those who write
static_assert(std::atomic<std::uintptr_t>::is_always_lock_free);

extern "C" void on_lost_page(int signal_number, siginfo_t* information, void*) {
  const auto address = reinterpret_cast<std::uintptr_t>(information->si_addr);
  for (const Mapping& mapping : mappings) {
    const std::uintptr_t end = mapping.end.load();
    if (address >= end || address < mapping.begin.load()) continue;
    static_cast<void>(write(STDERR_FILENO, mapping.message.data(), mapping.message_size) > 0);
    _exit(1);
  }
  // Something else: the access is made again, and ends the process as it would have.
  std::signal(signal_number, SIG_DFL);
}

bool is_installed() {
  static const bool installed = [] {
    struct sigaction previous {};
    if (sigaction(SIGBUS, nullptr, &previous) != 0 || previous.sa_handler != SIG_DFL) return false;
    struct sigaction action {};
    action.sa_sigaction = on_lost_page;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_SIGINFO;
    return sigaction(SIGBUS, &action, nullptr) == 0;
  }();
  return installed;
}

}  // namespace

int watch_mapping(std::span<const std::byte> bytes, const std::filesystem::path& path) {
  if (bytes.empty() || !is_installed()) return -1;
  const std::lock_guard lock(mutex);
  for (std::size_t i = 0; i < mappings.size(); ++i) {
    Mapping& mapping = mappings[i];
    if (mapping.end.load() != 0) continue;
    const std::string message = "error: " + path.string() +
                                " was cut short by another program while it was being read; write it again as a new "
                                "file, or copy it, and start again\n";
    mapping.message_size = message.copy(mapping.message.data(), mapping.message.size());
    const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
    mapping.begin = begin;
    mapping.end = begin + bytes.size();
    return static_cast<int>(i);
  }
  return -1;
}

void unwatch_mapping(int number) {
  if (number >= 0) mappings[static_cast<std::size_t>(number)].end = 0;
}

}  // namespace sleight
