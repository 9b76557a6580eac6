// Sum of two tensors: a residual connection, or two gradients that meet.
//
//   sum = a + b
//
// Shapes         any tensor of `size` values; a, b and sum in the same layout.
// Types          float32, bfloat16 and float16 (added in float32, rounded once), float64 (cpu only).
// Saved          nothing: both gradients are the gradient of the sum.
// Aliasing       sum may be a, b or both.
// Writes         `=`.
// Deterministic  yes.
#pragma once

#include <cstdint>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct Add {
  DataType type = DataType::float32;
  std::int64_t size = 0;
  const void* a = nullptr;
  const void* b = nullptr;
  void* sum = nullptr;
};

void add(Cpu, const Add&);
void add(Simt, const Add&);
void add(Cuda, const Add&);

}  // namespace sleight::kernels
