#include "engine/base/signals.h"

#include <atomic>
#include <cerrno>

#include "engine/base/error.h"

namespace sleight {

namespace {

// Lock-free, hence safe in a handler, and seen by other threads than the one the signal met.
std::atomic<int> requested_signal{0};
std::atomic<bool> asked_by_someone{false};  // by another signal than SIGHUP
static_assert(std::atomic<int>::is_always_lock_free);

std::atomic<bool> installed{false};

extern "C" void on_stop_signal(int signal_number) {
  const int saved_errno = errno;
  if (signal_number != SIGHUP && asked_by_someone.exchange(true)) {
    // To die of the signal itself tells a calling shell script to stop, too. The handler returns into the pending
    // signal.
    struct sigaction by_default {};
    by_default.sa_handler = SIG_DFL;
    sigaction(signal_number, &by_default, nullptr);
    raise(signal_number);
  }
  int expected = 0;
  requested_signal.compare_exchange_strong(expected, signal_number);
  errno = saved_errno;
}

}  // namespace

StopSignals::StopSignals() {
  check(!installed.exchange(true), "the stop signals are already being watched; one StopSignals object at a time");
  requested_signal = 0;
  asked_by_someone = false;
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;  // reads and writes in flight go on as if nothing had happened
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    sigaction(signals_[i], &action, &previous_[i]);
    if (signals_[i] == SIGHUP && previous_[i].sa_handler == SIG_IGN) sigaction(SIGHUP, &previous_[i], nullptr);
  }
}

StopSignals::~StopSignals() {
  for (std::size_t i = 0; i < signals_.size(); ++i)
    sigaction(signals_[i], &previous_[i], nullptr);
  installed = false;
}

int StopSignals::requested() {
  return requested_signal.load();
}

}  // namespace sleight
