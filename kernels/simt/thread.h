// One CUDA thread as the executor sees it, and what it waits for.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "kernels/simt/executor.h"
#include "kernels/simt/fiber.h"
#include "kernels/simt/vector_types.h"

namespace sleight::simt {

inline constexpr int lanes_per_warp = 32;

struct Worker;

// What a thread waits for.
struct Arrival {
  enum class At { block_barrier, warp_exchange, warp_vote };
  At at = At::block_barrier;
  const char* operation = "";
  std::uint32_t mask = 0;  // lanes that take part; unused at a block barrier
  std::uint64_t bits = 0;  // what the thread brings, and after the meeting what it receives
  int source = 0;          // the lane an exchange reads
  CallSite site;
};

struct Thread {
  // fresh: not begun; ready: may continue; waiting: in `arrival`; finished: has returned.
  enum class State { fresh, ready, waiting, finished };
  uint3 index{};
  int number = 0;  // linear within the block
  State state = State::fresh;
  Arrival arrival;
  const CallScope* scope = nullptr;
  Worker* worker = nullptr;
};

// A fiber that runs one CUDA thread after another: it changes threads without a switch as long as none has to wait.
struct Worker {
  explicit Worker(std::function<void()> body) : fiber(std::move(body)) {}
  Fiber fiber;
  Thread* thread = nullptr;
};

// Whether two threads wait at the same line, reached through the same calls of helpers.
bool same_place(const Thread& a, const Thread& b);

}  // namespace sleight::simt
