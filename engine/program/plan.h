// The fourth verb: order and lifetimes become offsets in one arena. Pure functions of a program: testable alone, on
// random programs, without a device.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/device/device.h"
#include "engine/program/program.h"

namespace sleight {

// Chooses how values lie in memory: images in the device's blocked layout wherever every step that touches them takes
// it (no step ever reorders), weights as the device's convolution wants them. Inputs of the program and results that
// the host reads are plain.
void choose_layouts(Program& program, const Device& device);

// One block of arena memory and the steps during which it is in use, both ends included.
struct Lifetime {
  std::int64_t bytes = 0;
  std::int32_t first_step = 0;
  std::int32_t last_step = 0;
};

struct Placement {
  std::vector<std::int64_t> offsets;  // one per lifetime, multiples of arena_alignment
  std::int64_t arena_bytes = 0;
};

constexpr std::int64_t arena_alignment = 256;

// Offsets such that no two blocks that are alive in the same step overlap. Largest first, each at the lowest place that
// is free during its whole life (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020,
// greedy by size).
Placement place(std::span<const Lifetime> lifetimes);

struct MemoryPlan {
  static constexpr std::int32_t no_block = -1;
  std::vector<Lifetime> blocks;
  std::vector<std::int64_t> offsets;             // per block
  std::vector<std::int32_t> block_of_value;      // per value, no_block for values outside the arena
  std::vector<std::int32_t> block_of_workspace;  // per step, no_block for steps without workspace
  std::int64_t arena_bytes = 0;
  std::int64_t live_bytes_at_peak = 0;  // the lower bound: the most that is alive in one step
  std::int32_t peak_step = 0;
};

// Lifetimes of all arena values and workspaces; outputs take over the memory of an input where the operation allows it
// and the input is read for the last time (bytes must be equal). Results live to the end.
MemoryPlan plan_memory(const Program& program, std::span<const std::int64_t> workspace_bytes);

}  // namespace sleight
