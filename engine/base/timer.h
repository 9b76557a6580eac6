// Wall-clock time, from a clock that never jumps.
#pragma once

#include <chrono>

namespace sleight {

class Timer {
 public:
  // Seconds since construction or the last restart().
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  // Starts anew and returns the seconds until now: the time between two restarts is counted exactly once.
  double restart() {
    const Clock::time_point now = Clock::now();
    const double elapsed = std::chrono::duration<double>(now - start_).count();
    start_ = now;
    return elapsed;
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

}  // namespace sleight
