// Stopping politely: SIGINT (Ctrl-C), SIGTERM and SIGHUP (the terminal is gone) set a flag that the training loop asks
// for after each step, so that it can save and say how to resume. Whoever sends SIGINT or SIGTERM a second time wants
// out: the process ends at once, with the exit status of that signal. SIGHUP does not count there: shells and systems
// send it in addition.
#pragma once

#include <array>
#include <csignal>

namespace sleight {

// While an object lives, the signals are caught; its end brings back what was before. A SIGHUP that the process ignores
// (nohup) stays ignored. One at a time per process.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // The first signal that asked to stop, or 0.
  static int requested();

 private:
  static constexpr std::array signals_ = {SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, signals_.size()> previous_{};
};

}  // namespace sleight
