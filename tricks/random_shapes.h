// Random training shapes: every few iterations the whole batch gets another size, so that the network sees objects at
// many scales.
//
// Source: Redmon and Farhadi, arXiv 1612.08242, section 2; Zhang et al., arXiv 1902.04103, section 3.6. Sizes are
// multiples of 32 unless another step is given (320..608 for detection, 224, 256, 288 for classification); the model
// must accept them. Small images need a finer step: "24:40:10:8" is 24, 32 or 40 for networks of 32 x 32 images.
//
// For training only. The draw has no state, so evaluation cannot inherit the last random size.
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

// Around the model's own size. Classifiers: 224 -> 224:288:10, 32 -> 24:40:10:8. Detectors: from three steps of the
// model's size multiple below to six above, at least two steps; 416 in steps of 32 -> 320:608:10.
RandomShapesOptions default_random_shapes(const TrainingKind& kind);

class RandomShapes : public Trick {
 public:
  std::unique_ptr<Trick> clone() const override { return std::make_unique<RandomShapes>(*this); }
  std::string name() const override { return "random shapes"; }

  // --random-shapes
  void declare(OptionList& options, LearningTask task) override;
  // Throws Error as parse_random_shapes does, and for sizes that the model does not accept.
  void resolve(const TrainingKind& kind) override;
  bool is_on() const override { return options_.has_value(); }
  // Every size that can be drawn, largest first: planning in this order runs out of memory before the first step, if at
  // all.
  std::vector<std::int64_t> sizes() const override;
  std::vector<std::string> description() const override;

  void begin(const TrainingPlan& plan) override { seed_ = plan.seed; }

  // Height and width at this iteration, counted from 0 over the whole training. A function of seed and iteration /
  // every, so every rank and every resumed run draws the same.
  std::int64_t size_at(std::int64_t iteration) const;
  void draw_size(RequestedBatch& request, const StepPlace& place) const override;

  // A size other than the drawn one is an Error.
  void count(const CountedStep& step) override;
  // size changes, and for each size "iterations at 256"
  std::vector<Receipt> receipts() const override;
  void restore(std::span<const Receipt> receipts) override;

 private:
  std::optional<std::string> text_;

  std::optional<RandomShapesOptions> options_;
  std::uint64_t seed_ = 0;
  std::map<std::int64_t, std::int64_t> iterations_at_;  // all sizes, including those not drawn yet
  std::int64_t last_size_ = 0;
  std::int64_t changes_ = 0;
};

}  // namespace sleight
