// A whole training step of any model: time, images/s, arithmetic, fraction of the roofline, memory; with --profile
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
#include "engine/device/compute_threads.h"
#include "engine/device/handles.h"
#include "engine/program/execute.h"
#include "engine/run/device_flags.h"
#include "tools/common/run_tool.h"
#include "tools/models/model_program.h"

namespace sleight {

namespace {

// As many as an image of COCO has on average.
constexpr std::int64_t objects_in_a_image = 8;

struct Options {
  std::string model = "cifar_resnet20", json, record;
  DeviceFlags device;
  std::int64_t batch_size = 128, image_size = 0, classes = 0;
  int warm_up = 3, steps = 10;
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
  if (device.is_host()) return std::to_string(compute_threads()) + " threads, " + options.device.precision;
  return device.name() + " " + options.device.precision + (options.cuda_graphs ? ", captured" : ", not captured") +
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
  set_compute_threads(options.device.threads);
  const Precision precision = options.device.parsed_precision();
  ModelProgram traced = model_program({.model = options.model,
                                       .batch_size = options.batch_size,
                                       .image_size = options.image_size,
                                       .classes = options.classes,
                                       .maximum_objects = objects_in_a_image,
                                       .element = precision.element});
  Context context(options.device.name, 1,
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
  const double images = static_cast<double>(options.batch_size);
  std::printf(
      "%s batch %lld %lldx%lld, %s: %.2f ms per step (min %.2f, max %.2f, %d steps), %.1f images/s, "
      "%.1f GFLOP/s, %.1f MB moved per image, arena %s, %s memory %s\n",
      options.model.c_str(), static_cast<long long>(options.batch_size), static_cast<long long>(traced.image_size),
      static_cast<long long>(traced.image_size), setting_of(context.device, options).c_str(), median * 1e3,
      seconds.front() * 1e3, seconds.back() * 1e3, options.steps, images / median, cost.flops / median * 1e-9,
      cost.bytes * 1e-6 / images, format_bytes(executable.plan().arena_bytes).c_str(), on_host ? "peak" : "GPU",
      format_bytes(peak_memory).c_str());
  nlohmann::json report = {{"model", options.model},
                           {"batch_size", options.batch_size},
                           {"image_size", traced.image_size},
                           {"classes", traced.classes},
                           {"device", context.device.name()},
                           {"precision", options.device.precision},
                           {"cuda_graphs", options.cuda_graphs},
                           {"deterministic", options.deterministic},
                           {"threads", compute_threads()},
                           {"steps", options.steps},
                           {"seconds_median", median},
                           {"seconds_minimum", seconds.front()},
                           {"seconds_maximum", seconds.back()},
                           {"images_per_second", images / median},
                           {"gflops", cost.flops / median * 1e-9},
                           {"bytes_moved", cost.bytes},
                           {"arena_bytes", executable.plan().arena_bytes},
                           {"peak_memory_bytes", peak_memory}};
  if (options.roofline) {
    const DevicePeaks peaks = measure_peaks(context.device, precision.element);
    const double roofline = roofline_seconds(executable.program(), peaks);
    std::printf(
        "roofline %.1f images/s at the %.1f GFLOP/s of a matrix product and the %.1f GB/s of a copy, measured in "
        "this run; %.1f%% of it reached\n",
        images / roofline, peaks.flops_per_second * 1e-9, peaks.bytes_per_second * 1e-9, 100.0 * roofline / median);
    report.update({{"roofline_images_per_second", images / roofline},
                   {"roofline_fraction", roofline / median},
                   {"measured_peak_flops_per_second", peaks.flops_per_second},
                   {"measured_copy_bytes_per_second", peaks.bytes_per_second}});
  }
  if (!options.json.empty()) write_file_atomically(options.json, report.dump(2) + "\n");
  if (options.profile) print_profile(executable);
  return 0;
}

class BenchStep : public Tool {
 public:
  std::string description() const override { return "Time a whole training step: images in, updated weights out."; }

  void declare(OptionList& options) override {
    options.add("model", options_.model, "Name of the model, a classifier or a detector").unit("MODEL");
    options.add("batch-size", options_.batch_size, "Images per step").unit("IMAGES").range(1, 1 << 20);
    options.add("image-size", options_.image_size, "Side of the images; 0: the model's own")
        .unit("PIXELS")
        .range(0, 4096);
    options.add("classes", options_.classes, "Number of classes; 0: 10 for CIFAR models, 80 for detectors, else 1000")
        .unit("CLASSES")
        .not_negative();
    options_.device.declare(options);
    options.add("cuda-graphs", options_.cuda_graphs, "On a GPU: a step is one graph");
    options.add("deterministic", options_.deterministic,
                "On a GPU: only algorithms that give the same bits every time");
    options.add("warm-up", options_.warm_up, "Steps before the clock runs").unit("STEPS").not_negative();
    options.add("steps", options_.steps, "Steps that are timed").unit("STEPS").positive();
    options.add("unfused", options_.unfused, "Without the fusion rules");
    options.add("profile", options_.profile, "Print the time of each operation");
    options.add("roofline", options_.roofline,
                "Measure a matrix product and a copy as well, and say what part of their roofline was reached");
    options
        .add("record", options_.record,
             "Write the first step to this folder: weights before and after, batch, loss; compare_pytorch.py --check "
             "reads it")
        .unit("FOLDER")
        .written();
    options.add("json", options_.json, "Write the figures to this file").unit("FILE").written();
  }

  int run() override { return bench(options_); }

 private:
  Options options_;
};

const bool registered = register_tool<BenchStep>("bench_step");

}  // namespace

}  // namespace sleight
