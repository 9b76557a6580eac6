// A training run from its first step to its report, whatever is trained: the run's folder, checkpoints and resuming,
// progress, log, signals, receipts. What differs between a classifier and a detector is a TrainingTask.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/safetensors.h"
#include "engine/data/classifier/loader.h"
#include "engine/report/report.h"
#include "engine/report/run_log.h"
#include "engine/run/run_folder.h"
#include "engine/run/step_feeder.h"
#include "engine/run/training_options.h"
#include "engine/run/training_outcome.h"
#include "engine/train/learner.h"
#include "engine/train/trick_list.h"

namespace sleight {

struct EpochEvaluation {
  std::vector<Scalar> values;  // for the log
  std::string text;            // for people, after "epoch 3: "
  double score = 0.0;          // of the better of plain and averaged weights
  bool averaged_is_better = false;
  std::vector<BrokenImage> broken;  // left out
};

class TrainingTask : public StepSource {
 public:
  // What was asked for.
  virtual const TrainingOptions& options() const = 0;
  virtual const TrainingRecipe& recipe() const = 0;
  // Every setting of the run, resolved, and what differs from the run that this recipe file is of (origin: where it is
  // from), as changed_settings() says it.
  virtual std::vector<Setting> settings() const = 0;
  virtual std::vector<std::string> changes_since(const std::string& recipe, const std::string& origin) const = 0;
  virtual std::vector<std::string> description() const = 0;  // lines for the head of the log
  virtual ScoreName score_name() const = 0;
  virtual std::int64_t evaluation_size() const = 0;  // side of the images, in pixels

  // What learns.
  virtual Context& context() = 0;
  virtual Learner& learner() = 0;
  virtual const TrickList& tricks() const = 0;
  virtual LossScale* loss_scale() = 0;  // where the precision needs one; else null
  // Of the tricks and of what else must have happened.
  virtual std::vector<Receipt> receipts() const = 0;
  virtual void restore(std::span<const Receipt> receipts) = 0;
  // Puts the weights that the options name, if any, into the store.
  virtual void start_from_weights() = 0;
  // Into the metadata of weights: what is needed to use them without repeating flags.
  virtual void describe_into(SafetensorsMetadata& metadata) const = 0;

  // Of its images and labels, wherever they are: fingerprint_of (data_fingerprint.h).
  virtual std::string data_fingerprint() const = 0;

  // Its batches.
  virtual void open_loader(std::int64_t first_step, int threads) = 0;
  virtual LoaderStatistics loader_statistics() const = 0;
  virtual std::vector<BrokenImage> broken_images() const = 0;
  virtual void close_loader() = 0;
  // The oldest batch, whose step failed, as a program without any dataset takes it.
  virtual BatchInputs replayable(const BatchInputs& failed) const { return failed; }

  // Beside the loss: what the steps since the last log line say of the training images.
  virtual void add_step(const Learner::Finished& finished) = 0;
  virtual std::optional<double> training_accuracy() const = 0;  // as in Progress
  virtual std::vector<Scalar> take_step_values() = 0;           // and begins anew
  // The sums behind them, for checkpoints.
  virtual std::vector<Scalar> step_sums() const = 0;
  virtual void restore_step_sums(std::span<const Scalar> sums) = 0;

  virtual EpochEvaluation evaluate(int loader_threads) = 0;
  // From now on the report shows what the last evaluation saw, of the better of plain and averaged weights.
  virtual void show_last_evaluation() = 0;
  // Images, confusions, curves of the evaluation to show; nothing before there is one.
  virtual void fill_report(ReportData& report) const = 0;
};

TrainingOutcome run_training(TrainingTask& task);

}  // namespace sleight
