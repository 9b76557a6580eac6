#include "kernels/yolo_assign.h"

#include <stdexcept>
#include <string>

namespace sleight::kernels {

void check_arguments(const YoloAssign& arguments) {
  for (int anchor = 0; anchor < yolo_anchors; ++anchor) {
    const AnchorSize& size = arguments.anchors[anchor];
    if (!(size.width > 0 && size.height > 0))
      throw std::invalid_argument("yolo_assign: anchor " + std::to_string(anchor) + " is " +
                                  std::to_string(size.width) + " x " + std::to_string(size.height) +
                                  " pixels; both must be above zero");
  }
}

void yolo_assign(Cpu, const YoloAssign& arguments) {
  check_arguments(arguments);
  for (std::int64_t object = 0; object < arguments.objects; ++object)
    arguments.best_anchor[object] = best_anchor_of(arguments, object);
}

}  // namespace sleight::kernels
