// What cuDNN fuses around a convolution, asked for GPUs that are only described, and what the engine is told. What it
// does not offer is never asserted: that depends on its version, and on whether it finds a driver to compile with.
#include <algorithm>

#include "kernels/convolution_with_statistics.h"
#include "kernels/cuda/convolution_graph.h"
#include "tests/base/temporary_folder.h"
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

TEST_CASE("convolutions of ResNet between their batch norms: one kernel is offered in float16", "[cudnn]") {
  if (!can_describe_gpus()) return;
  // Few shapes: cuDNN takes a second or so to compile one of these kernels.
  for (const std::string& gpu : {described_h100(), described_a100()}) {
    for (const bool deterministic : {false, true}) {
      CudaLibraries libraries(without_measuring(deterministic), gpu);
      const Cuda queue{nullptr, &libraries};
      for (const bool normalized : {false, true}) {
        CAPTURE(gpu, deterministic, normalized);
        CHECK(offers_convolution_with_statistics(queue, shape_of(28, 128, 512, 1, 1, DataType::float16, normalized)));
        // No GPU kernel stores it.
        CHECK_FALSE(offers_convolution_with_statistics(queue, some_shape(DataType::float64, normalized)));
      }
      // The first layer of ResNet-C.
      CHECK(offers_convolution_with_statistics(queue, shape_of(224, 8, 32, 3, 2, DataType::float16, false)));
    }
  }
}

TEST_CASE("convolution_with_statistics is prepared for a described GPU, in one kernel or apart", "[cudnn]") {
  if (!can_describe_gpus()) return;
  std::vector<std::string> reports;
  CudaLibrariesOptions options = without_measuring();
  options.report = [&](const std::string& text) { reports.push_back(text); };
  CudaLibraries libraries(options, described_h100());
  const Cuda queue{nullptr, &libraries};
  // What is offered in bfloat16 and as TF32 depends on whether cuDNN finds a driver, which compiles those kernels. With an
  // answer or without, all can be prepared, and what failed was told once.
  for (const DataType type : {DataType::float16, DataType::bfloat16, DataType::float32}) {
    for (const bool normalized : {false, true}) {
      const ConvolutionWithStatisticsShape shape = some_shape(type, normalized);
      const bool in_one_kernel = offers_convolution_with_statistics(queue, shape);
      CAPTURE(type, normalized, in_one_kernel);
      const std::int64_t bytes = make_convolution_with_statistics(queue, shape)->workspace_bytes();
      CHECK(bytes > 0);
      // Apart, the normalized input lies in the workspace; in one kernel it is nowhere.
      const std::int64_t input_bytes = shape.convolution.input.size() * size_of(type);
      if (in_one_kernel) CHECK(bytes < input_bytes);
      if (normalized) {
        CHECK(make_convolution_normalized_backward_weights(queue, shape.convolution)->workspace_bytes() > 0);
      }
      CHECK((in_one_kernel || type != DataType::float16));
    }
  }
  std::vector<std::string> different = reports;
  std::ranges::sort(different);
  CHECK(std::ranges::adjacent_find(different) == different.end());
}

TEST_CASE("what cuDNN offers is asked once and remembered, but what failed is asked again", "[cudnn]") {
  if (!can_describe_gpus()) return;
  const TemporaryFolder folder;
  CudaLibrariesOptions options = without_measuring();
  options.tuning_cache = (folder / "tuning.txt").string();
  std::size_t failures = 0;
  options.report = [&](const std::string&) { ++failures; };
  const auto ask_all = [&](CudaLibraries& libraries) {
    std::vector<bool> answers;
    for (const DataType type : {DataType::float16, DataType::bfloat16})
      answers.push_back(offers_convolution_with_statistics({nullptr, &libraries}, some_shape(type, false)));
    return answers;
  };
  CudaLibraries first(options, described_h100());
  const std::vector<bool> answers = ask_all(first);
  CHECK(first.cache().size() + failures == 2);
  CudaLibraries second(options, described_h100());
  CHECK(second.cache().size() == first.cache().size());
  CHECK(ask_all(second) == answers);
}

TEST_CASE("one kernel that was measured to be slower is not offered", "[cudnn]") {
  if (!can_describe_gpus()) return;
  CudaLibraries libraries(without_measuring(), described_h100());
  const Cuda queue{nullptr, &libraries};
  for (const bool normalized : {false, true}) {
    CAPTURE(normalized);
    const ConvolutionWithStatisticsShape shape = some_shape(DataType::float16, normalized);
    TuningKey key = libraries.key(std::string("one kernel or apart, convolution ") +
                                      (normalized ? "normalized forward with statistics" : "forward with statistics"),
                                  DataType::float16);
    add_shape(key, shape.convolution);
    CHECK(offers_convolution_with_statistics(queue, shape));
    libraries.remember(key, {"apart", 1.0, 0});
    CHECK_FALSE(offers_convolution_with_statistics(queue, shape));
    libraries.remember(key, {"one kernel", 1.0, 0});
    CHECK(offers_convolution_with_statistics(queue, shape));
  }
}

}  // namespace sleight::tests
