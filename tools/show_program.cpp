// Prints the program of a model: as text, as a graph, its arena as a picture, and what it costs.
#include <cstdio>
#include <map>

#include "engine/base/file.h"
#include "engine/base/format_bytes.h"
#include "engine/base/log.h"
#include "engine/program/execute.h"
#include "engine/program/print.h"
#include "tools/common/command_line.h"
#include "tools/common/model_program.h"
#include "tools/common/precision.h"
#include "tools/common/run_tool.h"

namespace {

// What an operation does over the whole program.
struct Total {
  std::int64_t steps = 0;
  sleight::Cost cost;
};

void print_summary(const sleight::Executable& executable, const sleight::Context& context, std::int64_t batch_size) {
  const sleight::Program& program = executable.program();
  std::map<std::string_view, Total> totals;
  Total all, products;
  for (const sleight::Step& step : program.steps) {
    const sleight::Cost cost = sleight::cost_of(sleight::types_of(program, step), *step.operation);
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
  const double pictures = 1e6 * static_cast<double>(batch_size);
  std::printf(
      "%.1f MB moved per picture, every input read once and every output written once; convolutions and matrix "
      "products alone: %.1f MB, which would be left if all else were fused into them\n",
      all.cost.bytes / pictures, products.cost.bytes / pictures);
  for (const auto& [name, count] : executable.fusions()) {
    std::printf("fused %4d times: %.*s\n", count, static_cast<int>(name.size()), name.data());
  }
  const sleight::MemoryPlan& plan = executable.plan();
  std::printf("arena %s (most alive at once %s), parameters and optimizer %s\n",
              sleight::format_bytes(plan.arena_bytes).c_str(), sleight::format_bytes(plan.live_bytes_at_peak).c_str(),
              sleight::format_bytes(context.store.bytes()).c_str());
}

}  // namespace

int main(int argument_count, char** arguments) {
  sleight::CommandLine command_line(
      "Show the program that trains or evaluates a model: its steps, its graph, its memory.");
  sleight::ModelProgramOptions options{.model = "resnet50"};
  std::string device = "cpu", precision = "fp32", dot, svg, text;
  bool unfused = false, fuse_everything = false;
  command_line.add_option("--model", options.model, "Name of the model, a classifier or a detector");
  command_line.add_option("--batch-size", options.batch_size, "Pictures per step").range(1, 1 << 20);
  command_line.add_option("--image-size", options.image_size, "Side of the pictures in pixels; 0: the model's own")
      .range(0, 4096);
  command_line
      .add_option("--classes", options.classes,
                  "Number of classes; 0: 10 for CIFAR models, 80 for detectors, else 1000")
      .not_negative();
  command_line.add_option("--device", device, "cpu, cuda (cuda:1 for the second GPU) or simt");
  sleight::add_precision_option(command_line, precision);
  command_line.add_flag("--evaluation", options.evaluation, "The evaluation program instead of the training step");
  command_line.add_flag("--unfused", unfused, "Before the fusion rules");
  command_line
      .add_flag("--fuse-everything", fuse_everything,
                "Also what this device has no fused kernel for: the program, and the count, of one that has")
      .excludes("--unfused");
  command_line.add_option("--text", text, "Write all steps to this file; '-' prints them");
  command_line.add_option("--dot", dot, "Write the graph to this file, for Graphviz: dot -Tsvg FILE");
  command_line.add_option("--svg", svg, "Write a picture of the arena to this file");
  return sleight::run_tool(command_line, argument_count, arguments, [&] {
    options.element = sleight::parse_precision(precision, device).element;
    sleight::Context context(device, 1);
    const sleight::Executable executable(
        sleight::model_program(options).program, context,
        {.fuse = !unfused, .fuse_everything = fuse_everything, .parameter_prefix = ""});
    if (text == "-") {
      std::fputs(sleight::to_text(executable.program()).c_str(), stdout);
    } else if (!text.empty()) {
      sleight::write_file_atomically(text, sleight::to_text(executable.program()));
    }
    if (!dot.empty()) sleight::write_file_atomically(dot, sleight::to_dot(executable.program()));
    if (!svg.empty())
      sleight::write_file_atomically(svg, sleight::arena_to_svg(executable.program(), executable.plan()));
    print_summary(executable, context, options.batch_size);
    return 0;
  });
}
