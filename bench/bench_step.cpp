// A whole training step of any model: time, pictures/s, arithmetic, fraction of the roofline, memory; with --profile
// also what each operation takes. On a GPU the steps are queued without a pause, as in a run, and timed by the GPU's
// own events.
#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "bench/noise_batch.h"
#include "bench/record_step.h"
#include "bench/roofline.h"
#include "engine/base/file.h"
#include "engine/base/format_bytes.h"
#include "engine/base/memory.h"
#include "engine/device/handles.h"
#include "engine/program/execute.h"
#include "tools/common/command_line.h"
#include "tools/common/model_program.h"
#include "tools/common/precision.h"
#include "tools/common/run_tool.h"

namespace sleight {

namespace {

// As many as a picture of COCO has on average.
constexpr std::int64_t objects_in_a_picture = 8;

struct Options {
  std::string model = "cifar_resnet20", device = "cpu", precision = "fp32", json, record;
  std::int64_t batch_size = 128, image_size = 0, classes = 0;
  int warm_up = 3, steps = 10, threads = 0;
  bool unfused = false, profile = false, cuda_graphs = true, deterministic = false, roofline = true;
};

void print_profile(Executable& executable) {
  const Program& program = executable.program();
  struct Total {
    double seconds = 0.0;
    int steps = 0;
    Cost cost;
  };
  std::map<std::string_view, Total> totals;
  constexpr int runs = 3;
  for (int run = 0; run < runs; ++run) {
    const std::vector<double> seconds = executable.profile();
    for (std::size_t i = 0; i < program.steps.size(); ++i) {
      const Step& step = program.steps[i];
      Total& total = totals[step.operation->name];
      total.seconds += seconds[i];
      if (run > 0) continue;
      const Cost cost = cost_of(types_of(program, step), *step.operation);
      ++total.steps;
      total.cost.flops += cost.flops;
      total.cost.bytes += cost.bytes;
    }
  }
  std::vector<std::pair<std::string_view, Total>> sorted(totals.begin(), totals.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
  std::printf("%-34s %6s %10s %10s %10s\n", "operation", "steps", "ms", "GFLOP/s", "GB/s");
  for (const auto& [name, total] : sorted) {
    const double seconds = total.seconds / runs;
    std::printf("%-34.*s %6d %10.3f %10.1f %10.1f\n", static_cast<int>(name.size()), name.data(), total.steps,
                seconds * 1e3, total.cost.flops / seconds * 1e-9, total.cost.bytes / seconds * 1e-9);
  }
}

// Seconds of each step. On a GPU none is waited for before the last is queued.
std::vector<double> time_steps(Executable& executable, const Device& device, int steps) {
  std::vector<double> seconds;
  const std::shared_ptr<Runtime>& runtime = device.runtime();
  std::vector<Event> events;
  for (int i = 0; i <= steps; ++i)
    events.emplace_back(runtime);
  events.front().record(Stream::compute);
  for (std::size_t i = 1; i < events.size(); ++i) {
    executable.run();
    events[i].record(Stream::compute);
  }
  events.back().synchronize();
  for (std::size_t i = 1; i < events.size(); ++i)
    seconds.push_back(events[i].milliseconds_since(events[i - 1]) * 1e-3);
  return seconds;
}

std::string setting_of(const Device& device, const Options& options) {
  if (device.is_host()) return std::to_string(compute_threads()) + " threads, " + options.precision;
  return device.name() + " " + options.precision + (options.cuda_graphs ? ", captured" : ", not captured") +
         (options.deterministic ? ", deterministic" : "");
}

void set_live_scalars(Context& context, const Precision& precision) {
  context.set_live_scalar(kernels::LiveScalar::learning_rate, 0.01);
  context.set_live_scalar(kernels::LiveScalar::momentum, 0.9);
  context.set_live_scalar(kernels::LiveScalar::weight_decay, 1e-4);
  // Small enough for no gradient to overflow: a step that is skipped would cost less.
  const double loss_scale = precision.scales_loss() ? 1024.0 : 1.0;
  context.set_live_scalar(kernels::LiveScalar::loss_scale, loss_scale);
  context.set_live_scalar(kernels::LiveScalar::gradient_scale, 1.0 / loss_scale);
}

int bench(const Options& options) {
  set_compute_threads(options.threads);
  const Precision precision = parse_precision(options.precision, options.device);
  ModelProgram traced = model_program({.model = options.model,
                                       .batch_size = options.batch_size,
                                       .image_size = options.image_size,
                                       .classes = options.classes,
                                       .maximum_objects = objects_in_a_picture,
                                       .element = precision.element});
  Context context(options.device, 1,
                  {.deterministic = options.deterministic, .allow_tf32 = precision.allow_tf32, .tuning_cache = {}});
  const Runtime& runtime = *context.device.runtime();
  const std::int64_t free_before = runtime.memory().free_bytes;
  Executable executable(std::move(traced.program), context,
                        {.fuse = !options.unfused, .graphs = options.cuda_graphs, .parameter_prefix = ""});
  set_live_scalars(context, precision);
  NoiseBatch batch(executable.program(), traced.classes);
  batch.bind_to(executable, context.device);
  if (!options.record.empty()) record_step(options.record, executable, context, batch);

  for (int i = 0; i < options.warm_up; ++i)
    executable.run();
  std::vector<double> seconds = time_steps(executable, context.device, options.steps);
  std::sort(seconds.begin(), seconds.end());
  const double median = seconds[seconds.size() / 2];
  const Cost cost = total_cost(executable.program());
  const bool on_host = context.device.is_host();
  const std::int64_t peak_memory =
      on_host ? memory_use().peak_resident_bytes : free_before - runtime.memory().free_bytes;
  const double pictures = static_cast<double>(options.batch_size);
  std::printf(
      "%s batch %lld %lldx%lld, %s: %.2f ms per step (min %.2f, max %.2f, %d steps), %.1f pictures/s, "
      "%.1f GFLOP/s, %.1f MB moved per picture, arena %s, %s memory %s\n",
      options.model.c_str(), static_cast<long long>(options.batch_size), static_cast<long long>(traced.image_size),
      static_cast<long long>(traced.image_size), setting_of(context.device, options).c_str(), median * 1e3,
      seconds.front() * 1e3, seconds.back() * 1e3, options.steps, pictures / median, cost.flops / median * 1e-9,
      cost.bytes * 1e-6 / pictures, format_bytes(executable.plan().arena_bytes).c_str(), on_host ? "peak" : "GPU",
      format_bytes(peak_memory).c_str());
  nlohmann::json report = {{"model", options.model},
                           {"batch_size", options.batch_size},
                           {"image_size", traced.image_size},
                           {"classes", traced.classes},
                           {"device", context.device.name()},
                           {"precision", options.precision},
                           {"cuda_graphs", options.cuda_graphs},
                           {"deterministic", options.deterministic},
                           {"threads", compute_threads()},
                           {"steps", options.steps},
                           {"seconds_median", median},
                           {"seconds_minimum", seconds.front()},
                           {"seconds_maximum", seconds.back()},
                           {"pictures_per_second", pictures / median},
                           {"gflops", cost.flops / median * 1e-9},
                           {"bytes_moved", cost.bytes},
                           {"arena_bytes", executable.plan().arena_bytes},
                           {"peak_memory_bytes", peak_memory}};
  if (options.roofline) {
    const DevicePeaks peaks = measure_peaks(context.device, precision.element);
    const double roofline = roofline_seconds(executable.program(), peaks);
    std::printf(
        "roofline %.1f pictures/s at the %.1f GFLOP/s of a matrix product and the %.1f GB/s of a copy, measured in "
        "this run; %.1f%% of it reached\n",
        pictures / roofline, peaks.flops_per_second * 1e-9, peaks.bytes_per_second * 1e-9, 100.0 * roofline / median);
    report.update({{"roofline_pictures_per_second", pictures / roofline},
                   {"roofline_fraction", roofline / median},
                   {"measured_peak_flops_per_second", peaks.flops_per_second},
                   {"measured_copy_bytes_per_second", peaks.bytes_per_second}});
  }
  if (!options.json.empty()) write_file_atomically(options.json, report.dump(2) + "\n");
  if (options.profile) print_profile(executable);
  return 0;
}

}  // namespace

}  // namespace sleight

int main(int argument_count, char** arguments) {
  sleight::CommandLine command_line("Time a whole training step: pictures in, updated weights out.");
  sleight::Options options;
  command_line.add_option("--model", options.model, "Name of the model, a classifier or a detector");
  command_line.add_option("--batch-size", options.batch_size, "Pictures per step").range(1, 1 << 20);
  command_line.add_option("--image-size", options.image_size, "Side of the pictures in pixels; 0: the model's own");
  command_line
      .add_option("--classes", options.classes,
                  "Number of classes; 0: 10 for CIFAR models, 80 for detectors, else 1000")
      .not_negative();
  command_line.add_option("--device", options.device, "cpu, simt, cuda or cuda:1");
  command_line
      .add_option(
          "--precision", options.precision,
          "bf16 and fp16 store activations in 16 bits; tf32 multiplies float32 numbers on the tensor cores of a GPU")
      .one_of({"fp32", "tf32", "bf16", "fp16"});
  command_line.add_flag("--cuda-graphs,!--no-cuda-graphs", options.cuda_graphs,
                        "On a GPU: a step is one graph (default)");
  command_line.add_flag("--deterministic", options.deterministic,
                        "On a GPU: only algorithms that give the same bits every time");
  command_line.add_option("--threads", options.threads, "Compute threads; 0: one per core");
  command_line.add_option("--warm-up", options.warm_up, "Steps before the clock runs").not_negative();
  command_line.add_option("--steps", options.steps, "Steps that are timed").positive();
  command_line.add_flag("--unfused", options.unfused, "Without the fusion rules");
  command_line.add_flag("--profile", options.profile, "Print the time of each operation");
  command_line.add_flag(
      "--roofline,!--no-roofline", options.roofline,
      "Measure a matrix product and a copy as well, and say what part of their roofline was reached (default)");
  command_line.add_option(
      "--record", options.record,
      "Write the first step to this folder: weights before and after, batch, loss; compare_pytorch.py --check "
      "reads it");
  command_line.add_option("--json", options.json, "Write the figures to this file");
  return sleight::run_tool(command_line, argument_count, arguments, [&] { return sleight::bench(options); });
}
