#include "kernels/cuda/measure.h"

#include <algorithm>
#include <chrono>

#include "kernels/cuda/cuda_error.h"
#include "kernels/random_fill.h"

namespace sleight::kernels {
namespace {

constexpr int warm_up_runs = 2;
constexpr int timed_runs = 7;
// A candidate slower than the best by this factor after one run gets no further runs.
constexpr double hopeless = 1.5;

class Event {
 public:
  Event() { check_cuda(cudaEventCreate(&event_), "cudaEventCreate"); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  cudaEvent_t get() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

std::int64_t padded(std::int64_t bytes) {
  return (bytes + 255) / 256 * 256;
}

// One allocation for everything that is measured.
struct Arena {
  std::optional<ScratchMemory> memory;
  std::vector<void*> operands;
  void* workspace = nullptr;
  void* cache_filler = nullptr;
};

Arena make_arena(std::span<const MeasuredOperand> operands, std::int64_t workspace_bytes, std::int64_t filler_bytes) {
  std::int64_t total = padded(workspace_bytes) + padded(filler_bytes);
  for (const MeasuredOperand& operand : operands)
    total += padded(operand.bytes);
  Arena arena{ScratchMemory::allocate(total), {}, nullptr, nullptr};
  if (!arena.memory) return arena;
  auto* next = static_cast<std::byte*>(arena.memory->data());
  const auto take = [&](std::int64_t bytes) {
    void* const result = next;
    next += padded(bytes);
    return result;
  };
  for (const MeasuredOperand& operand : operands)
    arena.operands.push_back(take(operand.bytes));
  arena.workspace = take(workspace_bytes);
  arena.cache_filler = take(filler_bytes);
  return arena;
}

double run_once(cudaStream_t stream, const Contestant& contestant, const Arena& arena, std::int64_t filler_bytes) {
  const Event start;
  const Event stop;
  check_cuda(cudaMemsetAsync(arena.cache_filler, 0, static_cast<std::size_t>(filler_bytes), stream), "cudaMemsetAsync");
  check_cuda(cudaEventRecord(start.get(), stream), "cudaEventRecord");
  contestant.run(arena.operands, arena.workspace);
  check_cuda(cudaEventRecord(stop.get(), stream), "cudaEventRecord");
  check_cuda(cudaEventSynchronize(stop.get()), "cudaEventSynchronize");
  float milliseconds = 0;
  check_cuda(cudaEventElapsedTime(&milliseconds, start.get(), stop.get()), "cudaEventElapsedTime");
  return 1e3 * static_cast<double>(milliseconds);
}

// An idle GPU runs at a fraction of its clock and takes a while to speed up: whoever is measured first would seem slow.
void wake(cudaStream_t stream, const Arena& arena, std::int64_t filler_bytes) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::seconds stays_awake{1};
  constexpr std::chrono::milliseconds wakes_up_in{200};
  thread_local std::optional<Clock::time_point> last_use;  // a thread has one GPU
  const Clock::time_point start = Clock::now();
  if (!last_use || start - *last_use > stays_awake) {
    while (Clock::now() - start < wakes_up_in) {
      check_cuda(cudaMemsetAsync(arena.cache_filler, 0, static_cast<std::size_t>(filler_bytes), stream),
                 "cudaMemsetAsync");
      check_cuda(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    }
  }
  last_use = Clock::now();
}

}  // namespace

std::optional<ScratchMemory> ScratchMemory::allocate(std::int64_t bytes) {
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1)));
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    return std::nullopt;
  }
  check_cuda(status, "cudaMalloc");
  return ScratchMemory(memory);
}

std::optional<Winner> measure_fastest(cudaStream_t stream, std::int64_t cache_bytes,
                                      std::span<const MeasuredOperand> operands,
                                      std::span<const Contestant> contestants) {
  std::int64_t workspace_bytes = 0;
  for (const Contestant& contestant : contestants)
    workspace_bytes = std::max(workspace_bytes, contestant.workspace_bytes);
  const std::int64_t filler_bytes = std::max<std::int64_t>(2 * cache_bytes, 1);
  const Arena arena = make_arena(operands, workspace_bytes, filler_bytes);
  if (!arena.memory) return std::nullopt;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    random_fill(Cuda{stream}, {.out = arena.operands[i],
                               .count = operands[i].bytes / size_of(operands[i].type),
                               .distribution = Distribution::normal,
                               .first = 0.0F,
                               .second = 1.0F,
                               .seed = 1,
                               .stream = i,
                               .type = operands[i].type});
  }

  wake(stream, arena, filler_bytes);
  std::optional<Winner> best;
  for (std::size_t index = 0; index < contestants.size(); ++index) {
    std::vector<double> times;
    try {
      for (int i = 0; i < warm_up_runs; ++i)
        run_once(stream, contestants[index], arena, filler_bytes);
      for (int i = 0; i < timed_runs; ++i) {
        times.push_back(run_once(stream, contestants[index], arena, filler_bytes));
        if (best && times[0] > hopeless * best->microseconds) break;
      }
    } catch (const std::runtime_error&) {
      // A plan may refuse only when it runs. A GPU that is lost is noticed by the next call, below.
      check_cuda(cudaStreamSynchronize(stream), "cudaStreamSynchronize, while algorithms were measured,");
      continue;
    }
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
    const double median = times[times.size() / 2];
    if (!best || median < best->microseconds) best = Winner{index, median};
  }
  check_cuda(cudaStreamSynchronize(stream), "cudaStreamSynchronize, after algorithms were measured,");
  return best;
}

}  // namespace sleight::kernels
