// A run's progress, for the person who watches it: one line redrawn in place on a terminal, a plain line every few
// seconds elsewhere (a file, a pipe, a batch system).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "engine/base/log.h"
#include "engine/base/timer.h"

namespace sleight {

struct Progress {
  std::int64_t epoch = 0;  // of epochs, counted from 1
  std::int64_t epochs = 0;
  std::int64_t step = 0;  // finished steps of all epochs, of steps
  std::int64_t steps = 0;
  double images_per_second = 0;
  double loss = 0;
  // Of the training images, 0 to 1; NaN if it is undefined (mixed images); empty if the run has no such number.
  std::optional<double> accuracy;
  double learning_rate = 0;
  std::optional<double> seconds_left;
};

// "45 s", "12:05" (minutes), "3:02:05" (hours), "2 d 05 h"; "?" if it is not a number.
std::string format_duration(double seconds);
// Four significant digits at most: "0.1", "0.0125", "3.2e-05".
std::string format_rate(double rate);

// One line without its line break, at most `width` columns: the least important parts are left out first. All columns
// have a fixed width within a run, so that the line does not move while its numbers change.
std::string format_progress(const Progress& progress, int width);

// Seconds of one step in each part. Decode and augment are summed over the loader's threads. wait is the time that the
// step waits for its batch; step is the computation.
struct StepTimes {
  double decode = 0;
  double augment = 0;
  double wait = 0;
  double step = 0;
};

// Which part is the bottleneck, as a sentence; empty before the first measurement: "the step starves: it waits 40% of
// its time for images; decoding takes 80% of the loader's time, ..."
std::string describe_bottleneck(const StepTimes& times, int loader_threads);

// Speed and time left, from the most recent steps alone. The first steps of a run are slow, and image sizes may change,
// so an average over the whole run would be out of date.
class RecentSpeed {
 public:
  explicit RecentSpeed(std::size_t steps = 50) : capacity_(steps) {}

  // Adds one finished step; `seconds` from the end of the previous one.
  void add(std::int64_t images, double seconds);
  double images_per_second() const;
  // Empty before the first step.
  std::optional<double> seconds_left(std::int64_t steps_left) const;

 private:
  struct Step {
    std::int64_t images;
    double seconds;
  };
  std::size_t capacity_;
  std::deque<Step> steps_;
};

class ProgressLine {
 public:
  // Redrawn on a terminal every tenth of a second at most, printed elsewhere every `plain_interval` seconds.
  explicit ProgressLine(Log& log = Log::standard(), double plain_interval = 5);
  // Erases the line from the terminal.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Shows the line if it is due; cheap otherwise.
  void update(const Progress& progress);
  // Shows the line at once and leaves it in the terminal (the last step of an epoch).
  void finish(const Progress& progress);

 private:
  Log& log_;
  double interval_;
  Timer since_shown_;
  bool shown_ = false;
};

}  // namespace sleight
