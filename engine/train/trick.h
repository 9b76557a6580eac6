// A trick of training: one pair of files in tricks/ that says everything about it. Which flags it has and what they
// default to, what it changes in the traced program and in the update, what it draws for a batch, what it sets before a
// step, what it counts, and what a resumed run restores. A training walks over its list of tricks (tricks/all_tricks.h
// makes it) and knows none by name.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/options.h"
#include "engine/data/classifier/loader.h"
#include "engine/data/detector/loader.h"
#include "engine/data/loader/epoch_order.h"
#include "engine/program/execute.h"
#include "engine/train/classifier_program.h"
#include "engine/train/detector_program.h"
#include "engine/train/receipt.h"
#include "engine/train/update_steps.h"

namespace sleight {

// standard: what costs nothing and pays off in a training of its length. all: every trick. none: the bare baseline.
enum class TrickSet : std::uint8_t { standard, all, none };

// What is trained. Defaults, and the words of --help about them, differ.
enum class LearningTask : std::uint8_t { classifier, detector };

// A training of fewer epochs is a short one: what pays off only in the long run is left out of it or made milder.
inline constexpr std::int64_t short_training_epochs = 30;

// What decides the defaults of a trick: known when the flags are read, before any data is opened.
struct TrainingKind {
  LearningTask task = LearningTask::classifier;
  TrickSet tricks = TrickSet::standard;
  // Of classifiers: made for images of 32 pixels (CIFAR) rather than for ImageNet's.
  bool small_images = false;
  // Whether the model marks scales of residual branches that may start at zero.
  bool has_residual_branches = false;
  std::int64_t epochs = 0;
  std::int64_t image_size = 0;     // in pixels
  std::int64_t size_multiple = 1;  // sides of images must be multiples of it, in pixels

  bool is_short() const { return epochs < short_training_epochs; }
};

// How long a training is, and on what: known when the data is open.
struct TrainingPlan {
  std::uint64_t seed = 0;
  std::int64_t epochs = 0;
  std::int64_t steps_per_epoch = 0;
  std::int64_t batch_size = 0;  // over all ranks
  std::int64_t images = 0;      // of the training split
  std::int64_t image_size = 0;  // in pixels, unless a trick draws another one

  std::int64_t steps() const { return epochs * steps_per_epoch; }
};

// A step that changed the weights, with what really arrived there. Spans are empty where the task has no such thing.
struct CountedStep {
  StepPlace place;
  const Context& context;  // its live scalars are those of the step
  const Program& program;
  std::int64_t images = 0, height = 0, width = 0;
  std::int64_t objects = 0;                            // detectors: in the whole batch
  std::span<const std::int32_t> partners = {};         // classifiers: positions in the batch
  std::span<const std::int64_t> partner_samples = {};  // detectors: positions in the dataset, -1 for none
  std::span<const float> lambdas = {};
};

class Trick {
 public:
  virtual ~Trick() = default;
  // The same settings, for a training of its own. What was declared or changed by the original still refers to it.
  virtual std::unique_ptr<Trick> clone() const = 0;

  virtual std::string name() const = 0;  // "mixup", as in its receipt

  // 1. Before the run: flags, and what they are when the user does not say.
  virtual void declare(OptionList& options, LearningTask task) = 0;
  // Fills in what was not given, so that the recipe file holds it; throws Error, naming the flag, for what makes no
  // sense in a training of this kind.
  virtual void resolve(const TrainingKind& kind) = 0;
  // The rest after resolve().
  virtual bool is_on() const = 0;
  // Whether it blends images: one of a batch may then hold the objects of two (detectors), and has two labels
  // (classifiers).
  virtual bool mixes_images() const { return false; }
  // Whether averages of the weights are there to be evaluated beside them.
  virtual bool averages_weights() const { return false; }
  // Sides in pixels that it asks training batches to have, the largest first; empty: it leaves the size alone.
  virtual std::vector<std::int64_t> sizes() const { return {}; }

  // From here on only of tricks that are on, except description().

  // 2. When the data is open, before any program is traced. Throws Error for what makes no sense in this training: also
  // where the user asked for the trick by name, against its default, and the training leaves it nothing to do.
  virtual void begin(const TrainingPlan&) {}
  // Lines for the head of the log: where conventions differ, which one is in force. Also when it is off, where that is
  // worth a line.
  virtual std::vector<std::string> description() const { return {}; }

  // 3. What it changes in the update and in the program, which may refer to the trick: it outlives them.
  virtual void change_update(UpdateOptions&) {}
  virtual void change_classifier(ClassifierProgramOptions&) {}
  virtual void change_detector(DetectorProgramOptions&) {}

  // 4. What it draws for the batch of a step: first the size of any batch, then the rest; samples are set. A pure
  // function of plan and place, called from the loader's threads.
  virtual void draw_size(RequestedBatch&, const StepPlace&) const {}
  virtual void draw_classifier(BatchRequest&, const StepPlace&) const {}
  virtual void draw_detector(DetectorBatchRequest&, const StepPlace&) const {}

  // 5. Live scalars of the step about to run.
  virtual void set_live_scalars(Context&, std::int64_t) const {}

  // 6. What it really did: once for each step that changed the weights, never from the loader's threads. Throws Error
  // for a step that contradicts it.
  virtual void count(const CountedStep&) {}
  // At least one; in a complete training each has fired, or says why it cannot.
  virtual std::vector<Receipt> receipts() const = 0;
  // Goes on from the receipts of an earlier part of the run, which hold those of other tricks too.
  virtual void restore(std::span<const Receipt> receipts) = 0;
};

}  // namespace sleight
