// Label smoothing for detectors, whose classes are independent sigmoids: each target is slightly less than 1 or
// slightly more than 0.
//
//   gluon    s = min(1/K, 1/40): 1 - s for the object's class, s for the others   (the default; arXiv 1902.04103)
//   darknet  1 - eps/2 and eps/2, eps = 0.1
//
// The loss of the detector's family computes it (engine/train/detector_head.h). The trap: smoothing that overwrites the
// positive class (mAP of 5%).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/train/trick.h"

namespace sleight {

class ClassSmoothing : public Trick {
 public:
  std::unique_ptr<Trick> clone() const override { return std::make_unique<ClassSmoothing>(*this); }
  std::string name() const override { return "class smoothing"; }

  // --label-smoothing
  void declare(OptionList& options, LearningTask task) override;
  void resolve(const TrainingKind& kind) override;
  bool is_on() const override { return form() != ClassSmoothingForm::none; }
  std::vector<std::string> description() const override;

  void change_detector(DetectorProgramOptions& options) override;

  // Counts 0 unless every class loss in the program carries this smoothing.
  void count(const CountedStep& step) override;
  // objects smoothed
  std::vector<Receipt> receipts() const override;
  void restore(std::span<const Receipt> receipts) override;

 private:
  ClassSmoothingForm form() const;
  double epsilon() const { return form() == ClassSmoothingForm::darknet ? 0.1 : 1.0 / 40; }

  std::optional<std::string> form_;
  bool was_asked_for_ = false;  // against the default

  std::int64_t objects_ = 0;
  bool smooths_ = false;  // the programs carry this smoothing
};

}  // namespace sleight
