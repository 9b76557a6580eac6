#include "engine/run/classifier/training.h"

#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/base/format_bytes.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/data/classifier/resident_images.h"
#include "engine/device/compute_threads.h"
#include "engine/run/classifier/description.h"
#include "engine/run/classifier/evaluation.h"
#include "engine/run/classifier/weights.h"
#include "engine/run/data_fingerprint.h"
#include "engine/run/image_flags.h"
#include "engine/run/image_messages.h"
#include "engine/run/optimizer.h"
#include "engine/train/batch_schedule.h"

namespace sleight {

namespace {

constexpr std::size_t report_images = 24;
// Two batches may be on the device or on their way to it while the loader fills the others.
constexpr int loader_slots = 5;

DatasetPair open_data(const ClassifierRun& run) {
  DatasetOptions options;
  options.synthetic = run.options.synthetic;
  options.synthetic.seed = run.options.seed;
  options.exif_orientation = run.options.exif_orientation;
  options.validation_share = validation_share_of(run.options.validation_share);
  DatasetPair data = open_datasets(run.options.data, options);
  log_data(data.evaluation->found(), *data.training);
  log_warnings(*data.evaluation);
  return data;
}

std::optional<ResidentImages> images_on_device(const ClassifierRun& run, const Dataset& dataset, const Device& device) {
  if (!run.options.data_on_device) return std::nullopt;
  return with_context("--data-on-device", [&] {
    return std::optional<ResidentImages>(std::in_place, dataset, device,
                                         ResidentOptions{.recipe = run.recipe.training_augmentation,
                                                         .height = run.image_size,
                                                         .width = run.image_size,
                                                         .threads = compute_threads(),
                                                         .limit_bytes = run.options.data_on_device_limit << 20});
  });
}

ClassifierProgramOptions program_options(const ClassifierRun& run, TrickList& tricks, const Dataset& dataset,
                                         const std::optional<ResidentImages>& resident) {
  ClassifierProgramOptions options = training_program_options(run, tricks, std::ssize(dataset.class_names()));
  if (resident) options.resident = {resident->images(), resident->count(), resident->height(), resident->width()};
  return options;
}

class ClassifierTask : public TrainingTask {
 public:
  explicit ClassifierTask(const ClassifierRun& run)
      : data_(open_data(run)),
        run_(fitted_to(run, data_.training->size())),
        context_(run_.options.device.name, run_.options.seed, run_.options.device_options()),
        tricks_(begun_tricks(run_, data_.training->size())),
        optimizer_(run_.recipe, run_.precision),
        schedule_(tricks_, run_.recipe.training_augmentation),
        resident_(images_on_device(run_, *data_.training, context_.device)),
        classifier_(context_, run_.model->trace, program_options(run_, tricks_, *data_.training, resident_)) {}

  const TrainingOptions& options() const override { return run_.options; }
  const TrainingRecipe& recipe() const override { return run_.recipe; }
  std::vector<Setting> settings() const override { return settings_of(run_.options); }
  std::vector<std::string> changes_since(const std::string& recipe, const std::string& origin) const override {
    const auto before = options_in_recipe(recipe, origin, ClassifierTrainingOptions(run_.options.make_tricks));
    // What another model's recipe left out is that model's to say; with the name of the model, the run is refused
    // anyway.
    if (before.model != run_.options.model) return sleight::changes_since(settings_of(before), run_.options);
    const ClassifierRun resolved = fitted_to(resolve(before, *run_.model), data_.training->size());
    return sleight::changes_since(settings_of(resolved.options), run_.options);
  }
  std::vector<std::string> description() const override;
  ScoreName score_name() const override { return {"top1", "top-1"}; }
  std::int64_t evaluation_size() const override { return run_.image_size; }

  Context& context() override { return context_; }
  Learner& learner() override { return classifier_.learner(); }
  const TrickList& tricks() const override { return tricks_; }
  LossScale* loss_scale() override { return optimizer_.loss_scale(); }
  std::vector<Receipt> receipts() const override;
  void restore(std::span<const Receipt> receipts) override;
  void start_from_weights() override {
    load_classifier_weights(*run_.model, class_names(), run_.options.weights, run_.options.backbone_weights,
                            context_.store);
  }
  void describe_into(SafetensorsMetadata& metadata) const override;

  void open_loader(std::int64_t first_step, int threads) override;
  LoaderStatistics loader_statistics() const override { return loader_->statistics(); }
  std::vector<BrokenImage> broken_images() const override { return loader_->broken_images(); }
  void close_loader() override;
  BatchInputs replayable(const BatchInputs& failed) const override;

  BatchInputs next_batch() override;
  void before_step(std::int64_t step) override;
  void count_oldest(const Program& program) override;
  void release_oldest() override;

  void add_step(const Learner::Finished& finished) override;
  std::optional<double> training_accuracy() const override;
  std::vector<Scalar> take_step_values() override;
  std::vector<Scalar> step_sums() const override {
    return {{"images", static_cast<double>(images_)}, {"top1", static_cast<double>(top1_)}};
  }
  void restore_step_sums(std::span<const Scalar> sums) override;
  std::string data_fingerprint() const override {
    return fingerprint_of(*data_.training, *data_.evaluation, {run_.options.data, ""});
  }

  EpochEvaluation evaluate(int loader_threads) override;
  void show_last_evaluation() override { shown_ = last_; }
  void fill_report(ReportData& report) const override;

 private:
  const std::vector<std::string>& class_names() const { return data_.training->class_names(); }

  DatasetPair data_;
  const ClassifierRun run_;
  Context context_;
  TrickList tricks_;
  Optimizer optimizer_;
  ClassifierSchedule<BatchRequest> schedule_;
  std::optional<ResidentImages> resident_;
  Classifier classifier_;
  std::optional<Loader> loader_;
  KeptBatches<Batch> batches_;
  Receipt on_device_{.trick = "data on device", .counts = {{"images prepared there", 0.0}}};
  std::int64_t images_ = 0, top1_ = 0;  // since the last log line
  bool mixed_ = false;                  // whether any of those images was blended with another
  struct Evaluated {
    EvaluationSummary summary;
    std::vector<ReportPrediction> predictions;
  };
  Evaluated last_, shown_;
};

std::vector<std::string> ClassifierTask::description() const {
  std::vector<std::string> lines = describe(run_.recipe);
  for (std::string& line : tricks_.description())
    lines.push_back(std::move(line));
  std::ostringstream text;
  text << data_.training->size() << " training and " << data_.evaluation->size() << " evaluation images of "
       << count_of(std::ssize(class_names()), "class", "classes");
  lines.push_back(text.str());
  if (resident_) {
    std::ostringstream on_device;
    on_device << "training images on the device: " << format_bytes(resident_->bytes()) << " of " << resident_->width()
              << "x" << resident_->height();
    lines.push_back(on_device.str());
    log_broken(resident_->broken());
  }
  return lines;
}

// Not a trick, but as easily lost: images that are said to be on the device and come from the loader.
std::vector<Receipt> ClassifierTask::receipts() const {
  std::vector<Receipt> all = tricks_.receipts();
  if (resident_) all.push_back(on_device_);
  return all;
}

void ClassifierTask::restore(std::span<const Receipt> receipts) {
  tricks_.restore(receipts);
  if (resident_) on_device_ = find_receipt(receipts, on_device_.trick);
}

void ClassifierTask::before_step(std::int64_t step) {
  optimizer_.set_live_scalars(context_);
  tricks_.set_live_scalars(context_, step);
}

void ClassifierTask::count_oldest(const Program& program) {
  const Batch& batch = batches_.oldest();
  tricks_.count(batch, context_, program);
  if (batch.indices().empty()) return;
  on_device_.counts.front().second += static_cast<double>(batch.size());
  ++on_device_.fired;
}

void ClassifierTask::describe_into(SafetensorsMetadata& metadata) const {
  sleight::describe_into(metadata, {.model = run_.options.model,
                                    .class_names = class_names(),
                                    .image_size = run_.image_size,
                                    .normalization = run_.recipe.normalization,
                                    .evaluation = run_.recipe.evaluation_augmentation,
                                    .validation_share = run_.options.validation_share});
}

void ClassifierTask::open_loader(std::int64_t first_step, int threads) {
  const std::int64_t largest = tricks_.sizes().front();
  loader_.emplace(
      *data_.training, [this](std::int64_t step, BatchRequest& request) { return schedule_.fill(step, request); },
      LoaderOptions{.seed = run_.options.seed,
                    .threads = threads,
                    .slots = loader_slots,
                    .first_step = first_step,
                    .maximum_batch_size = run_.recipe.batch_size,
                    .maximum_height = largest,
                    .maximum_width = largest,
                    .allocate_pixels = pinned_pixels(context_.device),
                    .resident_sources = resident_ ? resident_->sources() : std::span<const std::int64_t>()});
}

void ClassifierTask::close_loader() {
  batches_.clear();
  loader_.reset();
}

// The file holds the images themselves, so that a replay needs no dataset.
BatchInputs ClassifierTask::replayable(const BatchInputs& failed) const {
  if (!resident_) return failed;
  const auto images = std::make_shared<std::vector<std::uint8_t>>(resident_->images_of(batches_.oldest()));
  BatchInputs whole = failed;
  std::erase_if(whole.values, [](const StagedInput& input) {
    return input.name == classifier_value_names::indices || input.name == classifier_value_names::windows;
  });
  whole.values.push_back({classifier_value_names::images, std::as_bytes(std::span(*images)), false});
  struct Owners {
    std::shared_ptr<const void> batch, images;
  };
  whole.owner = std::make_shared<Owners>(Owners{failed.owner, images});
  return whole;
}

BatchInputs ClassifierTask::next_batch() {
  std::optional<Batch> batch = loader_->next();
  check(batch.has_value(), "the loader has ended before the training");
  const std::shared_ptr<const Batch> kept = batches_.add(std::move(*batch));
  return classifier_.training_inputs(*kept, kept);
}

void ClassifierTask::release_oldest() {
  const Batch& batch = batches_.oldest();
  for (std::int64_t i = 0; i < std::ssize(batch.partners()); ++i)
    mixed_ = mixed_ || (batch.partners()[static_cast<std::size_t>(i)] != i);
  batches_.release_oldest();
}

// With mixup an image has two labels, and an accuracy would tell nothing. The last epochs may be without.
void ClassifierTask::add_step(const Learner::Finished& finished) {
  images_ += finished.shape.size;
  top1_ += Classifier::result_of(finished).top1;
}

std::optional<double> ClassifierTask::training_accuracy() const {
  if (mixed_ || images_ == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(top1_) / static_cast<double>(images_);
}

std::vector<Scalar> ClassifierTask::take_step_values() {
  std::vector<Scalar> values;
  const double top1 = training_accuracy().value();
  if (!std::isnan(top1)) values.push_back({std::string(metric_names::train_top1), top1});
  images_ = top1_ = 0;
  mixed_ = false;
  return values;
}

void ClassifierTask::restore_step_sums(std::span<const Scalar> sums) {
  for (const Scalar& sum : sums) {
    if (sum.name == "images") images_ = std::llround(sum.value);
    if (sum.name == "top1") top1_ = std::llround(sum.value);
  }
}

EpochEvaluation ClassifierTask::evaluate(int loader_threads) {
  std::vector<ReportPrediction> of_plain, of_averaged;
  const auto collect = [&](const Batch& batch, bool averaged, std::span<const float> logits) {
    std::vector<ReportPrediction>& predictions = averaged ? of_averaged : of_plain;
    for (std::size_t i = 0; i < static_cast<std::size_t>(batch.size()) && predictions.size() < report_images; ++i) {
      if (batch.is_replaced(static_cast<std::int64_t>(i))) continue;
      predictions.push_back(report_prediction(batch, i, logits, class_names()));
    }
  };
  const bool averages = tricks_.average_weights();
  EvaluationSummaries summaries = sleight::evaluate(classifier_, *data_.evaluation,
                                                    {.batch_size = run_.recipe.batch_size,
                                                     .image_size = run_.image_size,
                                                     .loader_threads = loader_threads,
                                                     .recipe = run_.recipe.evaluation_augmentation,
                                                     .averaged = averages,
                                                     .observe = collect});
  const EvaluationSummary& plain = summaries.plain;
  const EvaluationSummary& averaged = summaries.averaged;
  log_not_finite(averaged.not_finite > plain.not_finite ? averaged : plain);
  EpochEvaluation evaluation;
  evaluation.values = {{std::string(metric_names::validation_loss), plain.loss},
                       {std::string(metric_names::validation_top1), plain.top1}};
  if (plain.has_top5()) evaluation.values.push_back({std::string(metric_names::validation_top5), plain.top5});
  evaluation.text = "validation " + text_of(plain);
  if (averages) {
    evaluation.values.push_back({std::string(metric_names::ema_loss), averaged.loss});
    evaluation.values.push_back({std::string(metric_names::ema_top1), averaged.top1});
    if (averaged.has_top5()) evaluation.values.push_back({std::string(metric_names::ema_top5), averaged.top5});
    char text[64];
    std::snprintf(text, sizeof text, "; averaged weights top-1 %.2f%%", 100.0 * averaged.top1);
    evaluation.text += text;
  }
  evaluation.text += left_out(summaries.broken);
  evaluation.averaged_is_better = averages && averaged.top1 > plain.top1;
  evaluation.score = std::max(plain.top1, averaged.top1);
  evaluation.broken = summaries.broken;
  last_ = evaluation.averaged_is_better ? Evaluated{std::move(summaries.averaged), std::move(of_averaged)}
                                        : Evaluated{std::move(summaries.plain), std::move(of_plain)};
  return evaluation;
}

void ClassifierTask::fill_report(ReportData& report) const {
  report.predictions = shown_.predictions;
  report.class_names = class_names();
  report.confusion = shown_.summary.confusion;
}

}  // namespace

TrainingOutcome train_classifier(const ClassifierRun& run) {
  set_compute_threads(run.options.device.threads);
  ClassifierTask task(run);
  return run_training(task);
}

TrainingOutcome train_classifier(const ClassifierModel& model, const ClassifierTrainingOptions& options) {
  return train_classifier(resolve(options, model));
}

}  // namespace sleight
