// How fast is every operation? The cases of tests/cases with shapes of real networks.
//
//   bench_kernels --device cuda --benchmark_filter=batch_norm_apply --benchmark_out=kernels.json
//
// --device cpu (default): float32, images in the blocked layout wherever a plan would choose it.
// --device cuda, cuda:1: float32 and bfloat16, timed by the GPU's own events around a graph of many runs, which take
// turns on so many sets of memory that no cache holds one until it comes again.
//
// Each row reports time, the bytes that one run moves (every input read once, every output written once) and how many
// that is per second, flops per second where the operation counts them, and `of_copy`: the bytes per second as a
// fraction of what a large copy reached in the same run of this program. Operations that move memory should be near 1;
// on the cpu, cases smaller than the caches go above. On a GPU `of_equal_copy` compares with a copy that moves as many
// bytes as the row does, for even a copy is slower when it is short.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "bench/measured_copy.h"
#include "engine/device/compute_threads.h"
#include "engine/device/handles.h"
#include "tests/cases/run_case.h"

namespace sleight {
namespace {

void report(benchmark::State& state, const Cost& cost, double seconds_per_run, double copied_bytes_per_second) {
  const double bytes_per_second = cost.bytes / seconds_per_run;
  state.counters["bytes"] = benchmark::Counter(cost.bytes, benchmark::Counter::kDefaults, benchmark::Counter::kIs1000);
  state.counters["bytes_per_second"] =
      benchmark::Counter(bytes_per_second, benchmark::Counter::kDefaults, benchmark::Counter::kIs1000);
  state.counters["of_copy"] = bytes_per_second / copied_bytes_per_second;
  if (cost.flops > 0.0) state.counters["flops_per_second"] = cost.flops / seconds_per_run;
}

void measure_on_host(benchmark::State& state, const Device& device, const cases::Case& description) {
  cases::PreparedCase prepared(description, device, {.element = DataType::float32, .blocked = true});
  prepared.run();  // the first run touches the memory
  double seconds = 0.0;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    prepared.run();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(elapsed.count());
    seconds += elapsed.count();
  }
  report(state, prepared.cost(), seconds / static_cast<double>(state.iterations()), host_copy_bytes_per_second());
  if (prepared.has_blocked_values()) state.SetLabel("blocked");
}

// A case on the GPU, kept for the repetitions of one row.
class GpuCase {
 public:
  GpuCase(const Device& device, const cases::Case& description, DataType element)
      : runtime_(device.runtime()),
        prepared_(description, device, {.element = element, .repeated_values = true}),
        sets_(static_cast<std::size_t>(sets_beyond_caches(prepared_.device_bytes()))) {
    prepared_.make_sets(sets_);
    for (std::size_t set = 0; set < sets_; ++set)
      prepared_.run(set);  // what happens at a first run is not to be recorded
    runtime_->synchronize(Stream::compute);
    graph_ = Graph(runtime_, Stream::compute, [this] {
      for (std::size_t run = 0; run < runs(); ++run)
        prepared_.run(run % sets_);
    });
    seconds_per_run();
  }

  Cost cost() const { return prepared_.cost(); }
  std::int64_t runs_per_graph() const { return static_cast<std::int64_t>(runs()); }

  double seconds_per_run() {
    start_.record(Stream::compute);
    graph_.launch(Stream::compute);
    stop_.record(Stream::compute);
    stop_.synchronize();
    return stop_.milliseconds_since(start_) * 1e-3 / static_cast<double>(runs());
  }

 private:
  std::size_t runs() const { return std::max<std::size_t>(sets_, 16); }

  std::shared_ptr<Runtime> runtime_;
  cases::PreparedCase prepared_;
  std::size_t sets_;
  Graph graph_;
  Event start_{runtime_}, stop_{runtime_};
};

void measure_on_gpu(benchmark::State& state, const Device& device, MeasuredCopy& copy, const cases::Case& description,
                    DataType element) {
  // One at a time: a row's sets of memory make way for the next row's.
  static std::string current;
  static std::unique_ptr<GpuCase> prepared;
  const std::string name = description.name() + std::string(name_of(element));
  if (current != name) {
    prepared.reset();
    prepared = std::make_unique<GpuCase>(device, description, element);
    current = name;
  }
  double fastest = 1e30;
  for (auto _ : state) {
    const double seconds = prepared->seconds_per_run();
    state.SetIterationTime(seconds);
    fastest = std::min(fastest, seconds);
  }
  const Cost cost = prepared->cost();
  report(state, cost, fastest, copy.bytes_per_second());
  state.counters["of_equal_copy"] =
      cost.bytes / fastest / copy.bytes_per_second(static_cast<std::int64_t>(cost.bytes / 2.0));
}

// Takes "--device NAME" or "--device=NAME" out of the arguments; the rest is Google Benchmark's.
std::string take_device(int& count, char** arguments) {
  std::string device = "cpu";
  int kept = 1;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = arguments[i];
    if (word == "--device" && i + 1 < count) {
      device = arguments[++i];
    } else if (word.starts_with("--device=")) {
      device = word.substr(std::string_view("--device=").size());
    } else {
      arguments[kept++] = arguments[i];
    }
  }
  count = kept;
  return device;
}

void register_host_rows(const Device& device) {
  for (const cases::Case& description : cases::all_cases()) {
    if (description.size != cases::Size::large) continue;
    benchmark::RegisterBenchmark(description.name().c_str(),
                                 [&](benchmark::State& state) { measure_on_host(state, device, description); })
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  }
}

void register_gpu_rows(const Device& device, MeasuredCopy& copy) {
  // Fixed, because each graph holds many runs, and setting up a row takes longer than measuring it.
  constexpr int graphs = 20;
  for (const cases::Case& description : cases::all_cases()) {
    if (description.size == cases::Size::small) continue;
    for (const DataType element : {DataType::float32, DataType::bfloat16}) {
      if (element == DataType::bfloat16 && !description.bfloat16) continue;
      const std::string name = description.name() + "/" + std::string(name_of(element));
      benchmark::RegisterBenchmark(
          name.c_str(),
          [&, element](benchmark::State& state) { measure_on_gpu(state, device, copy, description, element); })
          ->UseManualTime()
          ->Iterations(graphs)
          ->Unit(benchmark::kMicrosecond);
    }
  }
}

int run(int argument_count, char** arguments) {
  const std::string name = take_device(argument_count, arguments);
  benchmark::Initialize(&argument_count, arguments);
  if (benchmark::ReportUnrecognizedArguments(argument_count, arguments)) return 1;
  const Device device(name);
  benchmark::AddCustomContext("device", device.name());
  std::optional<MeasuredCopy> copy;
  if (device.is_host()) {
    benchmark::AddCustomContext("compute_threads", std::to_string(compute_threads()));
    benchmark::AddCustomContext("copy_bytes_per_second", std::to_string(host_copy_bytes_per_second()));
    register_host_rows(device);
  } else {
    copy.emplace(device.runtime());
    benchmark::AddCustomContext("copy_bytes_per_second", std::to_string(copy->bytes_per_second()));
    register_gpu_rows(device, *copy);
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace sleight

int main(int argument_count, char** arguments) {
  try {
    return sleight::run(argument_count, arguments);
  } catch (const std::exception& error) {
    std::cerr << "bench_kernels: " << error.what() << "\n";
    return 1;
  }
}
