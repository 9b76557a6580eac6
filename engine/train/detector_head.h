// What a family of detectors (YOLOv3 today) tells the training and evaluation programs: its network, and on top of it a
// loss made of named parts and the decoding of predictions into scored boxes. How many scales there are, whether boxes
// start from anchors, and what the loss is made of, only the family knows (models/detector.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/ops/ops.h"
#include "engine/program/trace.h"

namespace sleight {

// The objects of a training batch, M places for each image.
struct DetectorTargets {
  ValueId boxes;    // float32 [N,M,4]: left, top, right, bottom in pixels of the batch's images
  ValueId classes;  // int32 [N,M], -1: no object
  ValueId weights;  // float32 [N,M]: 1, or less in mixed images
};

// Class targets that ask a little less than 1 of an object's class and a little more than 0 of the others; with K
// classes
//
//   none     1 and 0
//   gluon    1 - s and s, s = min(1/K, epsilon)
//   darknet  1 - epsilon/2 and epsilon/2
enum class ClassSmoothingForm : std::uint8_t { none, gluon, darknet };

// What tricks ask of the loss of any family. A family that cannot honor it throws Error naming the flag. One that can
// says so in its program, where the receipt looks: each operation that computes a loss of classes carries the
// attributes "class_smoothing" (the form) and "class_smoothing_epsilon".
struct DetectorLossOptions {
  ClassSmoothingForm class_smoothing = ClassSmoothingForm::none;
  double class_smoothing_epsilon = 1.0 / 40;
};

// What a loss is made of, for the log alone: one name for each element of the value, in lower case and with underscores
// ("box", "rpn_box"). Means over the images of the batch.
struct LossParts {
  ValueId value = no_value;  // float32
  std::vector<std::string> names;
};

struct DetectorLoss {
  ValueId total = no_value;  // [1]: what is differentiated
  std::vector<LossParts> parts;
};

// A network that was traced, ready for either of the two programs; exactly one of the functions is called, once. It may
// trace further layers, with parameters of the same names and in the same order in both.
class DetectorHead {
 public:
  virtual ~DetectorHead() = default;

  virtual DetectorLoss loss(Tracer& trace, const DetectorTargets& targets,
                            const DetectorLossOptions& options) const = 0;
  // Boxes in pixels of the batch's images.
  virtual ops::ScoredBoxes decode(Tracer& trace) const = 0;
};

// Traces a network: images [N,H,W,3] of the tracer's element type. Throws Error for sizes that it does not take.
using DetectorFunction =
    std::function<std::unique_ptr<DetectorHead>(Tracer& trace, ValueId images, std::int64_t classes)>;

}  // namespace sleight
