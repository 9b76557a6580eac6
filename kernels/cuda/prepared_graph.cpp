#include "kernels/cuda/prepared_graph.h"

#include <stdexcept>

namespace sleight::kernels {
namespace {

using cudnn::EngineChoice;
using cudnn::Plan;
using cudnn::Plans;

// Heuristics propose up to a few dozen; their order is good, and the last of them were never seen to win.
constexpr std::size_t most_contestants = 16;

std::vector<std::int64_t> numbers_of(const DescribedGraph& described) {
  std::vector<std::int64_t> numbers;
  for (const GraphOperand& operand : described.operands)
    numbers.push_back(operand.number);
  return numbers;
}

// Empty when the library of today refuses what the cache says, which then is measured again.
std::optional<Plan> remembered_plan(CudaLibraries& libraries, const cudnn::Graph& graph, const TuningKey& key) {
  const std::optional<TuningEntry> entry = libraries.cache().find(key);
  if (!entry) return std::nullopt;
  const std::optional<EngineChoice> choice = cudnn::parse_engine_choice(entry->choice);
  std::string reason = "is not one of cuDNN's engines";
  if (choice) {
    try {
      Plan plan(graph, libraries.target(), *choice);
      if (plan.workspace_bytes() <= libraries.options().workspace_limit) return plan;
      reason = "now wants a larger workspace";
    } catch (const cudnn::Error& error) {
      reason = error.what();
    }
  }
  libraries.report("tuning cache: '" + entry->choice + "' no longer fits (" + reason + ") and is measured again");
  return std::nullopt;
}

std::vector<Plans::Candidate> make_candidates(CudaLibraries& libraries, const cudnn::Graph& graph,
                                              const cudnn::Demands& demands, std::size_t most) {
  const std::int64_t limit = libraries.options().workspace_limit;
  Plans plans = cudnn::make_plans(graph, libraries.target(), demands, limit, most);
  if (!plans.candidates.empty()) return std::move(plans.candidates);
  throw std::runtime_error(plans.refusals.empty()
                               ? "cuDNN has no engine for this on this GPU" +
                                     std::string(demands.deterministic ? " that is deterministic" : "") +
                                     std::string(demands.full_float32 ? " that keeps float32 (without TF32)" : "")
                               : "none of cuDNN's engines can be used, within a workspace of " + std::to_string(limit) +
                                     " bytes:" + plans.refusals);
}

Plan choose_plan(const Cuda& cuda, const DescribedGraph& described, const TuningKey& key,
                 const cudnn::Demands& demands) {
  CudaLibraries& libraries = *cuda.libraries;
  if (std::optional<Plan> plan = remembered_plan(libraries, described.graph, key)) return std::move(*plan);

  const bool tune = libraries.options().tune;
  std::vector<Plans::Candidate> candidates =
      make_candidates(libraries, described.graph, demands, tune ? most_contestants : 1);
  if (!tune) return std::move(candidates[0].plan);

  const std::vector<std::int64_t> numbers = numbers_of(described);
  std::vector<MeasuredOperand> operands;
  for (const GraphOperand& operand : described.operands)
    operands.push_back(operand.memory);
  std::vector<Contestant> contestants;
  for (Plans::Candidate& candidate : candidates) {
    contestants.push_back({candidate.plan.workspace_bytes(), [&](std::span<void* const> pointers, void* workspace) {
                             candidate.plan.run(libraries.cudnn(cuda.stream), numbers, pointers, workspace);
                           }});
  }
  const std::optional<Winner> winner = measure_fastest(cuda.stream, libraries.cache_bytes(), operands, contestants);
  if (!winner) {
    libraries.report("not measured, for want of GPU memory, and left to cuDNN's heuristics: " + key.text());
    return std::move(candidates[0].plan);
  }
  Plans::Candidate& best = candidates[winner->index];
  libraries.remember(key, {to_string(best.choice), winner->microseconds, best.plan.workspace_bytes()});
  return std::move(best.plan);
}

// Finished here so that the members can be initialized in their order.
DescribedGraph finished(DescribedGraph described, CudaLibraries& libraries) {
  described.graph.finish(libraries.target());
  return described;
}

}  // namespace

PreparedGraph::PreparedGraph(const Cuda& cuda, DescribedGraph described, const TuningKey& key,
                             const cudnn::Demands& demands)
    : cuda_(cuda),
      described_(finished(std::move(described), libraries_of(cuda))),
      numbers_(numbers_of(described_)),
      plan_(choose_plan(cuda, described_, key, demands)) {}

void PreparedGraph::run(std::span<const void* const> operands, void* workspace) {
  std::vector<void*> pointers;
  for (const void* operand : operands) {
    check_alignment(operand);
    pointers.push_back(const_cast<void*>(operand));
  }
  plan_.run(cuda_.libraries->cudnn(cuda_.stream), numbers_, pointers, workspace);
}

}  // namespace sleight::kernels
