// The metrics of a run, written as it trains: metrics.jsonl (one JSON object per line) and TensorBoard events, both in
// the run's folder. A resumed run's files read as if it had never stopped.
//
//   {"step":100,"epoch":1,"seconds":12.5,"values":{"train/loss":2.3,"train/learning_rate":0.1}}
//
// `seconds` is the time spent training so far, summed over resumed parts, each up to its last line. JSON has no NaN and
// no infinity: such a value is written as null and read as NaN.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file.h"
#include "engine/base/timer.h"
#include "engine/report/tensorboard.h"

namespace sleight {

// The names of files in a run's folder that several parts of the engine use.
inline constexpr std::string_view recipe_file_name = "recipe.toml";
inline constexpr std::string_view metrics_file_name = "metrics.jsonl";
inline constexpr std::string_view report_file_name = "report.html";
inline constexpr std::string_view log_file_name = "log.txt";

// The names under which a run logs its numbers; the report looks for them. Accuracies are fractions of 1.
namespace metric_names {
inline constexpr std::string_view train_loss = "train/loss";
inline constexpr std::string_view train_top1 = "train/top1";  // only if the training images are not mixed
inline constexpr std::string_view learning_rate = "train/learning_rate";
inline constexpr std::string_view images_per_second = "train/images_per_second";
inline constexpr std::string_view validation_loss = "validation/loss";
inline constexpr std::string_view validation_top1 = "validation/top1";
inline constexpr std::string_view validation_top5 = "validation/top5";
inline constexpr std::string_view ema_loss = "validation/ema_loss";
inline constexpr std::string_view ema_top1 = "validation/ema_top1";
inline constexpr std::string_view ema_top5 = "validation/ema_top5";
// Detection: mean average precision by the run's metric; 0 to 1.
inline constexpr std::string_view validation_map = "validation/map";
inline constexpr std::string_view ema_map = "validation/ema_map";
// The parts of the loss, if the model names them ("train/loss_classes"): means per image.
inline constexpr std::string_view train_loss_part = "train/loss_";
inline constexpr std::string_view loss_scale = "train/loss_scale";        // with float16; not a part of the loss
inline constexpr std::string_view skipped_steps = "train/skipped_steps";  // the total since the start of the run
}  // namespace metric_names

struct Scalar {
  std::string name;  // "train/loss"
  double value = 0;
};

// One line of metrics.jsonl.
struct MetricsLine {
  std::int64_t step = 0;
  double epoch = 0;  // may be a fraction: 1.5 is the middle of the second
  double seconds = 0;
  std::vector<Scalar> values;

  // The value with that name, if the line has it.
  std::optional<double> find(std::string_view name) const;
};

// All complete lines of a metrics.jsonl. A last line without its line break was being written when the process died and
// is left out. Any other deviation from the format throws Error naming the file and the line.
std::vector<MetricsLine> read_metrics(const std::filesystem::path& path);
// The same of a text; the origin stands for the file in messages.
std::vector<MetricsLine> parse_metrics(std::string_view text, const std::string& origin);

class RunLog {
 public:
  // Starts a new log in `folder` and creates the folder if needed. Throws Error if it already holds a run's metrics: no
  // log is ever overwritten.
  explicit RunLog(const std::filesystem::path& folder);
  // Continues after `resumed_step` and removes the lines of later steps, which were written after the resumed
  // checkpoint. So log all metrics of a step before saving that step's checkpoint.
  RunLog(const std::filesystem::path& folder, std::int64_t resumed_step);

  // Writes one line; steps must not go backwards. The line has reached the operating system on return.
  void scalars(std::int64_t step, double epoch, const std::vector<Scalar>& values);
  // To TensorBoard only. png: the bytes of a whole PNG file.
  void image(std::int64_t step, std::string_view tag, int width, int height, std::span<const std::byte> png);

  // Time spent training, including the parts before a resume.
  double seconds() const { return earlier_seconds_ + timer_.seconds(); }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  RunLog(const std::filesystem::path& folder, std::optional<std::int64_t> resumed_step);

  std::filesystem::path folder_;
  std::int64_t last_step_ = 0;
  double earlier_seconds_ = 0;
  Timer timer_;
  AppendFile metrics_;
  TensorboardWriter tensorboard_;
};

}  // namespace sleight
