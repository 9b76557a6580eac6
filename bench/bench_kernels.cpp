// How fast is every operation? The cases of tests/cases with shapes of real networks, on the cpu in float32, pictures
// in the blocked layout wherever a plan would choose it.
//
//   bench_kernels --benchmark_filter=batch_norm_apply --benchmark_out=kernels.json
//
// Each row reports time, bytes per second (every input read once, every output written once), flops per second where
// the operation counts them, and `of_copy`: the bytes per second as a fraction of what a parallel copy of 256 MiB
// reached in the same run. Operations that move memory should be near 1; cases smaller than the caches go above.
#include <benchmark/benchmark.h>
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <vector>

#include "engine/device/device.h"
#include "tests/cases/run_case.h"

namespace sleight {
namespace {

constexpr std::int64_t copied_bytes = std::int64_t{256} << 20;

// One share of the memory for each thread, touched first by the thread that copies it.
class Copy {
 public:
  Copy() : from_(copied_bytes), to_(copied_bytes) { run(); }

  void run() {
    std::byte* to = to_.data();
    const std::byte* from = from_.data();
#pragma omp parallel
    {
      const std::int64_t share = copied_bytes / omp_get_num_threads();
      const std::int64_t begin = share * omp_get_thread_num();
      const std::int64_t end = omp_get_thread_num() + 1 == omp_get_num_threads() ? copied_bytes : begin + share;
      std::memcpy(to + begin, from + begin, static_cast<std::size_t>(end - begin));
    }
    benchmark::ClobberMemory();
  }

 private:
  Buffer from_, to_;
};

// Bytes read and written per second, the best of several, measured once per run of this program.
double copy_bytes_per_second() {
  static const double best = [] {
    Copy copy;
    double fastest = 0.0;
    for (int i = 0; i < 8; ++i) {
      const auto start = std::chrono::steady_clock::now();
      copy.run();
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      fastest = std::max(fastest, 2.0 * static_cast<double>(copied_bytes) / seconds.count());
    }
    return fastest;
  }();
  return best;
}

void measure_copy(benchmark::State& state) {
  Copy copy;
  for (auto _ : state)
    copy.run();
  state.SetBytesProcessed(state.iterations() * 2 * copied_bytes);
}

void measure_case(benchmark::State& state, const cases::Case& description) {
  const Device cpu("cpu");
  cases::PreparedCase prepared(description, cpu, {.element = DataType::float32, .blocked = true});
  prepared.run();  // the first run touches the memory
  double seconds = 0.0;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    prepared.run();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    seconds += elapsed.count();
  }
  const Cost cost = prepared.cost();
  const double runs_per_second = static_cast<double>(state.iterations()) / seconds;
  state.counters["bytes_per_second"] =
      benchmark::Counter(cost.bytes * runs_per_second, benchmark::Counter::kDefaults, benchmark::Counter::kIs1024);
  state.counters["of_copy"] = cost.bytes * runs_per_second / copy_bytes_per_second();
  if (cost.flops > 0.0) state.counters["flops_per_second"] = cost.flops * runs_per_second;
  if (prepared.has_blocked_values()) state.SetLabel("blocked");
}

}  // namespace
}  // namespace sleight

int main(int argument_count, char** arguments) {
  benchmark::Initialize(&argument_count, arguments);
  if (benchmark::ReportUnrecognizedArguments(argument_count, arguments)) return 1;
  benchmark::AddCustomContext("compute_threads", std::to_string(sleight::compute_threads()));
  benchmark::RegisterBenchmark("copy/256 MiB", sleight::measure_copy)->UseRealTime()->Unit(benchmark::kMicrosecond);
  for (const sleight::cases::Case& description : sleight::cases::all_cases()) {
    if (description.size != sleight::cases::Size::large) continue;
    benchmark::RegisterBenchmark(description.name().c_str(), sleight::measure_case, description)
        ->UseRealTime()
        ->Unit(benchmark::kMicrosecond);
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
