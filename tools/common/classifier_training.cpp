#include "tools/common/classifier_training.h"

#include <cmath>
#include <ctime>
#include <mutex>

#include "engine/base/error.h"
#include "engine/base/format_bytes.h"
#include "engine/base/log.h"
#include "engine/base/memory.h"
#include "engine/base/timer.h"
#include "engine/data/png.h"
#include "engine/program/print.h"
#include "engine/train/checkpoint.h"
#include "engine/train/progress.h"
#include "engine/train/report.h"
#include "engine/train/run_log.h"
#include "engine/train/signals.h"
#include "tools/common/classifier_evaluation.h"
#include "tools/common/classifier_file.h"
#include "tools/common/classifier_tricks.h"
#include "tools/common/failed_step.h"
#include "tools/common/pictures_on_device.h"
#include "tools/common/step_feeder.h"
#include "tools/common/training_schedule.h"

namespace sleight {

namespace {

namespace fs = std::filesystem;

// Steps between two lines of metrics.jsonl.
constexpr std::int64_t log_interval = 50;
constexpr std::size_t report_pictures = 24;
// Two batches may be on the device or on their way to it while the loader fills the others.
constexpr int loader_slots = 5;

fs::path folder_of(const ClassifierRun& run) {
  if (!run.options.out.empty()) return run.options.out;
  check(!run.options.resume, "--resume needs --out: the folder of the run to go on with");
  char time_text[32] = {};
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::strftime(time_text, sizeof time_text, "%Y%m%d-%H%M%S", &local);
  return fs::path("runs") / (run.options.model + "-" + time_text);
}

// Sums between two log lines.
struct Window {
  double loss_sum = 0.0;
  std::int64_t steps = 0, pictures = 0, top1 = 0;
  Timer timer;

  void add(const StepResult& result, std::int64_t batch_size) {
    loss_sum += result.loss;
    ++steps;
    pictures += batch_size;
    top1 += result.top1;
  }
};

class TrainingRun {
 public:
  explicit TrainingRun(const ClassifierRun& run);
  TrainingOutcome train();

 private:
  void resume_from_checkpoint();
  void refuse_changed_recipe(const SafetensorsMetadata& metadata) const;
  void plan();
  void train_step(StepFeeder& feeder, ProgressLine& progress_line, std::int64_t end);
  bool is_checkpoint(std::int64_t step) const {
    return run_.options.checkpoint_steps > 0 && step % run_.options.checkpoint_steps == 0;
  }
  void log_window(double learning_rate);
  void finish_epoch();
  SafetensorsMetadata state_metadata() const;
  void save();
  void write_report(const std::string& status);
  std::string save_failed_step(const Batch& batch, const NonFiniteStep& failure) const;
  void check_state() const;
  void tell_bottleneck(const Loader& loader) const;

  DatasetPair data_;
  const ClassifierRun run_;
  fs::path folder_;
  std::int64_t steps_per_epoch_;
  std::int64_t steps_;
  int loader_threads_;
  Context context_;
  ClassifierTricks tricks_;
  TrainingSchedule schedule_;
  std::optional<ResidentPictures> resident_;
  Classifier classifier_;
  std::optional<RunLog> log_;

  std::int64_t step_ = 0;  // finished steps
  Window window_;
  RecentSpeed speed_;
  double step_seconds_ = 0.0;  // spent computing steps, for the question of who starves
  TrainingOutcome outcome_;
  EvaluationSummary last_evaluation_;
  std::vector<ReportPrediction> predictions_;
  bool told_broken_ = false;  // the evaluation pictures' names are the same after every epoch
};

DatasetPair open_data(const ClassifierRun& run) {
  DatasetOptions options;
  options.synthetic = run.options.synthetic;
  options.synthetic.seed = run.options.seed;
  DatasetPair data = open_datasets(run.options.data, options);
  for (const Dataset* dataset : {data.training.get(), data.evaluation.get()}) {
    for (const std::string& warning : dataset->warnings())
      log_warning(warning);
  }
  return data;
}

TrainingRun::TrainingRun(const ClassifierRun& run)
    : data_(open_data(run)),
      run_(fitted_to(run, data_.training->size())),
      folder_(folder_of(run_)),
      steps_per_epoch_(steps_per_epoch(run_, data_.training->size())),
      steps_(steps_per_epoch_ * run_.recipe.epochs),
      loader_threads_(set_threads(run_)),
      context_(run_.options.device, run_.options.seed, run_.device_options()),
      tricks_(run_, steps_per_epoch_),
      schedule_(run_, tricks_, data_.training->size()),
      resident_(pictures_on_device(run_, *data_.training, context_.device, loader_threads_)),
      classifier_(context_, run_.model->trace, program_options(tricks_, *data_.training, resident_)) {
  outcome_.folder = folder_;
}

void TrainingRun::plan() {
  const std::int64_t batch_size = run_.recipe.batch_size;
  for (const std::int64_t size : tricks_.sizes()) {
    const Executable& executable = classifier_.plan_training(batch_size, size, size);
    log_info("plan ", batch_size, "x", size, "x", size, ": ", executable.program().steps.size(), " steps, arena ",
             format_bytes(executable.plan().arena_bytes), ", parameters and optimizer ",
             format_bytes(context_.store.bytes()));
  }
  classifier_.plan_evaluation(batch_size, run_.image_size, run_.image_size, false);
  if (tricks_.averages()) classifier_.plan_evaluation(batch_size, run_.image_size, run_.image_size, true);
}

void TrainingRun::refuse_changed_recipe(const SafetensorsMetadata& metadata) const {
  // What may change without changing the numbers.
  const auto is_free = [](const std::string& line) {
    return line.starts_with("loader-threads ") || line.starts_with("cuda-graphs ") ||
           line.starts_with("data-on-device-limit ") || line.starts_with("#");
  };
  const auto lines_of = [&](const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
      if (!is_free(line) && !line.starts_with("threads ")) lines.push_back(line);
    }
    return lines;
  };
  const std::vector<std::string> before = lines_of(training_entry(folder_ / last_checkpoint_name, metadata, "recipe"));
  for (const std::string& line : lines_of(run_.recipe_text())) {
    check(std::find(before.begin(), before.end(), line) != before.end(), "the run in ", folder_.string(),
          " was started with another recipe: now '", line,
          "'. Resume without that flag, or start a new run with another --out");
  }
}

void TrainingRun::resume_from_checkpoint() {
  const fs::path path = folder_ / last_checkpoint_name;
  check(fs::exists(path), "there is no checkpoint ", path.string(), " to resume from; start without --resume");
  Log::standard().also_to_file(folder_ / log_file_name);  // first, so that warnings about the resume are in it
  const SafetensorsFile file(path);
  refuse_changed_recipe(file.metadata());
  const SafetensorsMetadata metadata = load_checkpoint(path, context_.store);
  const auto number = [&](const char* key) { return training_number(path, metadata, key); };
  step_ = static_cast<std::int64_t>(number("step"));
  check(step_ >= 0 && step_ <= steps_, path.string(), " is damaged: it stands after step ", step_, " of ", steps_);
  outcome_.best_top1 = number("best_top1");
  outcome_.best_epoch = number("best_epoch");
  outcome_.last_top1 = number("last_top1");
  tricks_.restore(receipts_from_json(training_entry(path, metadata, "receipts")));
  const int threads_before = static_cast<int>(number("compute_threads"));
  if (threads_before != compute_threads()) {
    log_warning("the run was computed with ", threads_before, " threads and goes on with ", compute_threads(),
                ": sums are taken in another order, so it will not be bit-identical");
  }
  log_info("resumed ", path.string(), " after step ", step_, " of ", steps_);
}

void TrainingRun::log_window(double learning_rate) {
  const auto steps = static_cast<double>(window_.steps);
  const auto pictures = static_cast<double>(window_.pictures);
  std::vector<Scalar> values = {{std::string(metric_names::train_loss), window_.loss_sum / steps},
                                {std::string(metric_names::learning_rate), learning_rate},
                                {std::string(metric_names::images_per_second), pictures / window_.timer.seconds()}};
  if (run_.recipe.mixup_alpha == 0.0) {
    values.push_back({std::string(metric_names::train_top1), static_cast<double>(window_.top1) / pictures});
  }
  log_->scalars(step_, static_cast<double>(step_) / static_cast<double>(steps_per_epoch_), values);
  window_ = Window();
}

// What to tell the user about it. A disk that is full as well must not hide why the run stopped.
std::string TrainingRun::save_failed_step(const Batch& batch, const NonFiniteStep& failure) const {
  try {
    save_checkpoint(folder_ / failed_state_name, context_.store, state_metadata());
    BatchView view = batch;
    // The file holds the pictures themselves, so that a replay needs no dataset.
    const std::vector<std::uint8_t> images = resident_ ? resident_->images_of(view) : std::vector<std::uint8_t>();
    if (resident_) view.images = images;
    save_failed_batch(folder_ / failed_batch_name, view, step_, context_, failure.observed());
  } catch (const Error& error) {
    return std::string("The step could not be saved for a replay (") + error.what() +
           "); the last checkpoint is as it was";
  }
  return "The batch and the state before the step are in " + (folder_ / failed_batch_name).string() + " and " +
         failed_state_name + "; see every phase of the step by: replay_batch --run " + folder_.string() +
         ". The last checkpoint is as it was";
}

void TrainingRun::train_step(StepFeeder& feeder, ProgressLine& progress_line, std::int64_t end) {
  const Timer whole;
  StepFeeder::Finished finished;
  try {
    finished = feeder.finish_step();
  } catch (const NonFiniteStep& error) {
    fail("step ", step_, ": ", error.what(), ". ", save_failed_step(feeder.batch(), error));
  }
  ++step_;
  const bool epoch_ends = step_ % steps_per_epoch_ == 0;
  if (!epoch_ends && !is_checkpoint(step_) && step_ < end && StopSignals::requested() == 0) feeder.start_ahead();
  window_.add(finished.result, finished.batch_size);
  step_seconds_ += whole.seconds() - finished.loader_seconds;
  speed_.add(finished.batch_size, whole.seconds());
  Progress progress{.epoch = (step_ - 1) / steps_per_epoch_ + 1,
                    .epochs = run_.recipe.epochs,
                    .step = step_,
                    .steps = steps_,
                    .images_per_second = speed_.images_per_second(),
                    .loss = finished.result.loss,
                    .accuracy = {},
                    .learning_rate = finished.learning_rate,
                    .seconds_left = speed_.seconds_left(steps_ - step_)};
  if (run_.recipe.mixup_alpha == 0.0) {
    progress.accuracy = static_cast<double>(window_.top1) / static_cast<double>(window_.pictures);
  }
  if (epoch_ends) {
    progress_line.finish(progress);
  } else {
    progress_line.update(progress);
  }
  if (epoch_ends || window_.steps == log_interval) log_window(finished.learning_rate);
}

void TrainingRun::finish_epoch() {
  check_state();
  const std::int64_t epoch = step_ / steps_per_epoch_;
  predictions_.clear();
  const std::vector<std::string>& classes = data_.training->class_names();
  const auto collect = [&](const Batch& batch, std::span<const float> logits) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(batch.size()) && predictions_.size() < report_pictures; ++i) {
      if (batch.is_replaced(static_cast<std::int64_t>(i))) continue;
      predictions_.push_back(report_prediction(batch, i, logits, classes));
    }
  };
  const EvaluationSummaries summaries = evaluate(classifier_, *data_.evaluation,
                                                 {.batch_size = run_.recipe.batch_size,
                                                  .image_size = run_.image_size,
                                                  .loader_threads = loader_threads_,
                                                  .recipe = run_.recipe.evaluation_augmentation,
                                                  .averaged = tricks_.averages(),
                                                  .observe = collect});
  std::vector<Scalar> values = {{std::string(metric_names::validation_loss), summaries.plain.loss},
                                {std::string(metric_names::validation_top1), summaries.plain.top1},
                                {std::string(metric_names::validation_top5), summaries.plain.top5}};
  if (tricks_.averages()) {
    values.push_back({std::string(metric_names::ema_loss), summaries.averaged.loss});
    values.push_back({std::string(metric_names::ema_top1), summaries.averaged.top1});
    values.push_back({std::string(metric_names::ema_top5), summaries.averaged.top5});
  }
  log_->scalars(step_, static_cast<double>(epoch), values);
  const bool averaged_is_better = tricks_.averages() && summaries.averaged.top1 > summaries.plain.top1;
  last_evaluation_ = tricks_.averages() ? summaries.averaged : summaries.plain;
  outcome_.last_top1 = std::max(summaries.plain.top1, summaries.averaged.top1);
  char text[160];
  std::snprintf(text, sizeof text, "epoch %lld: validation loss %.4f, top-1 %.2f%%, top-5 %.2f%%",
                static_cast<long long>(epoch), summaries.plain.loss, 100.0 * summaries.plain.top1,
                100.0 * summaries.plain.top5);
  std::string line = text;
  if (tricks_.averages()) {
    std::snprintf(text, sizeof text, "; averaged weights top-1 %.2f%%", 100.0 * summaries.averaged.top1);
    line += text;
  }
  log_info(line, summaries.left_out());
  if (!told_broken_) log_broken(summaries.broken);
  told_broken_ = true;
  if (outcome_.last_top1 > outcome_.best_top1) {
    outcome_.best_top1 = outcome_.last_top1;
    outcome_.best_epoch = static_cast<double>(epoch);
    SafetensorsMetadata metadata;
    describe_into(metadata, {run_.options.model, classes, run_.image_size, run_.recipe.normalisation});
    metadata["top1"] = std::to_string(outcome_.best_top1);
    save_weights(folder_ / best_weights_name, context_.store, averaged_is_better ? average_prefix : "", metadata);
  }
  window_.timer.restart();
}

SafetensorsMetadata TrainingRun::state_metadata() const {
  SafetensorsMetadata metadata;
  describe_into(metadata,
                {run_.options.model, data_.training->class_names(), run_.image_size, run_.recipe.normalisation});
  metadata["step"] = std::to_string(step_);
  metadata["best_top1"] = std::to_string(outcome_.best_top1);
  metadata["best_epoch"] = std::to_string(outcome_.best_epoch);
  metadata["last_top1"] = std::to_string(outcome_.last_top1);
  metadata["receipts"] = receipts_to_json(tricks_.receipts());
  metadata["recipe"] = run_.recipe_text();
  metadata["compute_threads"] = std::to_string(compute_threads());
  return metadata;
}

void TrainingRun::save() {
  check_state();
  save_checkpoint(folder_ / last_checkpoint_name, context_.store, state_metadata());
}

// Before evaluation and saving: neither last.safetensors nor best.safetensors is replaced by a ruined state.
void TrainingRun::check_state() const {
  try {
    check_finite(context_);
  } catch (const Error& error) {
    fail("after step ", step_, ": ", error.what(),
         "; use a smaller learning rate or a longer warm-up. Nothing was saved; the last checkpoint is as it was");
  }
}

void TrainingRun::write_report(const std::string& status) {
  ReportData report;
  report.title = run_.options.model + " on " + run_.options.data;
  report.status = status;
  for (const auto& [name, value] : run_.settings())
    report.recipe.push_back({name, value});
  report.metrics = read_metrics(folder_ / metrics_file_name);
  for (const Receipt& receipt : tricks_.receipts()) {
    const std::string text = to_string(receipt);
    report.receipts.push_back({receipt.trick, text.substr(std::min(text.size(), receipt.trick.size() + 2))});
  }
  report.predictions = predictions_;
  report.class_names = data_.training->class_names();
  report.confusion = last_evaluation_.confusion;
  report.peak_memory_bytes = memory_use().peak_resident_bytes;
  write_file_atomically(folder_ / report_file_name, make_report(report));
}

void TrainingRun::tell_bottleneck(const Loader& loader) const {
  const LoaderStatistics statistics = loader.statistics();
  const auto batches = static_cast<double>(std::max<std::int64_t>(1, statistics.batches)) * 1e9;
  const std::string text =
      describe_bottleneck({.decode = static_cast<double>(statistics.decoding + statistics.reading) / batches,
                           .augment = static_cast<double>(statistics.augmenting) / batches,
                           .wait = static_cast<double>(statistics.consumer_waiting) / batches,
                           .step = step_seconds_ * 1e9 / batches},
                          loader_threads_);
  if (!text.empty()) log_info(text);
  log_broken(loader.broken_pictures());
}

TrainingOutcome TrainingRun::train() {
  for (const std::string& line : describe(run_.recipe))
    log_info(line);
  log_info(data_.training->size(), " training and ", data_.evaluation->size(), " evaluation pictures of ",
           data_.training->class_names().size(), " classes; ", compute_threads(), " compute and ", loader_threads_,
           " loader threads on ", context_.device.name());
  if (!run_.options.resume) {
    for (const std::string_view name : {std::string_view(last_checkpoint_name), recipe_file_name}) {
      check(!fs::exists(folder_ / name), folder_.string(), " already holds a run (", name,
            "); go on with it by --resume, or choose another --out");
    }
  }
  plan();
  if (run_.options.resume) {
    resume_from_checkpoint();
    log_.emplace(folder_, step_);
  } else {
    if (!run_.options.weights.empty()) load_weights(run_.options.weights, context_.store);
    log_.emplace(folder_);
    write_file_atomically(folder_ / recipe_file_name, run_.recipe_text());
    Log::standard().also_to_file(folder_ / log_file_name);
  }

  const std::int64_t end = run_.options.max_steps > 0 ? std::min(run_.options.max_steps, steps_) : steps_;
  const StopSignals signals;
  const std::int64_t largest = tricks_.sizes().front();
  Loader loader(*data_.training,
                [this](std::int64_t step, BatchRequest& request) { return schedule_.fill(step, request); },
                {.seed = run_.options.seed,
                 .threads = loader_threads_,
                 .slots = loader_slots,
                 .first_step = step_,
                 .maximum_batch_size = run_.recipe.batch_size,
                 .maximum_height = largest,
                 .maximum_width = largest,
                 .allocate_pixels = pinned_pixels(context_.device),
                 .resident_sources = resident_ ? resident_->sources() : std::span<const std::int64_t>()});
  {
    StepFeeder feeder(context_, classifier_, tricks_, loader, step_, end);
    ProgressLine progress_line;
    while (step_ < end && (StopSignals::requested() == 0 || feeder.at_work())) {
      train_step(feeder, progress_line, end);
      const bool epoch_ends = step_ % steps_per_epoch_ == 0;
      if (epoch_ends) finish_epoch();
      const bool stops = step_ == end || (StopSignals::requested() != 0 && !feeder.at_work());
      // What belongs to a step is logged before its checkpoint is saved: a resumed run cuts off what came later.
      if (stops && window_.steps > 0)
        log_window(static_cast<double>(context_.live_scalar(kernels::LiveScalar::learning_rate)));
      if (epoch_ends || is_checkpoint(step_) || stops) save();
      if (epoch_ends)
        write_report("epoch " + std::to_string(step_ / steps_per_epoch_) + " of " + std::to_string(run_.recipe.epochs));
    }
  }
  tell_bottleneck(loader);
  for (const Receipt& receipt : tricks_.receipts())
    log_info(to_string(receipt));
  outcome_.finished = step_ == steps_;
  write_report(outcome_.finished ? "finished"
                                 : "stopped after step " + std::to_string(step_) + " of " + std::to_string(steps_));
  if (outcome_.finished) {
    check_receipts(tricks_.receipts());
  } else if (StopSignals::requested() != 0) {
    log_info("stopped by a signal after step ", step_, " of ", steps_,
             ", everything is saved. Go on with: train_classifier --resume --out ", folder_.string());
  } else {
    log_info("stopped by --max-steps after step ", step_, " of ", steps_,
             ". Go on with: train_classifier --resume --max-steps 0 --out ", folder_.string());
  }
  return outcome_;
}

}  // namespace

TrainingOutcome train_classifier(const ClassifierRun& run) {
  TrainingRun training(run);
  return training.train();
}

}  // namespace sleight
