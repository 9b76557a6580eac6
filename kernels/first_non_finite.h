// Finds the first NaN or infinity in a list of tensors, in the order of the list.
//
//   result[0] = number of the first tensor that holds one, or -1
//   result[1] = index of its first such element, or -1
//
// Shapes    one CheckedTensor per tensor, each of its own element type; result int64 [2].
// Scratch   workspace int32 [tensors.chunk_count], overwritten. Every chunk notes its first bad element there, then one
//           pass takes the first chunk that has one: no atomics, and the answer does not depend on any order.
// Types     float32, bfloat16, float16 and float64, mixed freely in one list. Build entries with checked_tensor, which
//           rejects other types with std::invalid_argument: the table itself may lie in the GPU's memory, where the
//           host cannot look.
// Writes    result and workspace are assigned (=); the tensors are only read.
#pragma once

#include <cstdint>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/tensor_list.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct CheckedTensor {
  const void* data = nullptr;
  std::int64_t count = 0;
  std::int64_t first_chunk = 0;
  DataType type = DataType::float32;
};

CheckedTensor checked_tensor(const void* data, std::int64_t count, DataType type);

struct FirstNonFinite {
  TensorList<CheckedTensor> tensors;
  std::int32_t* workspace = nullptr;
  std::int64_t* result = nullptr;
};

void first_non_finite(Cpu, const FirstNonFinite&);
void first_non_finite(Simt, const FirstNonFinite&);
void first_non_finite(Cuda, const FirstNonFinite&);

// What the updates of a step ask before they change anything: whether this result, or null for none, names a tensor.
SLEIGHT_HOST_DEVICE inline bool found_non_finite(const std::int64_t* result) {
  return result != nullptr && result[0] >= 0;
}

// The same question about one tensor in host memory: the index of its first NaN or infinity, or -1.
std::int64_t first_non_finite_element(const void* data, std::int64_t count, DataType type);

}  // namespace sleight::kernels
