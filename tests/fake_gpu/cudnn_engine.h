// The engines of the fake cuDNN. Each one is a temptation that the program must resist, or a service it must find.
#pragma once

#include <cudnn_graph.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sleight::fake {

struct Descriptor;

struct Engine {
  std::int64_t index = 0;
  double microseconds = 0;
  double float32_microseconds = microseconds;
  std::int64_t workspace_bytes = 0;
  std::int64_t knob_values = 0;  // of its one knob, from 1; 0: no knob
  bool makes_plans = true;
  bool tensor_cores = false;      // float32 is rounded to TF32
  bool nondeterministic = false;  // every second run adds in another order
  bool reduced_sums = false;      // sums are wrong by a hundredth
};

inline constexpr cudnnBackendKnobType_t the_knob = CUDNN_KNOB_TYPE_TILE_SIZE;

// Throws Refusal for an index that no engine has.
const Engine& engine_of(std::int64_t index);

// What the graph computes, as far as engines differ by it.
struct Pattern {
  bool supported = false;
  bool fused = false;  // normalization or statistics in the same kernel
  bool float32 = false;
  std::string reason = {};  // why it is not supported
};
Pattern pattern_of(const Descriptor& graph);

}  // namespace sleight::fake
