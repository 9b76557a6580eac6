// The rank of the correct class: 0 is first. Top-1 accuracy counts rank < 1, top-5 counts rank < 5.
//
//   rank(n) = number of k with logits(n, k) > logits(n, y)  or  (logits(n, k) == logits(n, y) and k < y)
//             where y = label(n)
//
// so that rank 0 says the same as an argmax that takes the first of equal values.
//
// Shapes    logits [rows, classes], contiguous; label, rank int32 [rows].
// Types     logits are float32, bfloat16, float16 or (cpu only) float64.
// NaN       a row with a NaN anywhere has rank = classes: a broken row is never counted as right.
// Errors    classes < 1: std::invalid_argument. A label outside 0..classes-1: the cpu throws std::invalid_argument
//           naming the row; the GPU writes rank = classes.
// Writes    rank is assigned (=) and overlaps no input. Deterministic.
// Gradient  none: a rank has no gradient.
#pragma once

#include <cstdint>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct LabelRank {
  const void* logits = nullptr;
  const std::int32_t* label = nullptr;
  std::int64_t rows = 0;
  std::int64_t classes = 0;
  std::int32_t* rank = nullptr;
  DataType type = DataType::float32;
};

// The errors of the contract that can be seen from the host; every device calls it first.
void check_arguments(const LabelRank&);

void label_rank(Cpu, const LabelRank&);
void label_rank(Simt, const LabelRank&);
void label_rank(Cuda, const LabelRank&);

}  // namespace sleight::kernels
