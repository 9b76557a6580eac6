// Random training shapes: every few iterations the whole batch is made at another size, so that the network sees
// objects at many scales.
//
// Source: Redmon and Farhadi, arXiv 1612.08242, section 2; Zhang et al., arXiv 1902.04103, section 3.6. Sizes are
// multiples of what the model takes, 32 unless another step is given (320..608 for detection, 224, 256, 288 for
// classification). Small images need a finer step: "24:40:10:8" is 24, 32 or 40 for networks of 32 x 32 images.
//
// For training only. Nothing is kept between calls, so evaluation cannot inherit the last random size.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/train/trick.h"

namespace sleight {

struct RandomShapesOptions {
  std::int64_t minimum = 224;
  std::int64_t maximum = 288;
  std::int64_t every = 10;     // iterations at one size; 1: every batch
  std::int64_t multiple = 32;  // sizes are minimum, minimum + multiple, ..., maximum

  bool operator==(const RandomShapesOptions&) const = default;
};

// "MIN:MAX:EVERY" or "MIN:MAX:EVERY:MULTIPLE", in pixels and iterations. Throws Error for anything else, for ends that
// are not multiples, and for fewer than two sizes.
RandomShapesOptions parse_random_shapes(const std::string& text);
std::string to_string(const RandomShapesOptions& options);

// Around the model's own size. Classifiers: 224 -> 224:288:10, 32 -> 24:40:10:8. Detectors: from three sizes below to
// six above, never below two steps of the model's size multiple; 416 in steps of 32 -> 320:608:10.
RandomShapesOptions default_random_shapes(const TrainingKind& kind);

class RandomShapes : public Trick {
 public:
  std::unique_ptr<Trick> clone() const override { return std::make_unique<RandomShapes>(*this); }
  std::string name() const override { return "random shapes"; }

  // --random-shapes
  void declare(OptionList& options, LearningTask task) override;
  // Throws Error as parse_random_shapes does, and for sizes that the model does not take.
  void resolve(const TrainingKind& kind) override;
  bool is_on() const override { return options_.has_value(); }
  // Every size that can be drawn, largest first: the order in which to plan, so that running out of memory happens
  // before the first step.
  std::vector<std::int64_t> sizes() const override;
  std::vector<std::string> description() const override;

  void begin(const TrainingPlan& plan) override { seed_ = plan.seed; }

  // Height and width at this iteration, counted from 0 over the whole training. A function of seed and iteration /
  // every: every rank, and a run that goes on, draws the same.
  std::int64_t size_at(std::int64_t iteration) const;
  void draw_size(RequestedBatch& request, const StepPlace& place) const override;

  // A size other than the one drawn is an Error.
  void count(const CountedStep& step) override;
  // size changes, and for each size "iterations at 256"
  std::vector<Receipt> receipts() const override;
  void restore(std::span<const Receipt> receipts) override;

 private:
  std::optional<std::string> text_;

  std::optional<RandomShapesOptions> options_;
  std::uint64_t seed_ = 0;
  std::map<std::int64_t, std::int64_t> iterations_at_;  // every size, also those not drawn yet
  std::int64_t last_size_ = 0;
  std::int64_t changes_ = 0;
};

}  // namespace sleight
