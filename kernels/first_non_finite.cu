#include "kernels/first_non_finite.h"

#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"
#include "kernels/lib/reduce.h"

namespace sleight::kernels {

namespace {

constexpr int chunk_threads = 256;

struct Minimum {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return b < a ? b : a;
  }
};

// The position that means no element: larger than all positions that exist.
constexpr std::int32_t none = static_cast<std::int32_t>(tensor_chunk_size);

// Finite means that the exponent's bits are not all ones. All but float64 arrive here as float32,
// and infinities stay infinities.
__device__ inline bool is_finite(float value) {
  return (std::bit_cast<std::uint32_t>(value) & 0x7f800000U) != 0x7f800000U;
}
__device__ inline bool is_finite(double value) {
  constexpr std::uint64_t exponent = 0x7ff0000000000000ULL;
  return (std::bit_cast<std::uint64_t>(value) & exponent) != exponent;
}

// This thread's first position that is not finite, in a chunk that starts at data.
template <class T>
__device__ std::int32_t find_in_packs(const T* data, std::int64_t count) {
  constexpr int lanes = pack_lanes<T>;
  std::int32_t found = none;
  for_each_pack_in_block<lanes>(count, [&](std::int64_t first, int valid) {
    const Lanes<lanes> pack = load_lanes<lanes>(data + first, valid);
    for (int i = 0; i < lanes; ++i) {
      if (!is_finite(pack[i])) found = Minimum{}(found, static_cast<std::int32_t>(first) + i);
    }
  });
  return found;
}

// float64 does not go through packs, which compute in float32 and would make an infinity of 1e300.
__device__ std::int32_t find_in_doubles(const double* data, std::int64_t count) {
  for (std::int64_t i = threadIdx.x; i < count; i += blockDim.x) {
    if (!is_finite(data[i])) return static_cast<std::int32_t>(i);
  }
  return none;
}

// One block per chunk: workspace[chunk] = its first bad position, or none.
__global__ void search_chunks_kernel(FirstNonFinite arguments) {
  const TensorChunk chunk = locate_chunk(arguments.tensors, blockIdx.x);
  const CheckedTensor tensor = arguments.tensors.entries[chunk.tensor];
  const std::int64_t count = chunk.end - chunk.begin;
  std::int32_t found = none;
  if (tensor.type == DataType::float32) {
    found = find_in_packs(static_cast<const float*>(tensor.data) + chunk.begin, count);
  } else if (tensor.type == DataType::bfloat16) {
    found = find_in_packs(static_cast<const bfloat16*>(tensor.data) + chunk.begin, count);
  } else if (tensor.type == DataType::float16) {
    found = find_in_packs(static_cast<const float16*>(tensor.data) + chunk.begin, count);
  } else {
    found = find_in_doubles(static_cast<const double*>(tensor.data) + chunk.begin, count);
  }
  found = block_reduce(found, std::int32_t{none}, Minimum{});  // a copy: the GPU has no address for a host constant
  if (threadIdx.x == 0) arguments.workspace[blockIdx.x] = found;
}

// One block: the first chunk that has one.
__global__ void choose_first_kernel(FirstNonFinite arguments) {
  const std::int64_t chunk_count = arguments.tensors.chunk_count;
  std::int64_t first = chunk_count;
  for (std::int64_t number = threadIdx.x; number < chunk_count; number += blockDim.x) {
    if (arguments.workspace[number] != none) first = Minimum{}(first, number);
  }
  first = block_reduce(first, chunk_count, Minimum{});
  if (threadIdx.x != 0) return;
  arguments.result[0] = arguments.result[1] = -1;
  if (first == chunk_count) return;
  const TensorChunk chunk = locate_chunk(arguments.tensors, first);
  arguments.result[0] = chunk.tensor;
  arguments.result[1] = chunk.begin + arguments.workspace[first];
}

}  // namespace

void first_non_finite(Target target, const FirstNonFinite& arguments) {
  const LaunchShape chunks{dim3(blocks_for(arguments.tensors.chunk_count, 1)), dim3(chunk_threads)};
  launch(target, "first_non_finite_search", search_chunks_kernel, chunks, arguments);
  launch(target, "first_non_finite_choose", choose_first_kernel, {dim3(1), dim3(chunk_threads)}, arguments);
}

}  // namespace sleight::kernels
