// Converts a vector to another element type: to[i] = from[i], rounded to nearest, ties to even.
//
// Shapes    from, to [count].
// Types     any pair of float32, bfloat16, float16 and (cpu only) float64; equal types copy. Anything else:
//           std::invalid_argument. float64 to 16 bits rounds twice, through float32.
// Special   NaN stays NaN; values beyond the target's range become infinity; denormals are kept.
// Writes    to is assigned (=) and does not overlap from. Deterministic.
// Gradient  cast of the gradient back to the type of from.
//
// cast_list does the same to many tensors in one launch: the weights of a network, made ready for a forward pass in
// another type.
#pragma once

#include <cstdint>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/tensor_list.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct Cast {
  const void* from = nullptr;
  DataType from_type = DataType::float32;
  void* to = nullptr;
  DataType to_type = DataType::float32;
  std::int64_t count = 0;
};

struct CastTensor {
  const void* from = nullptr;
  void* to = nullptr;
  std::int64_t count = 0;
  std::int64_t first_chunk = 0;
};

struct CastList {
  TensorList<CastTensor> tensors;
  DataType from_type = DataType::float32;
  DataType to_type = DataType::float32;
};

// The errors of the contract that can be seen from the host; every device calls it first.
void check_cast(DataType from, DataType to);

void cast(Cpu, const Cast&);
void cast(Simt, const Cast&);
void cast(Cuda, const Cast&);

void cast_list(Cpu, const CastList&);
void cast_list(Simt, const CastList&);
void cast_list(Cuda, const CastList&);

}  // namespace sleight::kernels
