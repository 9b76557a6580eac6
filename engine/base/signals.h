// Stopping politely: SIGINT (Ctrl-C) and SIGTERM set a flag that the training loop asks for after each step, so that it
// can save and say how to resume. Whoever presses Ctrl-C a second time wants out: the process ends at once, with the
// exit status of an interrupted program.
#pragma once

#include <csignal>

namespace sleight {

// While an object lives, the signals are caught; its end brings back what was before. One at a time per process.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // The signal that asked to stop (SIGINT or SIGTERM), or 0.
  static int requested();

 private:
  struct sigaction previous_interrupt_ {};
  struct sigaction previous_terminate_ {};
};

}  // namespace sleight
