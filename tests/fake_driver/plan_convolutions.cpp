// Asks the real cuDNN for a plan of every convolution of the models, for GPUs that are only described, and which of
// them it fuses with the batch norms around. Fails if a convolution that training cannot do without has no plan.
#include <dlfcn.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "engine/run/precision.h"
#include "kernels/cuda/convolution_graph.h"
#include "kernels/cuda/cudnn_library.h"
#include "tests/fake_driver/convolutions_of_models.h"
#include "tests/kernels/cuda/gpu_descriptions.h"
#include "tools/common/run_tool.h"
#include "tools/models/model_program.h"

namespace sleight::tests {

namespace {

kernels::DescribedGraph describe(const AskedConvolution& asked) {
  switch (asked.graph) {
    case ConvolutionGraph::forward:
      return kernels::describe_forward(asked.shape);
    case ConvolutionGraph::backward_data:
      return kernels::describe_backward_data(asked.shape);
    case ConvolutionGraph::backward_weights:
      return kernels::describe_backward_weights(asked.shape);
    case ConvolutionGraph::forward_with_statistics:
      return kernels::describe_forward_with_statistics(asked.shape);
    case ConvolutionGraph::normalized_forward_with_statistics:
      return kernels::describe_normalized_forward_with_statistics(asked.shape);
    default:
      return kernels::describe_normalized_backward_weights(asked.shape);
  }
}

bool is_fused(ConvolutionGraph graph) {
  return graph >= ConvolutionGraph::forward_with_statistics;
}

// What the stand-in for the driver has loaded; 0 for any other driver, or none.
int loaded_modules() {
  void* const library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
  if (library == nullptr) return 0;
  void* const function = dlsym(library, "sleight_fake_driver_loaded_modules");
  return function == nullptr ? 0 : reinterpret_cast<int (*)()>(function)();
}

struct Options {
  std::vector<std::string> models, gpus, precisions = {"bf16", "fp16", "tf32", "fp32"};
  std::int64_t one_in = 1;
  bool list = false;
};

class PlanConvolutions : public Tool {
 public:
  std::string description() const override {
    return "Make cuDNN's plan of every convolution of the models, for GPUs that are only described.";
  }

  void declare(OptionList& options) override {
    options_.models = model_names();
    for (const DescribedGpu& gpu : described_gpus)
      options_.gpus.emplace_back(gpu.name);
    options.add("models", options_.models, "Their names").unit("MODEL").separated_by(',').default_text("all");
    options.add("gpus", options_.gpus, "a100, h100, h200, b200").unit("GPU").separated_by(',').default_text("all");
    options.add("precisions", options_.precisions, "bf16, fp16, tf32, fp32")
        .unit("PRECISION")
        .separated_by(',')
        .default_text("all");
    options.add("one-in", options_.one_in, "Of the graphs, ask one in so many, chosen by a hash of its text")
        .unit("GRAPHS")
        .positive();
    options.add("list", options_.list, "Print every graph and the engine of its plan");
  }

  int run() override {
    if (kernels::cudnn::library().get_version() < 90800) {
      std::printf("[skipped] cuDNN %zu is older than 9.8: it plans for the GPU of this machine only\n",
                  kernels::cudnn::library().get_version());
      return 0;
    }
    for (const std::string& name : options_.gpus)
      check(std::ranges::any_of(described_gpus, [&](const DescribedGpu& gpu) { return gpu.name == name; }), "the GPU ",
            name, " is none of a100, h100, h200 and b200");
    int without_plan = 0;
    for (const DescribedGpu& gpu : described_gpus) {
      if (std::find(options_.gpus.begin(), options_.gpus.end(), gpu.name) == options_.gpus.end()) continue;
      for (const std::string& precision : options_.precisions)
        without_plan += plan_for(gpu, precision);
    }
    std::printf("modules loaded: %d, without a plan: %d\n", loaded_modules(), without_plan);
    return without_plan == 0 ? 0 : 1;
  }

 private:
  // The number of graphs without a plan, of those that are not fused.
  int plan_for(const DescribedGpu& gpu, const std::string& precision) const {
    const Precision parsed = parse_precision(precision, "cuda");
    const kernels::CudaLibraries libraries({.allow_tf32 = parsed.allow_tf32, .tune = false}, gpu.properties());
    struct Count {
      int asked = 0, planned = 0;
    };
    std::map<ConvolutionGraph, Count> counts;
    int without_plan = 0;
    for (const AskedConvolution& asked : convolutions_of(options_.models, parsed.element)) {
      const std::string text = to_string(asked);
      Fnv1a hash;
      hash.add(text);
      if (hash.value() % static_cast<std::uint64_t>(options_.one_in) != 0) continue;
      kernels::DescribedGraph described = describe(asked);
      described.graph.finish(libraries.target());
      const kernels::cudnn::Plans plans =
          make_plans(described.graph, libraries.target(), demands_on(libraries, asked.shape),
                     libraries.options().workspace_limit, 1);
      const bool has_plan = !plans.candidates.empty();
      Count& count = counts[asked.graph];
      ++count.asked;
      count.planned += has_plan ? 1 : 0;
      if (!has_plan && !is_fused(asked.graph)) {
        ++without_plan;
        std::printf("%s %s: no plan for %s%s\n", gpu.name, precision.c_str(), text.c_str(), plans.refusals.c_str());
      } else if (options_.list) {
        const std::string how = has_plan ? to_string(plans.candidates[0].choice) : "apart" + plans.refusals;
        std::printf("%s %s: %s: %s\n", gpu.name, precision.c_str(), text.c_str(), how.c_str());
      }
    }
    for (const auto& [graph, count] : counts)
      std::printf("%s %s: %s: %d of %d\n", gpu.name, precision.c_str(), name_of(graph), count.planned, count.asked);
    std::fflush(stdout);
    return without_plan;
  }

  Options options_;
};

const bool registered = register_tool<PlanConvolutions>("plan_convolutions");

}  // namespace

}  // namespace sleight::tests
