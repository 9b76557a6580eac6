#include "kernels/yolo_decode.h"

#include <stdexcept>
#include <string>

namespace sleight::kernels {

void check_arguments(const YoloDecode& arguments) {
  for (int i = 0; i < yolo_scales; ++i) {
    const YoloScale& scale = arguments.scales[i];
    const YoloScale& first = arguments.scales[0];
    if (scale.scale != i || scale.batch != first.batch || scale.classes != first.classes || scale.classes < 1)
      throw std::invalid_argument("yolo_decode: place " + std::to_string(i) + " holds scale " +
                                  std::to_string(scale.scale) + " with batch " + std::to_string(scale.batch) + " and " +
                                  std::to_string(scale.classes) + " classes, but the first has batch " +
                                  std::to_string(first.batch) + " and " + std::to_string(first.classes) +
                                  " classes; give the scales 0, 1 and 2 of one prediction with at least 1 class");
  }
}

namespace {

template <class T>
void decode_scale(const YoloDecode& arguments, const YoloScale& scale, std::int64_t first_place) {
  using Value = Accumulator<T>;
  const std::int64_t places = arguments.places();
  const std::int64_t rows = scale.batch * scale.places();
  const T* const prediction = static_cast<const T*>(arguments.predictions[scale.scale]);

#pragma omp parallel for schedule(static)
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t image = row / scale.places();
    const std::int32_t place = static_cast<std::int32_t>(row - image * scale.places());
    const std::int64_t to = image * places + first_place + place;
    const T* const from = prediction + row * scale.row_size();
    const BoxCorners<Value> box =
        yolo_box(scale, place, sigmoid(Value(from[YoloChannel::tx])), sigmoid(Value(from[YoloChannel::ty])),
                 std::exp(Value(from[YoloChannel::tw])), std::exp(Value(from[YoloChannel::th])));
    float* const corners = arguments.boxes + to * 4;
    corners[0] = static_cast<float>(box.left);
    corners[1] = static_cast<float>(box.top);
    corners[2] = static_cast<float>(box.right);
    corners[3] = static_cast<float>(box.bottom);
    const Value objectness = sigmoid(Value(from[YoloChannel::objectness]));
    for (std::int32_t k = 0; k < scale.classes; ++k)
      arguments.scores[to * scale.classes + k] =
          static_cast<float>(objectness * sigmoid(Value(from[YoloChannel::first_class + k])));
  }
}

}  // namespace

void yolo_decode(Cpu, const YoloDecode& arguments) {
  check_arguments(arguments);
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    std::int64_t first_place = 0;
    for (const YoloScale& scale : arguments.scales) {
      decode_scale<T>(arguments, scale, first_place);
      first_place += scale.places();
    }
  });
}

}  // namespace sleight::kernels
