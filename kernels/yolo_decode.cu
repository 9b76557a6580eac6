#include <algorithm>

#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"
#include "kernels/yolo_decode.h"

namespace sleight::kernels {

namespace {

constexpr int warps_per_block = 8;

// What one launch works on.
struct DecodedScale {
  YoloScale scale;
  const void* prediction;
  float* boxes;
  float* scores;
  std::int64_t places;       // of an image on all scales
  std::int64_t first_place;  // of this scale among them
};

// One warp per place, its lanes on neighboring classes: rows are read and scores written side by side.
template <class T>
__global__ void decode_kernel(DecodedScale arguments) {
  const YoloScale& scale = arguments.scale;
  const std::int64_t rows = scale.batch * scale.places();
  const int lane = static_cast<int>(threadIdx.x % 32);
  const std::int64_t warps = static_cast<std::int64_t>(gridDim.x) * warps_per_block;
  for (std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * warps_per_block + threadIdx.x / 32; row < rows;
       row += warps) {
    const std::int64_t image = static_cast<unsigned>(row) / static_cast<unsigned>(scale.places());
    const std::int32_t place = static_cast<std::int32_t>(row - image * scale.places());
    const std::int64_t to = image * arguments.places + arguments.first_place + place;
    const T* const from = static_cast<const T*>(arguments.prediction) + row * scale.row_size();
    if (lane == 0) {
      const BoxCorners<float> box = yolo_box(scale, place, sigmoid(static_cast<float>(from[YoloChannel::tx])),
                                             sigmoid(static_cast<float>(from[YoloChannel::ty])),
                                             std::exp(static_cast<float>(from[YoloChannel::tw])),
                                             std::exp(static_cast<float>(from[YoloChannel::th])));
      store_lanes(arguments.boxes + to * 4, Lanes<4>{{box.left, box.top, box.right, box.bottom}});
    }
    const float objectness = sigmoid(static_cast<float>(from[YoloChannel::objectness]));
    float* const scores = arguments.scores + to * scale.classes;
    for (std::int32_t k = lane; k < scale.classes; k += 32)
      scores[k] = objectness * sigmoid(static_cast<float>(from[YoloChannel::first_class + k]));
  }
}

}  // namespace

void yolo_decode(Target target, const YoloDecode& arguments) {
  check_arguments(arguments);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    DecodedScale decoded{{}, nullptr, arguments.boxes, arguments.scores, arguments.places(), 0};
    for (const YoloScale& scale : arguments.scales) {
      decoded.scale = scale;
      decoded.prediction = arguments.predictions[scale.scale];
      // Rows have numbers of 32 bits in the kernel, and blocks_for refuses more.
      const std::int64_t rows = blocks_for(scale.batch * scale.places(), 1);
      const unsigned blocks = std::min(blocks_for(rows, warps_per_block), 8 * maximum_pack_blocks);
      launch(target, "yolo_decode", decode_kernel<T>, {dim3(blocks), dim3(warps_per_block * 32)}, decoded);
      decoded.first_place += scale.places();
    }
  });
}

}  // namespace sleight::kernels
