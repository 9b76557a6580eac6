#include <algorithm>
#include <array>

#include "tests/fake_gpu/cudnn_descriptor.h"
#include "tests/fake_gpu/cudnn_engine.h"
#include "tests/fake_gpu/work.h"

namespace sleight::fake {

namespace {

// In the order in which the heuristics propose them. The fastest one that keeps its promises is 20, except where
// float32 may be rounded to TF32.
constexpr std::array<Engine, 6> engines = {
    Engine{.index = 10, .microseconds = 30, .float32_microseconds = 12, .knob_values = 1, .tensor_cores = true},
    Engine{.index = 30, .microseconds = 5, .makes_plans = false},
    Engine{.index = 20, .microseconds = 15, .workspace_bytes = 1000, .knob_values = 1},
    Engine{.index = 40, .microseconds = 8, .workspace_bytes = 256, .nondeterministic = true},
    Engine{.index = 50, .microseconds = 4, .reduced_sums = true},
    Engine{.index = 60, .microseconds = 90}};
constexpr std::int64_t fallback_engine = 60;

std::shared_ptr<const Descriptor> described_engine(const std::shared_ptr<const Descriptor>& graph,
                                                   const Engine& engine) {
  auto result = std::make_shared<Descriptor>(Descriptor{.type = CUDNN_BACKEND_ENGINE_DESCRIPTOR});
  result->put(CUDNN_ATTR_ENGINE_OPERATION_GRAPH, {graph});
  result->put(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, std::vector<std::int64_t>{engine.index});
  describe_engine(*result);
  result->finalized = true;
  return result;
}

std::shared_ptr<const Descriptor> configuration(const std::shared_ptr<const Descriptor>& graph, const Engine& engine,
                                                std::int64_t knob_value) {
  auto result = std::make_shared<Descriptor>(Descriptor{.type = CUDNN_BACKEND_ENGINECFG_DESCRIPTOR});
  result->put(CUDNN_ATTR_ENGINECFG_ENGINE, {described_engine(graph, engine)});
  std::vector<std::shared_ptr<const Descriptor>> knobs;
  if (knob_value > 0) {
    auto knob = std::make_shared<Descriptor>(Descriptor{.type = CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR});
    knob->put(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, std::vector<cudnnBackendKnobType_t>{the_knob});
    knob->put(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, std::vector<std::int64_t>{knob_value});
    knob->finalized = true;
    knobs.push_back(std::move(knob));
  }
  result->put(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, std::move(knobs));
  result->finalized = true;
  return result;
}

}  // namespace

const Engine& engine_of(std::int64_t index) {
  const auto found =
      std::find_if(engines.begin(), engines.end(), [&](const Engine& engine) { return engine.index == index; });
  if (found == engines.end()) throw Refusal{CUDNN_STATUS_BAD_PARAM, "there is no engine " + std::to_string(index)};
  return *found;
}

// What kernels/cuda/README.md says that cuDNN fuses.
Pattern pattern_of(const Descriptor& graph) {
  std::string operations;
  Pattern pattern;
  TensorShape weights;
  for (const auto& operation : graph.find(CUDNN_ATTR_OPERATIONGRAPH_OPS).descriptors) {
    switch (operation->type) {
      case CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR:
        operations += "p";
        break;
      case CUDNN_BACKEND_OPERATION_GEN_STATS_DESCRIPTOR:
        operations += "s";
        break;
      case CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
        weights = tensor_shape(operation->descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W));
        operations += "f";
        break;
      case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR:
        weights = tensor_shape(operation->descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW));
        operations += "w";
        break;
      case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
        weights = tensor_shape(operation->descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W));
        operations += "d";
        break;
      default:
        operations += "?";
    }
  }
  pattern.float32 = weights.type == CUDNN_DATA_FLOAT;
  pattern.fused = operations == "fs" || operations == "pppfs" || operations == "pppw";
  const bool plain = operations == "f" || operations == "d" || operations == "w" || operations == "fp";
  const bool eights = weights.size[0] % 8 == 0 && weights.size[1] % 8 == 0;
  const bool fuses = operations == "fs" || operations == "pppfs" ||
                     (operations == "pppw" && weights.type == CUDNN_DATA_HALF && eights);
  pattern.supported = plain || fuses;
  if (!pattern.supported) pattern.reason = "no engine for the operations " + operations;
  return pattern;
}

void propose(Descriptor& heuristics) {
  const auto graph = heuristics.find(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH).descriptors.at(0);
  const Pattern pattern = pattern_of(*graph);
  if (!pattern.supported) throw Refusal{CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN, pattern.reason};
  const bool fallback =
      heuristics.value<cudnnBackendHeurMode_t>(CUDNN_ATTR_ENGINEHEUR_MODE) == CUDNN_HEUR_MODE_FALLBACK;
  std::vector<std::shared_ptr<const Descriptor>> results;
  for (const Engine& engine : engines) {
    if ((engine.index == fallback_engine) != fallback) continue;
    if (pattern.fused && pattern.float32 && !engine.tensor_cores) continue;  // float32 is fused as TF32 alone
    results.push_back(configuration(graph, engine, engine.knob_values));
  }
  heuristics.put(CUDNN_ATTR_ENGINEHEUR_RESULTS, std::move(results));
}

void describe_engine(Descriptor& engine) {
  const Engine& known = engine_of(engine.value<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX));
  const Pattern pattern = pattern_of(engine.descriptor(CUDNN_ATTR_ENGINE_OPERATION_GRAPH));
  if (!pattern.supported) throw Refusal{CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN, pattern.reason};
  std::vector<cudnnBackendNumericalNote_t> notes;
  if (known.tensor_cores || !pattern.float32) notes.push_back(CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
  if (known.nondeterministic) notes.push_back(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC);
  if (known.reduced_sums) notes.push_back(CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION);
  engine.put(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, notes);
}

void check_configuration(const Descriptor& configured) {
  const Engine& engine =
      engine_of(configured.descriptor(CUDNN_ATTR_ENGINECFG_ENGINE).value<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX));
  if (!configured.has(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES)) return;
  for (const auto& knob : configured.find(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES).descriptors) {
    const auto type = knob->value<cudnnBackendKnobType_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE);
    const auto value = knob->value<std::int64_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE);
    if (type != the_knob || value < 1 || value > engine.knob_values)
      throw Refusal{CUDNN_STATUS_NOT_SUPPORTED, "the engine has no such knob or value"};
  }
}

void make_plan(Descriptor& plan) {
  const Descriptor& configured = plan.descriptor(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
  const Engine& engine =
      engine_of(configured.descriptor(CUDNN_ATTR_ENGINECFG_ENGINE).value<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX));
  if (!engine.makes_plans) throw Refusal{CUDNN_STATUS_NOT_SUPPORTED, "this engine makes no plan for this graph"};
  const Descriptor& graph =
      configured.descriptor(CUDNN_ATTR_ENGINECFG_ENGINE).descriptor(CUDNN_ATTR_ENGINE_OPERATION_GRAPH);
  if (pattern_of(graph).fused && !compile_kernel())
    throw Refusal{CUDNN_STATUS_INTERNAL_ERROR_COMPILATION_FAILED, "the kernel of this engine does not compile"};
  plan.put(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64,
           std::vector<std::int64_t>{engine.workspace_bytes});
}

}  // namespace sleight::fake
