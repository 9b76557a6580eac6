// Which of several ways to compute the same is the fastest on this GPU: run them, on memory of their own, and see.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include "kernels/lib/types.h"

namespace sleight::kernels {

// Device memory for a moment.
class ScratchMemory {
 public:
  // Empty when the GPU has not that much left.
  static std::optional<ScratchMemory> allocate(std::int64_t bytes);
  void* data() const { return memory_.get(); }

 private:
  struct Free {
    void operator()(void* memory) const { cudaFree(memory); }
  };
  explicit ScratchMemory(void* memory) : memory_(memory) {}
  std::unique_ptr<void, Free> memory_;
};

// One buffer of an operation, to be measured on numbers like those of a training: normally distributed. On zeros a GPU
// takes less power, and runs at clocks that it never has in earnest.
struct MeasuredOperand {
  std::int64_t bytes = 0;
  DataType type = DataType::float32;
};

struct Contestant {
  std::int64_t workspace_bytes = 0;
  // Queues the work once. What it throws takes it out of the contest.
  std::function<void(std::span<void* const> operands, void* workspace)> run;
};

struct Winner {
  std::size_t index = 0;
  double microseconds = 0.0;
};

// The contestant with the smallest median. Each is warmed up, then timed a few times with CUDA events; before each time
// the L2 cache is overwritten, because in a training step the operands have not just been there. Empty when there is no
// memory to measure on, or no candidate runs. Waits for the stream.
std::optional<Winner> measure_fastest(cudaStream_t, std::int64_t cache_bytes, std::span<const MeasuredOperand>,
                                      std::span<const Contestant>);

}  // namespace sleight::kernels
