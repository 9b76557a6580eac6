// Prints the program of a model: as text, as a graph, its arena as an image, and what it costs.
#include <cstdio>
#include <map>

#include "engine/base/file.h"
#include "engine/base/format_bytes.h"
#include "engine/base/log.h"
#include "engine/program/execute.h"
#include "engine/program/print.h"
#include "engine/run/device_flags.h"
#include "tools/common/run_tool.h"
#include "tools/models/model_program.h"

namespace sleight {

namespace {

struct Options {
  ModelProgramOptions model{.model = "resnet50"};
  std::string device = "cpu", precision = "fp32", dot, svg, text;
  bool unfused = false, fuse_everything = false;
};

// What an operation does over the whole program.
struct Total {
  std::int64_t steps = 0;
  Cost cost;
};

void print_summary(const Executable& executable, const Context& context, std::int64_t batch_size) {
  const Program& program = executable.program();
  std::map<std::string_view, Total> totals;
  Total all, products;
  for (const Step& step : program.steps) {
    const Cost cost = cost_of(types_of(program, step), *step.operation);
    for (Total* total : {&totals[step.operation->name], &all}) {
      ++total->steps;
      total->cost.flops += cost.flops;
      total->cost.bytes += cost.bytes;
    }
    const std::string_view name = step.operation->name;
    if (name.starts_with("convolution") || name.starts_with("linear")) products.cost.bytes += cost.bytes;
  }
  std::printf("%-34s %6s %12s %12s\n", "operation", "steps", "GFLOP", "MB moved");
  const auto print = [](std::string_view name, const Total& total) {
    std::printf("%-34.*s %6lld %12.3f %12.1f\n", static_cast<int>(name.size()), name.data(),
                static_cast<long long>(total.steps), total.cost.flops * 1e-9, total.cost.bytes * 1e-6);
  };
  for (const auto& [name, total] : totals)
    print(name, total);
  print("all", all);
  const double images = 1e6 * static_cast<double>(batch_size);
  std::printf(
      "%.1f MB moved per image, every input read once and every output written once; convolutions and matrix "
      "products alone: %.1f MB, which would be left if all else were fused into them\n",
      all.cost.bytes / images, products.cost.bytes / images);
  for (const auto& [name, count] : executable.fusions()) {
    std::printf("fused %4d times: %.*s\n", count, static_cast<int>(name.size()), name.data());
  }
  const MemoryPlan& plan = executable.plan();
  std::printf("arena %s (most alive at once %s), parameters and optimizer %s\n", format_bytes(plan.arena_bytes).c_str(),
              format_bytes(plan.live_bytes_at_peak).c_str(), format_bytes(context.store.bytes()).c_str());
}

int show(Options options) {
  options.model.element = parse_precision(options.precision, options.device).element;
  Context context(options.device, 1);
  const Executable executable(
      model_program(options.model).program, context,
      {.fuse = !options.unfused, .fuse_everything = options.fuse_everything, .parameter_prefix = ""});
  if (options.text == "-") {
    std::fputs(to_text(executable.program()).c_str(), stdout);
  } else if (!options.text.empty()) {
    write_file_atomically(options.text, to_text(executable.program()));
  }
  if (!options.dot.empty()) write_file_atomically(options.dot, to_dot(executable.program()));
  if (!options.svg.empty()) write_file_atomically(options.svg, arena_to_svg(executable.program(), executable.plan()));
  print_summary(executable, context, options.model.batch_size);
  return 0;
}

class ShowProgram : public Tool {
 public:
  std::string description() const override {
    return "Show the program that trains or evaluates a model: its steps, its graph, its memory.";
  }

  void declare(OptionList& options) override {
    ModelProgramOptions& model = options_.model;
    options.add("model", model.model, "Name of the model, a classifier or a detector").unit("MODEL");
    options.add("batch-size", model.batch_size, "Images per step").unit("IMAGES").range(1, 1 << 20);
    options.add("image-size", model.image_size, "Side of the images; 0: the model's own").unit("PIXELS").range(0, 4096);
    options.add("classes", model.classes, "Number of classes; 0: 10 for CIFAR models, 80 for detectors, else 1000")
        .unit("CLASSES")
        .not_negative();
    declare_device(options, options_.device);
    declare_precision(options, options_.precision);
    options.add("evaluation", model.evaluation, "The evaluation program instead of the training step");
    options.add("unfused", options_.unfused, "Before the fusion rules");
    options
        .add("fuse-everything", options_.fuse_everything,
             "Also what this device has no fused kernel for: the program, and the count, of one that has")
        .excludes("unfused");
    options.add("text", options_.text, "Write all steps to this file; '-' prints them").unit("FILE").written();
    options.add("dot", options_.dot, "Write the graph to this file, for Graphviz: dot -Tsvg FILE")
        .unit("FILE")
        .written();
    options.add("svg", options_.svg, "Write an image of the arena to this file").unit("FILE").written();
  }

  int run() override { return show(options_); }

 private:
  Options options_;
};

const bool registered = register_tool<ShowProgram>("show_program");

}  // namespace

}  // namespace sleight
