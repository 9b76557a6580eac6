#include "engine/run/detector/training.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/device/compute_threads.h"
#include "engine/run/data_fingerprint.h"
#include "engine/run/detector/description.h"
#include "engine/run/detector/evaluation.h"
#include "engine/run/detector/images.h"
#include "engine/run/detector/weights.h"
#include "engine/run/image_messages.h"
#include "engine/run/optimizer.h"
#include "engine/train/batch_schedule.h"

namespace sleight {

namespace {

constexpr std::size_t report_scenes = 12;
// Two batches may be on the device or on their way to it while the loader fills the others.
constexpr int loader_slots = 5;

DetectorDatasetPair open_data(const DetectorRun& run) {
  DetectorDatasetPair data =
      open_detector_datasets(run.options.data, run.format, run.options.boxes.dataset_options(run.options.seed));
  log_data(data.found, *data.training.dataset);
  log_warnings(*data.evaluation.dataset);
  warn_of_more_objects(*data.evaluation.dataset, run.options.found);
  return data;
}

class DetectorTask : public TrainingTask {
 public:
  explicit DetectorTask(const DetectorRun& run)
      : data_(open_data(run)),
        run_(fitted_to(run, data_.training)),
        context_(run_.options.device.name, run_.options.seed, run_.options.device_options()),
        tricks_(begun_tricks(run_, training().size())),
        optimizer_(run_.recipe, run_.precision),
        maximum_objects_(maximum_objects_of(training(), tricks_.mix_images())),
        schedule_(tricks_, run_.recipe.training_augmentation),
        detector_(context_, function_of(run_.configuration()),
                  training_program_options(run_, tricks_, std::ssize(class_names()), maximum_objects_)) {}

  const TrainingOptions& options() const override { return run_.options; }
  const TrainingRecipe& recipe() const override { return run_.recipe; }
  std::vector<Setting> settings() const override { return settings_of(run_.options); }
  std::vector<std::string> changes_since(const std::string& recipe, const std::string& origin) const override {
    const auto before = options_in_recipe(
        recipe, origin, DetectorTrainingOptions(run_.options.make_tricks, run_.options.families.undecided()));
    // What another model's recipe left out is that model's to say; with the name of the model, the run is refused
    // anyway.
    if (before.model != run_.options.model) return sleight::changes_since(settings_of(before), run_.options);
    const DetectorRun resolved = fitted_to(resolve(before, *run_.model), data_.training);
    return sleight::changes_since(settings_of(resolved.options), run_.options);
  }
  std::vector<std::string> description() const override;
  ScoreName score_name() const override { return {"map", name_of(run_.metric)}; }
  std::int64_t evaluation_size() const override { return run_.image_size; }

  Context& context() override { return context_; }
  Learner& learner() override { return detector_.learner(); }
  const TrickList& tricks() const override { return tricks_; }
  LossScale* loss_scale() override { return optimizer_.loss_scale(); }
  std::vector<Receipt> receipts() const override { return tricks_.receipts(); }
  void restore(std::span<const Receipt> receipts) override { tricks_.restore(receipts); }
  void start_from_weights() override {
    load_detector_weights(*run_.model, run_.options.weights, run_.options.backbone_weights, context_.store);
  }
  void describe_into(SafetensorsMetadata& metadata) const override;

  void open_loader(std::int64_t first_step, int threads) override;
  LoaderStatistics loader_statistics() const override { return loader_->statistics(); }
  std::vector<BrokenImage> broken_images() const override { return loader_->broken_images(); }
  void close_loader() override;

  BatchInputs next_batch() override;
  void before_step(std::int64_t step) override {
    optimizer_.set_live_scalars(context_);
    tricks_.set_live_scalars(context_, step);
  }
  void count_oldest(const Program& program) override { tricks_.count(batches_.oldest(), context_, program); }
  void release_oldest() override { batches_.release_oldest(); }

  void add_step(const Learner::Finished& finished) override;
  std::optional<double> training_accuracy() const override { return std::nullopt; }
  std::vector<Scalar> take_step_values() override;
  std::vector<Scalar> step_sums() const override;
  void restore_step_sums(std::span<const Scalar> sums) override;
  std::string data_fingerprint() const override {
    return fingerprint_of(training(), evaluation(), {run_.options.data, run_.options.boxes.images});
  }

  EpochEvaluation evaluate(int loader_threads) override;
  void show_last_evaluation() override { shown_ = std::move(last_); }
  void fill_report(ReportData& report) const override;

 private:
  const DetectorDataset& training() const { return *data_.training.dataset; }
  const DetectorDataset& evaluation() const { return *data_.evaluation.dataset; }
  const std::vector<std::string>& class_names() const { return training().class_names(); }

  DetectorDatasetPair data_;
  const DetectorRun run_;
  Context context_;
  TrickList tricks_;
  Optimizer optimizer_;
  std::int64_t maximum_objects_;
  ClassifierSchedule<DetectorBatchRequest> schedule_;
  Detector detector_;
  std::optional<DetectorLoader> loader_;
  KeptBatches<DetectorBatch> batches_;
  std::vector<LossPart> loss_sums_;
  std::int64_t steps_summed_ = 0;
  struct Evaluated {
    DetectionScores scores;
    std::vector<Detection> detections;
    std::vector<BrokenImage> broken;
  };
  Evaluated last_;
  std::optional<Evaluated> shown_;
};

std::vector<std::string> DetectorTask::description() const {
  std::vector<std::string> lines = describe(run_.recipe);
  for (std::string& line : tricks_.description())
    lines.push_back(std::move(line));
  const auto objects_of = [](const DetectorDataset& dataset) {
    std::int64_t objects = 0;
    for (std::int64_t i = 0; i < dataset.size(); ++i)
      objects += std::ssize(dataset.objects(i));
    return objects;
  };
  std::ostringstream text;
  text << count_of(training().size(), "training image") << " with " << count_of(objects_of(training()), "object")
       << " and " << count_of(evaluation().size(), "evaluation image") << " with " << objects_of(evaluation()) << " of "
       << count_of(std::ssize(class_names()), "class", "classes") << "; room for "
       << count_of(maximum_objects_, "object") << " in an image";
  for (std::string& line : run_.configuration()->description())
    lines.push_back(std::move(line));
  lines.push_back(text.str());
  return lines;
}

void DetectorTask::describe_into(SafetensorsMetadata& metadata) const {
  sleight::describe_into(metadata, {.model = run_.model,
                                    .configuration = run_.configuration(),
                                    .class_names = class_names(),
                                    .image_size = run_.image_size,
                                    .letterbox = run_.recipe.evaluation_augmentation.letterbox,
                                    .normalization = run_.recipe.normalization,
                                    .validation_share = run_.options.boxes.validation_share});
}

void DetectorTask::open_loader(std::int64_t first_step, int threads) {
  const std::int64_t largest = tricks_.sizes().front();
  loader_.emplace(
      training(), [this](std::int64_t step, DetectorBatchRequest& request) { return schedule_.fill(step, request); },
      LoaderOptions{.seed = run_.options.seed,
                    .threads = threads,
                    .slots = loader_slots,
                    .first_step = first_step,
                    .maximum_batch_size = run_.recipe.batch_size,
                    .maximum_height = largest,
                    .maximum_width = largest,
                    .allocate_pixels = pinned_pixels(context_.device)},
      maximum_objects_);
}

void DetectorTask::close_loader() {
  batches_.clear();
  loader_.reset();
}

BatchInputs DetectorTask::next_batch() {
  std::optional<DetectorBatch> batch = loader_->next();
  check(batch.has_value(), "the loader has ended before the training");
  const std::shared_ptr<const DetectorBatch> kept = batches_.add(std::move(*batch));
  return Detector::training_inputs(*kept, kept);
}

void DetectorTask::add_step(const Learner::Finished& finished) {
  const std::vector<LossPart> parts = loss_parts_of(*finished.executable);
  if (loss_sums_.empty()) {
    loss_sums_ = parts;
  } else {
    for (std::size_t i = 0; i < parts.size(); ++i)
      loss_sums_[i].value += parts[i].value;
  }
  ++steps_summed_;
}

std::vector<Scalar> DetectorTask::take_step_values() {
  std::vector<Scalar> values;
  for (const LossPart& sum : loss_sums_)
    values.push_back(
        {std::string(metric_names::train_loss_part) + sum.name, sum.value / static_cast<double>(steps_summed_)});
  loss_sums_.clear();
  steps_summed_ = 0;
  return values;
}

std::vector<Scalar> DetectorTask::step_sums() const {
  std::vector<Scalar> sums;
  for (const LossPart& sum : loss_sums_)
    sums.push_back({sum.name, sum.value});
  sums.push_back({"steps", static_cast<double>(steps_summed_)});
  return sums;
}

// The number of steps is the last, and a part of the loss may have its name.
void DetectorTask::restore_step_sums(std::span<const Scalar> sums) {
  if (sums.empty()) return;
  steps_summed_ = std::llround(sums.back().value);
  loss_sums_.clear();
  for (const Scalar& sum : sums.first(sums.size() - 1))
    loss_sums_.push_back({sum.name, sum.value});
}

EpochEvaluation DetectorTask::evaluate(int loader_threads) {
  const bool averages = tricks_.average_weights();
  FoundInImages found = detect_all(detector_, evaluation(),
                                   {.batch_size = run_.recipe.batch_size,
                                    .image_size = run_.image_size,
                                    .loader_threads = loader_threads,
                                    .recipe = run_.recipe.evaluation_augmentation,
                                    .averaged = averages});
  DetectionScores plain = score_detections(evaluation(), found.plain, found.broken);
  EpochEvaluation evaluated;
  evaluated.score = value_of(plain, run_.metric);
  evaluated.values = {{std::string(metric_names::validation_map), evaluated.score}};
  char text[200];
  std::snprintf(text, sizeof text, "VOC07 mAP %.2f%%, VOC mAP %.2f%%, COCO AP %.2f%%",
                100.0 * value_of(plain, DetectionMetric::voc07), 100.0 * value_of(plain, DetectionMetric::voc),
                100.0 * value_of(plain, DetectionMetric::coco));
  evaluated.text = text;
  last_ = {.scores = std::move(plain), .detections = std::move(found.plain), .broken = found.broken};
  if (averages) {
    DetectionScores averaged = score_detections(evaluation(), found.averaged, found.broken);
    const double score = value_of(averaged, run_.metric);
    evaluated.values.push_back({std::string(metric_names::ema_map), score});
    std::snprintf(text, sizeof text, "; averaged weights %s %.2f%%", name_of(run_.metric).c_str(), 100.0 * score);
    evaluated.text += text;
    evaluated.averaged_is_better = score > evaluated.score;
    if (evaluated.averaged_is_better) {
      evaluated.score = score;
      last_.scores = std::move(averaged);
      last_.detections = std::move(found.averaged);
    }
  }
  evaluated.text += left_out(found.broken);
  evaluated.broken = found.broken;
  return evaluated;
}

void DetectorTask::fill_report(ReportData& report) const {
  if (!shown_) return;
  report.detection =
      detection_report(evaluation(), shown_->scores, run_.metric, shown_->detections, shown_->broken, report_scenes);
}

}  // namespace

TrainingOutcome train_detector(const DetectorRun& run) {
  set_compute_threads(run.options.device.threads);
  DetectorTask task(run);
  return run_training(task);
}

TrainingOutcome train_detector(const DetectorModel& model, const DetectorTrainingOptions& options) {
  return train_detector(resolve(options, model));
}

}  // namespace sleight
