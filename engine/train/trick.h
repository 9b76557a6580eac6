// A trick of training: one pair of files in tricks/ that says everything about it. Which flags it has and what they
// default to, what it changes in the traced program and in the update, what it draws for a batch, what it sets before a
// step, what it counts, and what a resumed run restores. A training walks over its list of tricks (tricks/all_tricks.h
// makes it) and knows none by name.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/base/options.h"
#include "engine/data/detection_loader.h"
#include "engine/data/loader.h"
#include "engine/program/execute.h"
#include "engine/train/classification_program.h"
#include "engine/train/detection_program.h"
#include "engine/train/receipt.h"
#include "engine/train/update_steps.h"

namespace sleight {

// standard: what costs nothing and pays off in a training of its length. all: every trick. none: the bare baseline.
enum class TrickSet : std::uint8_t { standard, all, none };

// What decides the defaults of a trick: known when the flags are read, before any data is opened.
struct TrainingKind {
  enum class Task : std::uint8_t { classifier, detector };
  Task task = Task::classifier;
  TrickSet tricks = TrickSet::standard;
  // Of classifiers: made for images of 32 pixels (CIFAR) rather than for ImageNet's.
  bool small_images = false;
  // Whether the model marks scales of residual branches that may start at zero.
  bool has_residual_branches = false;
  std::int64_t epochs = 0;
  std::int64_t image_size = 0;     // in pixels
  std::int64_t size_multiple = 1;  // sides of images must be multiples of it, in pixels
};

// Where a training stands, and how long it is: known when the data is open.
struct TrainingPlan {
  std::uint64_t seed = 0;
  std::int64_t epochs = 0;
  std::int64_t steps_per_epoch = 0;
  std::int64_t batch_size = 0;  // over all ranks
  std::int64_t images = 0;      // of the training split
  std::int64_t image_size = 0;  // in pixels, unless a trick draws another one
};

struct StepPlace {
  std::int64_t step = 0;   // over the whole training, from 0
  std::int64_t epoch = 0;  // from 0
  std::int64_t step_in_epoch = 0;
};

// A step that changed the weights, with what really arrived there. Spans are empty where the task has no such thing.
struct CountedStep {
  StepPlace place;
  const Context& context;  // its live scalars are those of the step
  const Program& program;
  std::int64_t images = 0, height = 0, width = 0;
  std::int64_t objects = 0;                       // detectors: in the whole batch
  std::span<const std::int32_t> partners;         // classifiers: positions in the batch
  std::span<const std::int64_t> partner_samples;  // detectors: positions in the dataset, -1 for none
  std::span<const float> lambdas;
};

class Trick {
 public:
  virtual ~Trick() = default;

  virtual std::string name() const = 0;  // "mixup", as in its receipt

  // 1. Before the run: flags, and what they are when the user does not say.
  virtual void declare(OptionList& options) = 0;
  // Fills in what was not given, so that the recipe file holds it; throws Error, naming the flag, for what makes no
  // sense in a training of this kind.
  virtual void resolve(const TrainingKind& kind) = 0;
  // After resolve().
  virtual bool is_on() const = 0;
  // Lines for the head of the log: where conventions differ, which one is in force. Also when it is off, where that is
  // worth a line.
  virtual std::vector<std::string> description() const { return {}; }

  // From here on only of tricks that are on.

  // 2. When the data is open, before any program is traced.
  virtual void begin(const TrainingPlan&) {}

  // 3. What it changes in the program and in the update. The options may refer to the trick, which outlives them.
  virtual void change(UpdateOptions&) {}
  virtual void change(ClassificationOptions&) {}
  virtual void change(DetectionOptions&) {}
  // Sides in pixels that it asks training batches to have; empty: it leaves the size alone. The largest first.
  virtual std::vector<std::int64_t> sizes() const { return {}; }

  // 4. What it draws for the batch of a step; samples and size are set. A pure function of the plan and the place,
  // called from the loader's threads.
  virtual void draw(BatchRequest&, const StepPlace&) const {}
  virtual void draw(DetectionBatchRequest&, const StepPlace&) const {}

  // 5. Live scalars of the step about to run.
  virtual void set_live_scalars(Context&, std::int64_t) const {}

  // 6. What it really did: once for each step that changed the weights, never from the loader's threads.
  virtual void count(const CountedStep&) {}
  virtual std::vector<Receipt> receipts() const = 0;
  // Goes on from the receipts of an earlier part of the run, which may hold those of other tricks too.
  virtual void restore(std::span<const Receipt>) {}
};

}  // namespace sleight
