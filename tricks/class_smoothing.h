// Label smoothing for detectors, whose classes are sigmoids of their own: each is asked for a little less than 1, or a
// little more than 0.
//
//   gluon    s = min(1/K, 1/40): 1 - s for the object's class, s for the others   (the default; arXiv 1902.04103)
//   darknet  1 - eps/2 and eps/2, eps = 0.1
//
// The loss of the detector's family computes it (engine/train/detector_head.h). The trap: smoothing that is written over the positive class (mAP of 5%).
#pragma once

#include <cstdint>
#include <string>

#include "engine/program/program.h"
#include "engine/train/detector_head.h"
#include "engine/train/receipt.h"

namespace sleight {

// "none", "gluon" or "darknet"; throws Error for anything else.
ClassSmoothingForm parse_class_smoothing(const std::string& text);
std::string to_string(ClassSmoothingForm form);

// The epsilon that belongs to a form.
double class_smoothing_epsilon(ClassSmoothingForm form);

class ClassSmoothing {
 public:
  // A form other than none, else Error.
  explicit ClassSmoothing(ClassSmoothingForm form);

  void apply(DetectorLossOptions& options) const;

  // After a step of this program on so many objects; counts nothing when not every loss of classes in the program
  // carries this smoothing.
  void count(const Program& program, std::int64_t objects);
  // objects smoothed
  Receipt receipt() const;
  void restore(const Receipt& receipt);

 private:
  ClassSmoothingForm form_;
  std::int64_t objects_ = 0;
};

}  // namespace sleight
