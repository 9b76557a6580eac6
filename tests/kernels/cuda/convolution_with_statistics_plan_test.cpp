// What cuDNN fuses around a convolution, asked for GPUs that are only described, and what the engine is told.
#include "kernels/convolution_with_statistics.h"
#include "kernels/cuda/convolution_graph.h"
#include "tests/kernels/cuda/described_gpu.h"

namespace sleight::tests {
namespace {

using namespace kernels;

ConvolutionWithStatisticsShape shape_of(std::int64_t side, std::int64_t inputs, std::int64_t outputs,
                                        std::int64_t kernel, std::int64_t stride, DataType type, bool normalized) {
  const std::int64_t padding = kernel / 2;
  const std::int64_t output_side = convolution_output_side(side, kernel, stride, padding);
  ConvolutionWithStatisticsShape shape;
  shape.convolution.input = {32, side, side, 1, inputs};
  shape.convolution.output = {32, output_side, output_side, 1, outputs};
  shape.convolution.kernel_height = shape.convolution.kernel_width = kernel;
  shape.convolution.stride = stride;
  shape.convolution.padding = padding;
  shape.convolution.weight_layout = layout_ohwi(inputs);
  shape.convolution.type = type;
  shape.normalizes_input = normalized;
  return shape;
}

ConvolutionWithStatisticsShape some_shape(DataType type, bool normalized) {
  return shape_of(28, 128, 128, 3, 1, type, normalized);
}

CudaLibrariesOptions without_measuring(bool deterministic = false) {
  CudaLibrariesOptions options;
  options.tune = false;
  options.deterministic = deterministic;
  return options;
}

}  // namespace

TEST_CASE("convolutions of ResNet between their batch norms: one kernel in float16, none in bfloat16", "[cudnn]") {
  if (!can_describe_gpus()) return;
  // Few shapes: cuDNN takes a second or so to compile one of these kernels.
  for (const std::string& gpu : {described_h100(), described_a100()}) {
    for (const bool deterministic : {false, true}) {
      CudaLibraries libraries(without_measuring(deterministic), gpu);
      const Cuda queue{nullptr, &libraries};
      for (const bool normalized : {false, true}) {
        CAPTURE(gpu, deterministic, normalized);
        const ConvolutionWithStatisticsShape offered =
            deterministic ? shape_of(56, 128, 128, 3, 2, DataType::float16, normalized)
                          : shape_of(28, 128, 512, 1, 1, DataType::float16, normalized);
        CHECK(offers_convolution_with_statistics(queue, offered));
        for (const DataType type : {DataType::bfloat16, DataType::float32, DataType::float64})
          CHECK_FALSE(offers_convolution_with_statistics(queue, some_shape(type, normalized)));
        // The first layer on three channels, and other channels that are no multiple of eight.
        CHECK_FALSE(
            offers_convolution_with_statistics(queue, shape_of(224, 3, 64, 7, 2, DataType::float16, normalized)));
        CHECK_FALSE(offers_convolution_with_statistics(queue, shape_of(9, 5, 7, 3, 1, DataType::float16, normalized)));
      }
      // Nor the first layer's seven by seven on eight channels; three by three (ResNet-C) is.
      CHECK_FALSE(offers_convolution_with_statistics(queue, shape_of(224, 8, 64, 7, 2, DataType::float16, false)));
      CHECK(offers_convolution_with_statistics(queue, shape_of(224, 8, 32, 3, 2, DataType::float16, false)));
      CHECK(libraries.cache().size() == 0);  // what was not measured is not remembered
    }
  }
}

TEST_CASE("convolution_with_statistics is prepared for a described GPU, in one kernel or apart", "[cudnn]") {
  if (!can_describe_gpus()) return;
  CudaLibraries libraries(without_measuring(), described_h100());
  const Cuda queue{nullptr, &libraries};
  for (const bool normalized : {false, true}) {
    const std::int64_t in_one =
        make_convolution_with_statistics(queue, some_shape(DataType::float16, normalized))->workspace_bytes();
    const std::int64_t apart =
        make_convolution_with_statistics(queue, some_shape(DataType::bfloat16, normalized))->workspace_bytes();
    CAPTURE(normalized, in_one, apart);
    CHECK(in_one > 0);
    // Apart, the normalized input lies in the workspace; in one kernel it is nowhere.
    const std::int64_t input_bytes = some_shape(DataType::float16, false).convolution.input.size() * 2;
    CHECK(in_one < input_bytes);
    CHECK((apart >= input_bytes) == normalized);
  }
  const auto weights_bytes = [&](DataType type) {
    return make_convolution_normalized_backward_weights(queue, some_shape(type, true).convolution)->workspace_bytes();
  };
  CHECK(weights_bytes(DataType::float16) < weights_bytes(DataType::bfloat16));
}

TEST_CASE("one kernel that was measured to be slower is not offered", "[cudnn]") {
  if (!can_describe_gpus()) return;
  CudaLibraries libraries(without_measuring(), described_h100());
  const Cuda queue{nullptr, &libraries};
  for (const bool normalized : {false, true}) {
    CAPTURE(normalized);
    const ConvolutionWithStatisticsShape shape = some_shape(DataType::float16, normalized);
    TuningKey key = libraries.key(std::string("one kernel or apart, convolution ") +
                                  (normalized ? "normalized forward with statistics" : "forward with statistics"));
    add_shape(key, shape.convolution);
    CHECK(offers_convolution_with_statistics(queue, shape));
    libraries.remember(key, {"apart", 1.0, 0});
    CHECK_FALSE(offers_convolution_with_statistics(queue, shape));
    libraries.remember(key, {"one kernel", 1.0, 0});
    CHECK(offers_convolution_with_statistics(queue, shape));
  }
}

}  // namespace sleight::tests
