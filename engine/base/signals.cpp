#include "engine/base/signals.h"

#include <atomic>
#include <cerrno>

#include "engine/base/error.h"

namespace sleight {

namespace {

// Lock-free, hence safe in a handler, and seen by other threads than the one the signal met.
std::atomic<int> requested_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);

std::atomic<bool> installed{false};

extern "C" void on_stop_signal(int signal_number) {
  const int saved_errno = errno;
  if (signal_number == SIGINT && requested_signal.load() != 0) {
    // To die of the signal itself tells a calling shell script to stop, too. The handler returns into the pending
    // signal.
    struct sigaction by_default {};
    by_default.sa_handler = SIG_DFL;
    sigaction(SIGINT, &by_default, nullptr);
    raise(SIGINT);
  }
  int expected = 0;
  requested_signal.compare_exchange_strong(expected, signal_number);
  errno = saved_errno;
}

}  // namespace

StopSignals::StopSignals() {
  check(!installed.exchange(true), "the stop signals are already being watched; one StopSignals object at a time");
  requested_signal = 0;
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;  // reads and writes in flight go on as if nothing had happened
  sigaction(SIGINT, &action, &previous_interrupt_);
  sigaction(SIGTERM, &action, &previous_terminate_);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &previous_interrupt_, nullptr);
  sigaction(SIGTERM, &previous_terminate_, nullptr);
  installed = false;
}

int StopSignals::requested() {
  return requested_signal.load();
}

}  // namespace sleight
