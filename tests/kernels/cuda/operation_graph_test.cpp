// Everything about cuDNN's graphs that can be shown without a GPU: they are described to cuDNN, checked by it, and
// turned into plans for a GPU that is itself only described. What is left to a real one is to run them.
#include "kernels/cuda/operation_graph.h"

#include <algorithm>

#include "kernels/cuda/convolution_graph.h"
#include "tests/kernels/cuda/described_gpu.h"

namespace sleight::tests {
namespace {

using namespace kernels;
using cudnn::Demands;
using cudnn::EngineChoice;
using cudnn::Target;

ConvolutionShape shape_of(std::int64_t batch, std::int64_t side, std::int64_t inputs, std::int64_t outputs,
                          std::int64_t kernel, std::int64_t stride, DataType type, bool has_bias = false) {
  ConvolutionShape shape;
  const std::int64_t padding = kernel / 2;
  const std::int64_t output_side = convolution_output_side(side, kernel, stride, padding);
  shape.input = {batch, side, side, 1, inputs};
  shape.output = {batch, output_side, output_side, 1, outputs};
  shape.kernel_height = shape.kernel_width = kernel;
  shape.stride = stride;
  shape.padding = padding;
  shape.weight_layout = layout_ohwi(inputs);
  shape.has_bias = has_bias;
  shape.type = type;
  return shape;
}

// ResNet's first layer and its kinds of convolution, CIFAR's, YOLO's last one (bias, 255 channels), and odd sizes.
std::vector<ConvolutionShape> network_shapes(DataType type) {
  return {shape_of(32, 224, 3, 64, 7, 2, type),   shape_of(32, 56, 64, 64, 3, 1, type),
          shape_of(32, 56, 64, 256, 1, 1, type),  shape_of(32, 56, 128, 128, 3, 2, type),
          shape_of(32, 56, 256, 512, 1, 2, type), shape_of(128, 32, 3, 16, 3, 1, type),
          shape_of(128, 32, 16, 32, 3, 2, type),  shape_of(8, 13, 1024, 255, 1, 1, type, true),
          shape_of(3, 9, 5, 7, 3, 1, type)};
}

std::vector<EngineChoice> proposals(DescribedGraph described, const Target& target, const Demands& demands) {
  described.graph.finish(target);
  return propose_engines(described.graph, target, demands);
}

using Describe = DescribedGraph (*)(const ConvolutionShape&);
constexpr Describe directions[] = {describe_forward, describe_backward_data, describe_backward_weights};

}  // namespace

TEST_CASE("every convolution of the networks has plans on an H100 and an A100", "[cudnn]") {
  if (!can_describe_gpus()) return;
  for (const std::string& gpu : {described_h100(), described_a100()}) {
    const Target target = Target::described(gpu);
    for (const DataType type : {DataType::float32, DataType::bfloat16, DataType::float16}) {
      for (const ConvolutionShape& shape : network_shapes(type)) {
        for (const Describe describe : directions) {
          for (const Demands demands : {Demands{false, false}, Demands{true, type == DataType::float32}}) {
            INFO(gpu << " " << to_string(shape) << " demands " << demands.deterministic << demands.full_float32);
            DescribedGraph described = describe(shape);
            CHECK(described.operands.size() == (shape.has_bias && describe == describe_forward ? 4 : 3));
            const cudnn::Offer offer =
                ask_for(described.graph, target, demands, CudaLibrariesOptions().workspace_limit);
            CHECK(offer.is_offered);
            CHECK(offer.failure.empty());
          }
        }
      }
    }
  }
}

TEST_CASE("in 16 bits the first layer's three channels cost a copy with eight, and eight channels cost none",
          "[cudnn]") {
  if (!can_describe_gpus()) return;
  // What cuDNN would take first for the first layer of ResNet, forward and by the weights.
  const auto workspace = [](const std::string& gpu, std::int64_t channels, DataType type, Describe describe) {
    const Target target = Target::described(gpu);
    DescribedGraph described = describe(shape_of(64, 224, channels, 64, 7, 2, type));
    described.graph.finish(target);
    return cudnn::Plan(described.graph, target, propose_engines(described.graph, target, {}).at(0)).workspace_bytes();
  };
  const std::int64_t copy = std::int64_t{64} * 224 * 224 * 8 * 2;
  for (const std::string& gpu : {described_h100(), described_a100()}) {
    for (const Describe describe : {describe_forward, describe_backward_weights}) {
      INFO(gpu << (describe == describe_forward ? " forward" : " backward weights"));
      CHECK(workspace(gpu, 3, DataType::bfloat16, describe) >= copy);
      CHECK(workspace(gpu, 8, DataType::bfloat16, describe) < copy / 8);
    }
    CHECK(workspace(gpu, 3, DataType::float16, describe_backward_weights) >= copy);
    CHECK(workspace(gpu, 8, DataType::float16, describe_backward_weights) < copy / 8);
  }
}

TEST_CASE("demands leave out engines, and only those that break them", "[cudnn]") {
  if (!can_describe_gpus()) return;
  const Target target = Target::described(described_h100());
  const ConvolutionShape shape = shape_of(32, 56, 64, 64, 3, 1, DataType::float32);
  const auto all = proposals(describe_forward(shape), target, {});
  const auto full = proposals(describe_forward(shape), target, {.full_float32 = true});
  CHECK(full.size() < all.size());
  for (const EngineChoice& choice : full)
    CHECK(std::find(all.begin(), all.end(), choice) != all.end());
  const auto any_order = proposals(describe_backward_weights(shape), target, {});
  const auto fixed_order = proposals(describe_backward_weights(shape), target, {.deterministic = true});
  CHECK(fixed_order.size() < any_order.size());
  // A plan knows which it is.
  DescribedGraph described = describe_backward_weights(shape);
  described.graph.finish(target);
  const auto deterministic_plans = [&](const std::vector<EngineChoice>& choices) {
    return std::count_if(choices.begin(), choices.end(), [&](const EngineChoice& choice) {
      return cudnn::Plan(described.graph, target, choice).is_deterministic();
    });
  };
  CHECK(deterministic_plans(fixed_order) == std::ssize(fixed_order));
  CHECK(deterministic_plans(any_order) == std::ssize(fixed_order));
}

TEST_CASE("a plan is made again from its engine and knobs, and a choice that does not fit is an error", "[cudnn]") {
  if (!can_describe_gpus()) return;
  const Target target = Target::described(described_h100());
  DescribedGraph described = describe_forward(shape_of(32, 56, 64, 64, 3, 1, DataType::bfloat16));
  described.graph.finish(target);
  const auto choices = propose_engines(described.graph, target, {});
  REQUIRE(!choices.empty());
  CHECK(!choices[0].knobs.empty());
  const cudnn::Plan first(described.graph, target, choices[0]);
  const cudnn::Plan second(described.graph, target, *cudnn::parse_engine_choice(to_string(choices[0])));
  CHECK(first.workspace_bytes() == second.workspace_bytes());
  CHECK_THROWS_AS(cudnn::Plan(described.graph, target, EngineChoice{99999, {}}), cudnn::Error);
  EngineChoice impossible = choices[0];
  impossible.knobs[0].second = 99999;
  CHECK_THROWS_AS(cudnn::Plan(described.graph, target, impossible), cudnn::Error);
}

TEST_CASE("engine choices are read back, and nothing else is", "[cudnn]") {
  const EngineChoice choice{34, {{2, 8}, {15, -1}}};
  CHECK(to_string(choice) == "engine 34 2=8 15=-1");
  CHECK(cudnn::parse_engine_choice("engine 34 2=8 15=-1") == choice);
  CHECK(cudnn::parse_engine_choice("engine 0") == EngineChoice{0, {}});
  for (const char* text :
       {"", "engine", "engine x", "engine 3 2", "engine 3 2=", "engine 3 2=1 ", "motor 3", "engine 3 2:1"})
    CHECK(!cudnn::parse_engine_choice(text).has_value());
}

TEST_CASE("a graph that contradicts itself is refused with cuDNN's reason", "[cudnn]") {
  if (!can_describe_gpus()) return;
  const cudnn::Tensor input = {1, {2, 16, 8, 8}};
  const cudnn::Tensor weights = {2, {32, 16, 3, 3}};
  const cudnn::Tensor output = {3, {2, 32, 9, 9}};  // 8 would be right
  cudnn::Graph graph;
  try {
    graph.convolution_forward(input, weights, output, {1, 1});
    graph.finish(Target::described(described_h100()));
    FAIL("accepted");
  } catch (const cudnn::Error& error) {
    CHECK(std::string(error.what()).find("CUDNN_STATUS_BAD_PARAM") != std::string::npos);
  }
}

TEST_CASE("on cuda, other layouts and types are refused by name", "[cudnn]") {
  ConvolutionShape shape = shape_of(2, 8, 16, 16, 3, 1, DataType::float32);
  shape.input.blocks = 2;
  shape.input.lanes = 8;
  CHECK_THROWS_AS(describe_forward(shape), std::invalid_argument);
  shape = shape_of(2, 8, 16, 16, 3, 1, DataType::float32);
  shape.weight_layout = layout_oihw();
  CHECK_THROWS_AS(describe_backward_weights(shape), std::invalid_argument);
  CHECK_THROWS_AS(describe_forward(shape_of(2, 8, 16, 16, 3, 1, DataType::float64)), std::invalid_argument);
}

}  // namespace sleight::tests
