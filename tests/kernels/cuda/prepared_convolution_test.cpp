// The way from a shape to a plan, through the tuning cache, for a GPU that is only described.
#include <filesystem>

#include "kernels/convolution.h"
#include "kernels/cuda/convolution_graph.h"
#include "tests/kernels/cuda/described_gpu.h"

namespace sleight::tests {
namespace {

using namespace kernels;

ConvolutionShape some_shape(DataType type) {
  ConvolutionShape shape;
  shape.input = {32, 56, 56, 1, 64};
  shape.output = {32, 56, 56, 1, 64};
  shape.kernel_height = shape.kernel_width = 3;
  shape.padding = 1;
  shape.weight_layout = layout_ohwi(64);
  shape.type = type;
  return shape;
}

struct Messages {
  std::vector<std::string> list;
  CudaLibrariesOptions options() {
    CudaLibrariesOptions result;
    result.tune = false;
    result.report = [this](const std::string& message) { list.push_back(message); };
    return result;
  }
};

TuningKey key_of(const CudaLibraries& libraries, const ConvolutionShape& shape) {
  TuningKey key = libraries.key("convolution forward", shape.type);
  add_shape(key, shape);
  return key;
}

std::string message_of(const Cuda& queue, const ConvolutionShape& shape) {
  try {
    make_convolution_backward_weights(queue, shape);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("all three directions are prepared, without measuring, for a described GPU", "[cudnn]") {
  if (!can_describe_gpus()) return;
  Messages messages;
  CudaLibraries libraries(messages.options(), described_h100());
  const Cuda queue{nullptr, &libraries};
  for (const DataType type : {DataType::float32, DataType::bfloat16, DataType::float16}) {
    const ConvolutionShape shape = some_shape(type);
    CHECK(make_convolution_forward(queue, shape)->workspace_bytes() >= 0);
    CHECK(make_convolution_backward_data(queue, shape)->workspace_bytes() >= 0);
    CHECK(make_convolution_backward_weights(queue, shape)->workspace_bytes() >= 0);
  }
  CHECK(messages.list.empty());
  CHECK(libraries.cache().size() == 0);  // What was not measured is not remembered.
}

TEST_CASE("the tuning cache decides, unless the library refuses what it says", "[cudnn]") {
  if (!can_describe_gpus()) return;
  Messages messages;
  CudaLibraries libraries(messages.options(), described_h100());
  const Cuda queue{nullptr, &libraries};
  const ConvolutionShape shape = some_shape(DataType::bfloat16);
  DescribedGraph described = describe_forward(shape);
  described.graph.finish(libraries.target());
  const auto choices = propose_engines(described.graph, libraries.target(), {});
  const std::int64_t usual = make_convolution_forward(queue, shape)->workspace_bytes();
  // One that can be told from the usual one.
  std::optional<cudnn::EngineChoice> other;
  for (const cudnn::EngineChoice& choice : choices) {
    try {
      if (cudnn::Plan(described.graph, libraries.target(), choice).workspace_bytes() != usual) other = choice;
    } catch (const cudnn::Error&) {
      // Engines that compile their kernels fail where the driver is broken.
    }
  }
  REQUIRE(other.has_value());
  libraries.remember(key_of(libraries, shape), {to_string(*other), 1.0, 0});
  CHECK(make_convolution_forward(queue, shape)->workspace_bytes() != usual);
  CHECK(messages.list.empty());

  for (const char* refused : {"engine 99999", "nonsense"}) {
    messages.list.clear();
    libraries.remember(key_of(libraries, shape), {refused, 1.0, 0});
    CHECK(make_convolution_forward(queue, shape)->workspace_bytes() == usual);
    REQUIRE(messages.list.size() == 1);
    CHECK(messages.list[0].find("no longer fits") != std::string::npos);
  }
}

TEST_CASE("a workspace limit that nothing fits is an error that names shape and engines", "[cudnn]") {
  if (!can_describe_gpus()) return;
  Messages messages;
  CudaLibrariesOptions options = messages.options();
  options.workspace_limit = -1;
  CudaLibraries libraries(options, described_h100());
  const std::string message = message_of({nullptr, &libraries}, some_shape(DataType::bfloat16));
  CAPTURE(message);
  CHECK(message.find("32 x 56 x 56 x 64") != std::string::npos);
  CHECK(message.find("engine ") != std::string::npos);
  CHECK(message.find("within a workspace of -1 bytes") != std::string::npos);
}

TEST_CASE("every option that decides is in the key", "[cudnn]") {
  if (!can_describe_gpus()) return;
  Messages messages;
  const ConvolutionShape shape = some_shape(DataType::bfloat16);
  const auto text_of = [&](const CudaLibrariesOptions& options, const std::string& gpu, const ConvolutionShape& of) {
    return key_of(CudaLibraries(options, gpu), of).text();
  };
  const CudaLibrariesOptions usual = messages.options();
  CudaLibrariesOptions deterministic = usual, tf32 = usual, smaller = usual;
  deterministic.deterministic = true;
  tf32.allow_tf32 = true;
  smaller.workspace_limit = 1000;
  ConvolutionShape biased = shape, wider = shape;
  biased.has_bias = true;
  wider.padding = 2;
  const std::vector<std::string> keys = {text_of(usual, described_h100(), shape),
                                         text_of(deterministic, described_h100(), shape),
                                         text_of(tf32, described_h100(), some_shape(DataType::float32)),
                                         text_of(smaller, described_h100(), shape),
                                         text_of(usual, described_a100(), shape),
                                         text_of(usual, described_h100(), some_shape(DataType::float32)),
                                         text_of(usual, described_h100(), biased),
                                         text_of(usual, described_h100(), wider)};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t j = i + 1; j < keys.size(); ++j)
      CHECK(keys[i] != keys[j]);
  }
  CHECK(text_of(tf32, described_h100(), shape) == keys[0]);  // bfloat16 has no TF32
}

}  // namespace sleight::tests
