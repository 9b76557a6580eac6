#include "engine/report/progress.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

#include "engine/base/text.h"

namespace sleight {

namespace {

template <class... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 128> text{};
  const int length = std::snprintf(text.data(), text.size(), format, values...);
  return {text.data(), std::min(static_cast<std::size_t>(std::max(length, 0)), text.size() - 1)};
}

std::string padded(const std::string& text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

std::string count_of(std::int64_t part, std::int64_t whole) {
  const std::string total = std::to_string(whole);
  return padded(std::to_string(part), total.size()) + "/" + total;
}

std::string percent(double fraction) {
  return formatted("%.0f%%", 100 * fraction);
}

std::string bar_of(double fraction, int cells) {
  const int full = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * cells);
  return "[" + std::string(static_cast<std::size_t>(full), '#') +
         std::string(static_cast<std::size_t>(cells - full), '.') + "]";
}

}  // namespace

std::string format_duration(double seconds) {
  if (!(seconds >= 0) || !std::isfinite(seconds)) return "?";
  if (seconds > 1e9) return "years";
  const auto whole = static_cast<long>(std::lround(seconds));
  if (whole < 60) return formatted("%ld s", whole);
  if (whole < 3600) return formatted("%ld:%02ld", whole / 60, whole % 60);
  if (whole < 86400) return formatted("%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  return formatted("%ld d %02ld h", whole / 86400, whole / 3600 % 24);
}

std::string format_rate(double rate) {
  return formatted("%.4g", rate);
}

std::string format_progress(const Progress& progress, int width) {
  struct Part {
    int importance;  // the lowest is left out first
    std::string text;
  };
  const double done = progress.steps > 0 ? static_cast<double>(progress.step) / static_cast<double>(progress.steps) : 0;
  std::vector<Part> parts;
  parts.push_back({1, bar_of(done, 20)});
  parts.push_back({7, "epoch " + count_of(progress.epoch, progress.epochs)});
  parts.push_back({4, "step " + count_of(progress.step, progress.steps)});
  parts.push_back({3, padded(formatted("%.0f", progress.images_per_second), 5) + " images/s"});
  parts.push_back({8, "loss " + formatted("%.4f", progress.loss)});
  if (progress.accuracy) {
    const double accuracy = *progress.accuracy;
    parts.push_back({6, "accuracy " + padded(std::isnan(accuracy) ? "-" : formatted("%.1f%%", 100 * accuracy), 6)});
  }
  parts.push_back({2, "learning rate " + padded(format_rate(progress.learning_rate), 9)});
  if (progress.seconds_left) parts.push_back({5, padded(format_duration(*progress.seconds_left), 7) + " left"});

  const auto joined = [&] {
    std::string line;
    for (const Part& part : parts)
      line += (line.empty() ? "" : "  ") + part.text;
    return line;
  };
  std::string line = joined();
  while (parts.size() > 1 && line.size() > static_cast<std::size_t>(std::max(width, 0))) {
    parts.erase(std::ranges::min_element(parts, {}, &Part::importance));
    line = joined();
  }
  // A line wider than the terminal would wrap, and each redraw would leave its first half in the terminal.
  return line.substr(0, static_cast<std::size_t>(std::max(width, 0)));
}

std::string describe_bottleneck(const StepTimes& times, int loader_threads) {
  const double total = times.wait + times.step;
  if (!(total > 0)) return "";
  const double waiting = times.wait / total;
  // Below a twentieth, a faster loader would gain almost nothing.
  if (waiting < 0.05) {
    std::string text = "the computation sets the pace: it waits " + percent(waiting) + " of its time for images";
    if (loader_threads > 0) {
      text += ", and the loader's " + count_of(loader_threads, "thread is ", "threads are ") +
              percent(std::min(1.0, (times.decode + times.augment) / (total * loader_threads))) + " busy";
    }
    return text;
  }
  std::string text = "the computation starves: it waits " + percent(waiting) + " of its time for images";
  const double loading = times.decode + times.augment;
  if (loading > 0) {
    const bool decode_is_larger = times.decode >= times.augment;
    text += std::string("; ") + (decode_is_larger ? "decoding" : "augmenting") + " takes " +
            percent(std::max(times.decode, times.augment) / loading) + " of the loader's time";
  }
  return text + "; give it more threads (--loader-threads, now " + std::to_string(loader_threads) +
         ") or smaller images";
}

void RecentSpeed::add(std::int64_t images, double seconds) {
  if (steps_.size() == capacity_) steps_.pop_front();
  steps_.push_back({images, seconds});
}

double RecentSpeed::images_per_second() const {
  double images = 0;
  double seconds = 0;
  for (const Step& step : steps_) {
    images += static_cast<double>(step.images);
    seconds += step.seconds;
  }
  return seconds > 0 ? images / seconds : 0;
}

std::optional<double> RecentSpeed::seconds_left(std::int64_t steps_left) const {
  if (steps_.empty()) return std::nullopt;
  double seconds = 0;
  for (const Step& step : steps_)
    seconds += step.seconds;
  return seconds / static_cast<double>(steps_.size()) * static_cast<double>(std::max<std::int64_t>(steps_left, 0));
}

ProgressLine::ProgressLine(Log& log, double plain_interval)
    : log_(log), interval_(log.is_terminal() ? 0.1 : plain_interval) {}

ProgressLine::~ProgressLine() {
  log_.clear_status_line();
}

void ProgressLine::update(const Progress& progress) {
  if (shown_ && since_shown_.seconds() < interval_) return;
  shown_ = true;
  since_shown_.restart();
  // The last column stays free: some terminals wrap when it is filled.
  if (log_.is_terminal())
    log_.set_status_line(format_progress(progress, log_.width() - 1));
  else
    log_.message(format_progress(progress, 200));
}

void ProgressLine::finish(const Progress& progress) {
  if (log_.is_terminal()) {
    log_.set_status_line(format_progress(progress, log_.width() - 1));
    log_.keep_status_line();
  } else {
    log_.message(format_progress(progress, 200));
  }
  shown_ = true;
  since_shown_.restart();
}

}  // namespace sleight
