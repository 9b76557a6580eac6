// Engines and plans: the second half of operation_graph.h.
#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "kernels/cuda/operation_graph.h"

namespace sleight::kernels::cudnn {
namespace {

// The heuristics' lists are shorter.
constexpr std::int64_t most_proposals = 128;

EngineChoice read_choice(const Descriptor& configuration, const Descriptor& engine) {
  EngineChoice choice;
  choice.engine = engine.get<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX).at(0);
  for (const Descriptor& knob : configuration.get(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES,
                                                  CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, CUDNN_KNOB_TYPE_COUNTS)) {
    choice.knobs.emplace_back(knob.get<cudnnBackendKnobType_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE).at(0),
                              knob.get<std::int64_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE).at(0));
  }
  return choice;
}

// What cuDNN says of an engine's numbers.
class Notes {
 public:
  explicit Notes(const Descriptor& engine)
      : notes_(engine.get<cudnnBackendNumericalNote_t>(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE)) {}
  bool operator()(cudnnBackendNumericalNote_t note) const {
    return std::find(notes_.begin(), notes_.end(), note) != notes_.end();
  }

 private:
  std::vector<cudnnBackendNumericalNote_t> notes_;
};

bool meets(const Demands& demands, const Descriptor& engine) {
  const Notes has(engine);
  if (demands.deterministic && has(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)) return false;
  if (demands.full_float32 && (has(CUDNN_NUMERICAL_NOTE_TENSOR_CORE) || has(CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS)))
    return false;
  return !has(CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION) && !has(CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6) &&
         !has(CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13);
}

// What cuDNN's heuristics of this mode propose; nothing where they know no engine for the graph.
std::vector<Descriptor> ask(const Graph& graph, const Target& target, cudnnBackendHeurMode_t mode) {
  Descriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph.descriptor());
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_MODE, mode);
  target.set_on(heuristics, -1, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP);
  try {
    heuristics.finalize();
  } catch (const Error& error) {
    if (error.is_not_supported()) return {};
    throw;
  }
  return heuristics.get(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, most_proposals);
}

// An engine from its number. Finalizing checks that this version still has it for this graph; so it is with its knobs.
Descriptor make_engine(const Graph& graph, const Target& target, std::int64_t index) {
  Descriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  engine.set(CUDNN_ATTR_ENGINE_OPERATION_GRAPH, graph.descriptor());
  engine.set(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, index);
  target.set_on(engine, -1, CUDNN_ATTR_ENGINE_DEVICEPROP);
  engine.finalize();
  return engine;
}

Descriptor configure(const Graph& graph, const Target& target, const EngineChoice& choice) {
  const Descriptor engine = make_engine(graph, target, choice.engine);
  std::vector<Descriptor> knobs;
  for (const auto& [type, value] : choice.knobs) {
    Descriptor& knob = knobs.emplace_back(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
    knob.set(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, static_cast<cudnnBackendKnobType_t>(type));
    knob.set(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, value);
    knob.finalize();
  }
  Descriptor configuration(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
  configuration.set(CUDNN_ATTR_ENGINECFG_ENGINE, engine);
  if (!knobs.empty()) configuration.set(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, std::span<const Descriptor>(knobs));
  configuration.finalize();
  return configuration;
}

Descriptor make_plan(const Graph& graph, const Target& target, const EngineChoice& choice) {
  const Descriptor configuration = configure(graph, target, choice);
  Descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
  target.set_on(plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP);
  plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration);
  plan.finalize();
  return plan;
}

}  // namespace

std::string to_string(const EngineChoice& choice) {
  std::string text = "engine " + std::to_string(choice.engine);
  for (const auto& [type, value] : choice.knobs)
    text += " " + std::to_string(type) + "=" + std::to_string(value);
  return text;
}

std::optional<EngineChoice> parse_engine_choice(const std::string& text) {
  std::istringstream stream(text);
  std::string word;
  EngineChoice choice;
  if (!(stream >> word >> choice.engine) || word != "engine") return std::nullopt;
  int type = 0;
  char equals = 0;
  std::int64_t value = 0;
  while (stream >> type >> equals >> value)
    choice.knobs.emplace_back(type, value);
  // Only what reads back as the same text was read completely.
  if (to_string(choice) != text) return std::nullopt;
  return choice;
}

std::vector<EngineChoice> propose_engines(const Graph& graph, const Target& target, const Demands& demands) {
  std::vector<EngineChoice> choices;
  for (const cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    for (const Descriptor& configuration : ask(graph, target, mode)) {
      const std::vector<Descriptor> engines =
          configuration.get(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR, 1);
      if (engines.empty() || !meets(demands, engines[0])) continue;
      const EngineChoice choice = read_choice(configuration, engines[0]);
      if (std::find(choices.begin(), choices.end(), choice) == choices.end()) choices.push_back(choice);
    }
  }
  return choices;
}

Plans make_plans(const Graph& graph, const Target& target, const Demands& demands, std::int64_t workspace_limit,
                 std::size_t most) {
  Plans plans;
  for (const EngineChoice& choice : propose_engines(graph, target, demands)) {
    if (plans.candidates.size() == most) break;
    std::string refusal;
    try {
      Plan plan(graph, target, choice);
      if (plan.workspace_bytes() <= workspace_limit) {
        plans.candidates.push_back({choice, std::move(plan)});
        continue;
      }
      refusal = "a workspace of " + std::to_string(plan.workspace_bytes()) + " bytes";
    } catch (const Error& error) {
      refusal = error.what();
      if (error.is_failure() && plans.failure.empty()) plans.failure = refusal;
    }
    plans.refusals += "\n  " + to_string(choice) + ": " + refusal;
  }
  return plans;
}

Offer ask_for(Graph& graph, const Target& target, const Demands& demands, std::int64_t workspace_limit) {
  try {
    graph.finish(target);
    const Plans plans = make_plans(graph, target, demands, workspace_limit, 1);
    if (!plans.candidates.empty()) return {.is_offered = true, .failure = {}};
    return {.is_offered = false, .failure = plans.failure};
  } catch (const Error& error) {
    return {.is_offered = false, .failure = error.is_failure() ? error.what() : ""};
  }
}

Plan::Plan(const Graph& graph, const Target& target, const EngineChoice& choice)
    : plan_(make_plan(graph, target, choice)),
      workspace_bytes_(plan_.get<std::int64_t>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE).at(0)),
      is_deterministic_(!Notes(make_engine(graph, target, choice.engine))(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)) {}

void Plan::run(cudnnHandle_t handle, std::span<const std::int64_t> numbers, std::span<void* const> pointers,
               void* workspace) {
  std::vector<void*> wanted(pointers.begin(), pointers.end());
  wanted.push_back(workspace);
  if (!pack_ || wanted != packed_pointers_) {
    Descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, numbers);
    pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, pointers);
    pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, workspace);
    pack.finalize();
    pack_ = std::move(pack);
    packed_pointers_ = std::move(wanted);
  }
  check(library().execute(handle, plan_.get(), pack_->get()), "cudnnBackendExecute");
}

}  // namespace sleight::kernels::cudnn
