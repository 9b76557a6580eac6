#include "engine/run/training_run.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/base/memory.h"
#include "engine/base/signals.h"
#include "engine/base/text.h"
#include "engine/base/timer.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/device/compute_threads.h"
#include "engine/report/progress.h"
#include "engine/run/failed_step.h"
#include "engine/run/image_messages.h"
#include "engine/run/log_window.h"
#include "engine/run/planned_programs.h"
#include "engine/run/resumed_recipe.h"
#include "engine/run/training_entry.h"

namespace sleight {

namespace {

namespace fs = std::filesystem;

// Steps between two lines of metrics.jsonl.
constexpr std::int64_t log_interval = 50;

class TrainingRun {
 public:
  explicit TrainingRun(TrainingTask& task);
  TrainingOutcome train();

 private:
  bool has_nothing_left(std::int64_t end);
  void read_scores(const SafetensorsMetadata& metadata);
  void resume_from_checkpoint();
  void write_missing_report(std::span<const Receipt> receipts);
  void start_from_the_beginning(const RunFolder& folder);
  std::string status() const;
  void train_steps(std::int64_t end);
  void train_step(StepFeeder& feeder, ProgressLine& progress_line, std::int64_t end);
  bool is_checkpoint(std::int64_t step) const {
    return options_.checkpoint_steps > 0 && step % options_.checkpoint_steps == 0;
  }
  void log_window(double learning_rate);
  void finish_epoch();
  void show(const EpochEvaluation& evaluation, bool is_best);
  SafetensorsMetadata state_metadata() const;
  void save();
  void write_report(const std::string& status, std::span<const Receipt> receipts);
  std::string save_failed_step(const NonFiniteStep& failure) const;
  void check_state() const;
  std::string kept_checkpoint() const;
  void report_bottleneck() const;

  TrainingTask& task_;
  const TrainingOptions& options_;
  const TrainingRecipe& recipe_;
  Context& context_;
  fs::path folder_;
  std::int64_t steps_per_epoch_;
  std::int64_t steps_;
  int loader_threads_;
  std::optional<RunLog> log_;

  std::int64_t step_ = 0;  // finished steps
  LogWindow window_;
  RecentSpeed speed_;
  double step_seconds_ = 0.0;  // spent computing steps, for the question of who starves
  TrainingOutcome outcome_;
  std::string fingerprint_;  // of the data
  bool data_moved_ = false;
  // Whose images and confusions the report shows: "epoch 3", and whether they are those of best.safetensors.
  std::string shown_weights_;
  bool shows_best_ = false;
  bool reported_broken_ = false;  // the evaluation images' names are the same after every epoch
};

TrainingRun::TrainingRun(TrainingTask& task)
    : task_(task),
      options_(task.options()),
      recipe_(task.recipe()),
      context_(task.context()),
      folder_(folder_of_run(options_)),
      steps_per_epoch_(task.tricks().plan().steps_per_epoch),
      steps_(task.tricks().plan().steps()),
      loader_threads_(options_.loader_threads) {
  if (loader_threads_ == 0) loader_threads_ = std::max(1, compute_threads() / 2);
  outcome_.folder = folder_;
  outcome_.score_name = task.score_name();
}

// Where the run stands, and what it has achieved.
void TrainingRun::read_scores(const SafetensorsMetadata& metadata) {
  const fs::path path = folder_ / last_checkpoint_name;
  const auto number = [&](const std::string& key) { return training_number(path, metadata, key); };
  step_ = training_count(path, metadata, "step");
  check(step_ <= steps_, path.string(), " is damaged: it stands after step ", step_, " of ", steps_);
  const std::string& score = outcome_.score_name.key;
  outcome_.best_score = number("best_" + score);
  outcome_.best_epoch = number("best_epoch");
  outcome_.last_score = number("last_" + score);
}

// Whether the run to go on with stands where it would end. Its files are whole then, and a run of no steps would write
// poorer ones: a report without evaluation, receipts that no step has filled in.
bool TrainingRun::has_nothing_left(std::int64_t end) {
  const fs::path path = folder_ / last_checkpoint_name;
  const SafetensorsMetadata metadata = SafetensorsFile(path).metadata();
  data_moved_ = data_has_moved(task_, folder_, started_with(path, metadata), fingerprint_);
  read_scores(metadata);
  const auto receipts = training_receipts(path, metadata);
  if (step_ < end) return false;
  outcome_.finished = step_ == steps_;
  // The disk may have been full when it was due.
  const bool is_reported = is_report_with_status(folder_ / report_file_name, status());
  if (!is_reported) write_missing_report(receipts);
  const char* const changed =
      is_reported ? "nothing was changed" : "its report was missing and is written now, nothing else was changed";
  if (outcome_.finished) {
    check_receipts(receipts);
    log_info("the run in ", folder_.string(), " is finished, after step ", step_, " of ", steps_,
             "; there is nothing to resume, and ", changed);
  } else {
    log_info("the run in ", folder_.string(), " is after step ", step_, " of ", steps_, ", and --max-steps ",
             options_.max_steps, " says to go no further; ", changed);
  }
  return true;
}

void TrainingRun::write_missing_report(std::span<const Receipt> receipts) {
  plan_programs(task_);
  load_checkpoint(folder_ / last_checkpoint_name, context_.store);
  if (outcome_.finished) show(task_.evaluate(loader_threads_), false);
  write_report(status(), receipts);
}

std::string TrainingRun::status() const {
  return step_ == steps_ ? "finished" : "stopped after step " + std::to_string(step_) + " of " + std::to_string(steps_);
}

void TrainingRun::start_from_the_beginning(const RunFolder& folder) {
  task_.start_from_weights();
  // Lines of a run that left nothing else make room.
  if (folder.has_remains())
    log_.emplace(folder_, 0);
  else
    log_.emplace(folder_);
  write_file_atomically(folder_ / recipe_file_name, recipe_text(options_.program_name, task_.settings()));
  Log::standard().also_to_file(folder_ / log_file_name);
  if (folder.has_remains()) {
    log_info("no checkpoint had been saved in ", folder_.string(), ", so the run starts from the beginning",
             options_.resume ? std::string(" with the recipe in ") + std::string(recipe_file_name) : "");
  }
}

void TrainingRun::resume_from_checkpoint() {
  const fs::path path = folder_ / last_checkpoint_name;
  Log::standard().also_to_file(folder_ / log_file_name);  // first, so that warnings about the resume are in it
  const SafetensorsMetadata metadata = load_checkpoint(path, context_.store);
  // No run saves such a state, and its first step would blame the learning rate.
  try {
    check_finite(context_);
  } catch (const Error& error) {
    fail(path.string(), " is damaged: ", error.what(), "; start a new run");
  }
  task_.restore(training_receipts(path, metadata));
  if (LossScale* scale = task_.loss_scale()) {
    with_context(path.string() + " is damaged: its 'loss_scale'",
                 [&] { scale->restore(training_entry(path, metadata, "loss_scale")); });
  }
  if (const auto window = metadata.find("window"); window != metadata.end()) {  // former versions wrote none
    const RestoredWindow restored = window_from_json(window->second);
    window_ = restored.window;
    task_.restore_step_sums(restored.task_sums);
  }
  const int threads_before = training_threads(path, metadata);
  if (threads_before != compute_threads()) {
    log_warning("the run was computed with ", count_of(threads_before, "thread"), " and goes on with ",
                compute_threads(), ": sums are taken in another order, so it will not be bit-identical");
  }
  const LossScale* const scale = task_.loss_scale();
  log_info("resumed ", path.string(), " after step ", step_, " of ", steps_,
           scale ? ", loss scale " + std::to_string(std::llround(scale->scale())) : "");
  log_.emplace(folder_, step_);
  // The next resume looks for the data where this one found them.
  if (data_moved_)
    write_file_atomically(folder_ / recipe_file_name, recipe_text(options_.program_name, task_.settings()));
}

void TrainingRun::log_window(double learning_rate) {
  std::vector<Scalar> values = {
      {std::string(metric_names::train_loss), window_.loss_sum / static_cast<double>(window_.steps)},
      {std::string(metric_names::learning_rate), learning_rate},
      {std::string(metric_names::images_per_second), static_cast<double>(window_.images) / window_.timer.seconds()}};
  for (Scalar& value : task_.take_step_values())
    values.push_back(std::move(value));
  if (const LossScale* scale = task_.loss_scale()) {
    values.push_back({std::string(metric_names::loss_scale), scale->scale()});
    values.push_back({std::string(metric_names::skipped_steps), static_cast<double>(scale->skipped())});
  }
  log_->scalars(step_, static_cast<double>(step_) / static_cast<double>(steps_per_epoch_), values);
  window_ = LogWindow();
}

// What to tell the user about it. A disk that is full as well must not hide why the run stopped.
std::string TrainingRun::save_failed_step(const NonFiniteStep& failure) const {
  try {
    save_checkpoint(folder_ / failed_state_name, context_.store, state_metadata());
    const BatchInputs batch = task_.replayable(task_.learner().failed_batch());
    save_failed_batch(folder_ / failed_batch_name, batch,
                      task_.learner().plan(ProgramUse::training, batch.shape).program(), step_, context_,
                      failure.observed());
  } catch (const Error& error) {
    return std::string("The step could not be saved for a replay (") + error.what() + "). " + kept_checkpoint();
  }
  return "The batch and the state before the step are in " + (folder_ / failed_batch_name).string() + " and " +
         failed_state_name + "; see every phase of the step by: replay_batch --run " + folder_.string() + ". " +
         kept_checkpoint();
}

void TrainingRun::train_step(StepFeeder& feeder, ProgressLine& progress_line, std::int64_t end) {
  const Timer whole;
  StepFeeder::Finished finished;
  try {
    finished = feeder.finish_step();
  } catch (const NonFiniteStep& error) {
    fail("step ", step_ + 1, ": ", error.what(), ". ", save_failed_step(error));
  }
  const std::int64_t batch_size = finished.step.shape.size;
  ++step_;
  window_.loss_sum += finished.step.loss;
  ++window_.steps;
  window_.images += batch_size;
  // Before the next step, which may write over these results.
  task_.add_step(finished.step);
  const bool epoch_ends = step_ % steps_per_epoch_ == 0;
  if (!epoch_ends && !is_checkpoint(step_) && step_ < end && StopSignals::requested() == 0) feeder.start_ahead();
  if (finished.step.skipped) {
    const LossScale& scale = *task_.loss_scale();
    log_warning("step ", step_, " changed nothing: a gradient overflowed, so the loss scale is now ", scale.scale(),
                " (", count_of(scale.skipped(), "step"), " skipped so far)");
  }
  step_seconds_ += whole.seconds() - finished.loader_seconds;
  speed_.add(batch_size, whole.seconds());
  const Progress progress{.epoch = (step_ - 1) / steps_per_epoch_ + 1,
                          .epochs = recipe_.epochs,
                          .step = step_,
                          .steps = steps_,
                          .images_per_second = speed_.images_per_second(),
                          .loss = finished.step.loss,
                          .accuracy = task_.training_accuracy(),
                          .learning_rate = finished.learning_rate,
                          .seconds_left = speed_.seconds_left(steps_ - step_)};
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
  if (epoch % options_.evaluation_epochs != 0 && epoch != recipe_.epochs) {
    window_.timer.restart();
    return;
  }
  const EpochEvaluation evaluation = task_.evaluate(loader_threads_);
  log_->scalars(step_, static_cast<double>(epoch), evaluation.values);
  log_info("epoch ", epoch, ": ", evaluation.text);
  if (!reported_broken_) log_broken(evaluation.broken);
  reported_broken_ = true;
  outcome_.evaluated = true;
  outcome_.last_score = evaluation.score;
  const bool is_best = evaluation.score > outcome_.best_score;
  // A resumed run has not seen its best epoch if that came before; until there is a better one, it shows its last.
  if (is_best || !shows_best_) show(evaluation, is_best);
  if (is_best) {
    outcome_.best_score = evaluation.score;
    outcome_.best_epoch = static_cast<double>(epoch);
    SafetensorsMetadata metadata;
    task_.describe_into(metadata);
    metadata[outcome_.score_name.key] = std::to_string(outcome_.best_score);
    save_weights(folder_ / best_weights_name, context_.store, evaluation.averaged_is_better ? average_prefix : "",
                 metadata);
  }
  window_.timer.restart();
}

// In the report.
void TrainingRun::show(const EpochEvaluation& evaluation, bool is_best) {
  task_.show_last_evaluation();
  shown_weights_ = "epoch " + std::to_string(step_ / steps_per_epoch_);
  if (evaluation.averaged_is_better) shown_weights_ += ", averaged weights";
  shows_best_ = is_best;
}

SafetensorsMetadata TrainingRun::state_metadata() const {
  SafetensorsMetadata metadata;
  task_.describe_into(metadata);
  metadata["step"] = std::to_string(step_);
  metadata["best_" + outcome_.score_name.key] = to_training_entry(outcome_.best_score);
  metadata["best_epoch"] = std::to_string(outcome_.best_epoch);
  metadata["last_" + outcome_.score_name.key] = to_training_entry(outcome_.last_score);
  metadata["receipts"] = receipts_to_json(task_.receipts());
  metadata["recipe"] = recipe_text(options_.program_name, task_.settings());
  metadata["compute_threads"] = std::to_string(compute_threads());
  metadata["window"] = window_to_json(window_, task_.step_sums());
  metadata["data_fingerprint"] = fingerprint_;
  if (const LossScale* scale = task_.loss_scale()) metadata["loss_scale"] = scale->state();
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
         ": an update overflowed; use a smaller learning rate or a longer warm-up. ", kept_checkpoint());
  }
}

// What is left when a run fails.
std::string TrainingRun::kept_checkpoint() const {
  return fs::exists(folder_ / last_checkpoint_name)
             ? "The last checkpoint is as it was"
             : "No checkpoint had been saved before; a new start in this folder begins from the beginning";
}

void TrainingRun::write_report(const std::string& status, std::span<const Receipt> receipts) {
  ReportData report;
  report.title = options_.model + " on " + options_.data;
  report.status = status;
  for (const auto& [name, value] : task_.settings())
    report.recipe.push_back({name, value});
  report.metrics = read_metrics(folder_ / metrics_file_name);
  for (const Receipt& receipt : receipts) {
    const std::string text = to_string(receipt);
    report.receipts.push_back({receipt.trick, text.substr(std::min(text.size(), receipt.trick.size() + 2))});
  }
  task_.fill_report(report);
  report.shown_weights = shown_weights_;
  report.peak_memory_bytes = memory_use().peak_resident_bytes;
  write_file_atomically(folder_ / report_file_name, make_report(report));
}

void TrainingRun::report_bottleneck() const {
  const LoaderStatistics statistics = task_.loader_statistics();
  const auto batches = static_cast<double>(std::max<std::int64_t>(1, statistics.batches)) * 1e9;
  const std::string text =
      describe_bottleneck({.decode = static_cast<double>(statistics.decoding + statistics.reading) / batches,
                           .augment = static_cast<double>(statistics.augmenting) / batches,
                           .wait = static_cast<double>(statistics.consumer_waiting) / batches,
                           .step = step_seconds_ * 1e9 / batches},
                          loader_threads_);
  if (!text.empty()) log_info(text);
  log_broken(task_.broken_images());
}

void TrainingRun::train_steps(std::int64_t end) {
  StepFeeder feeder(context_, task_.learner(), task_, task_.loss_scale(), step_, end);
  ProgressLine progress_line;
  while (step_ < end && (StopSignals::requested() == 0 || feeder.at_work())) {
    train_step(feeder, progress_line, end);
    const bool epoch_ends = step_ % steps_per_epoch_ == 0;
    if (epoch_ends) finish_epoch();
    const bool stops = step_ == end || (StopSignals::requested() != 0 && !feeder.at_work());
    // What belongs to a step was logged before its checkpoint is saved: a resumed run cuts off what came later.
    if (epoch_ends || is_checkpoint(step_) || stops) save();
    if (epoch_ends)
      write_report("epoch " + std::to_string(step_ / steps_per_epoch_) + " of " + std::to_string(recipe_.epochs),
                   task_.receipts());
  }
}

TrainingOutcome TrainingRun::train() {
  const std::int64_t end = options_.max_steps > 0 ? std::min(options_.max_steps, steps_) : steps_;
  const RunFolder folder(folder_, options_.resume);
  fingerprint_ = task_.data_fingerprint();
  if (folder.has_checkpoint()) {
    const bool is_done = has_nothing_left(end);
    outcome_.evaluated = step_ == steps_ || step_ >= options_.evaluation_epochs * steps_per_epoch_;
    if (is_done) return outcome_;
  } else if (options_.resume) {
    const fs::path recipe = folder_ / recipe_file_name;
    data_has_moved(task_, folder_, {read_text_file(recipe), recipe.string(), "", ""}, fingerprint_);
  }
  for (const std::string& line : task_.description())
    log_info(line);
  log_info(compute_threads(), " compute and ", loader_threads_, " loader threads on ", context_.device.name());
  const LossScale* const scale = task_.loss_scale();
  log_info(
      "precision ", options_.device.precision,
      scale ? ", the loss is multiplied by " + std::to_string(std::llround(scale->scale())) + " at the start" : "");
  warn_if_slow(options_.device.parsed_precision(), context_.device);
  plan_programs(task_);
  if (folder.has_checkpoint())
    resume_from_checkpoint();
  else
    start_from_the_beginning(folder);

  const StopSignals signals;
  task_.open_loader(step_, loader_threads_);
  window_.timer.restart();
  train_steps(end);
  report_bottleneck();
  task_.close_loader();
  for (const Receipt& receipt : task_.receipts())
    log_info(to_string(receipt));
  outcome_.finished = step_ == steps_;
  write_report(status(), task_.receipts());
  if (outcome_.finished && scale != nullptr && scale->skipped() == steps_) {
    log_warning(
        "a gradient overflowed in every step, so nothing was learned: the run was too short for the loss scale, now ",
        scale->scale(), ", to become small enough; train for longer, or with --precision bf16");
  } else if (outcome_.finished) {
    check_receipts(task_.receipts());
  } else {
    log_stop(folder_, options_.program_name, step_, steps_, StopSignals::requested() != 0);
  }
  return outcome_;
}

}  // namespace

TrainingOutcome run_training(TrainingTask& task) {
  TrainingRun run(task);
  return run.train();
}

}  // namespace sleight
