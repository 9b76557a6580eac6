// The tricks of one training. It walks over them in each of the moments that trick.h lists, and knows none by name.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/copied.h"
#include "engine/train/trick.h"

namespace sleight {

// A copy has the same settings; options that were declared and programs that were changed still refer to the original.
class TrickList {
 public:
  explicit TrickList(std::vector<std::unique_ptr<Trick>> tricks);

  // Before the run.
  void declare(OptionList& options, LearningTask task);
  void resolve(const TrainingKind& kind);
  // The rest after resolve(), of those tricks that are on.
  std::vector<const Trick*> on() const;
  bool mix_images() const;
  bool average_weights() const;
  // Whether batches have other sizes than the training's own.
  bool draw_sizes() const;

  // When the data is open. The rest after it.
  void begin(const TrainingPlan& plan);
  const TrainingPlan& plan() const { return plan_; }
  // Lines for the head of the log, of all tricks.
  std::vector<std::string> description() const;
  // Sides of training images in pixels, the largest first.
  std::vector<std::int64_t> sizes() const;

  // The options may refer to the tricks, which outlive them.
  void change(ClassifierProgramOptions& options);
  void change(DetectorProgramOptions& options);

  // For a request with samples and a size: the same functions of plan and place for every thread.
  void draw(BatchRequest& request, const StepPlace& place) const;
  void draw(DetectorBatchRequest& request, const StepPlace& place) const;

  void set_live_scalars(Context& context, std::int64_t step) const;

  // After a step that changed the weights, by what arrived there.
  void count(const Batch& batch, const Context& context, const Program& program);
  void count(const DetectorBatch& batch, const Context& context, const Program& program);
  void count(const CountedStep& step);
  std::vector<Receipt> receipts() const;
  void restore(std::span<const Receipt> receipts);

 private:
  void draw_size(RequestedBatch& request, const StepPlace& place) const;
  StepPlace place_of(std::int64_t step) const;

  std::vector<Copied<Trick>> tricks_;
  TrainingPlan plan_;
};

}  // namespace sleight
