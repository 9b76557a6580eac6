// Reductions within a warp and a block: the only place with shuffles. The order of combination is a fixed tree over the
// threads, so results are the same in every run, and every thread of the group receives the same bits.
//
// Contract: called by all threads of the warp or block together, in blocks of a multiple of 32 threads.
//
// `combine` is a function (T, T) -> T, associative up to rounding; it need not commute. T is any trivially copyable
// type whose size is a multiple of 4 bytes: float, double, Lanes<4>, struct { float maximum; int index; }, ...
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"

namespace sleight::kernels {
inline namespace SLEIGHT_TARGET_NAMESPACE {

inline constexpr unsigned all_lanes = 0xffffffffU;

struct Sum {
  template <class T>
  __device__ T operator()(const T& a, const T& b) const {
    return a + b;
  }
  template <int N>
  __device__ Lanes<N> operator()(const Lanes<N>& a, const Lanes<N>& b) const {
    Lanes<N> result;
    for (int i = 0; i < N; ++i)
      result[i] = a[i] + b[i];
    return result;
  }
};

// The larger value; a NaN on either side stays a NaN, so that a reduction cannot hide one.
struct Maximum {
  template <class T>
  __device__ T operator()(const T& a, const T& b) const {
    return a > b || a != a ? a : b;
  }
  template <int N>
  __device__ Lanes<N> operator()(const Lanes<N>& a, const Lanes<N>& b) const {
    Lanes<N> result;
    for (int i = 0; i < N; ++i)
      result[i] = (*this)(a[i], b[i]);
    return result;
  }
};

// Linear index and number of threads in a block of up to three dimensions.
__device__ inline int thread_in_block() {
  return static_cast<int>(threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z));
}
__device__ inline int threads_in_block() {
  return static_cast<int>(blockDim.x * blockDim.y * blockDim.z);
}

// The value of the lane whose number differs by the bits of lane_mask, for a T of any number of 4-byte words.
template <class T>
__device__ inline T shuffle_xor(const T& value, int lane_mask, CallSite site = CallSite::current()) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 4 == 0);
  [[maybe_unused]] const CallScope scope(site);
  struct Words {
    std::uint32_t word[sizeof(T) / 4];
  };
  Words words = std::bit_cast<Words>(value);
  for (std::size_t i = 0; i < sizeof(T) / 4; ++i) {
    words.word[i] = __shfl_xor_sync(all_lanes, words.word[i], lane_mask);
  }
  return std::bit_cast<T>(words);
}

// Combines the values of `Width` neighboring lanes (a power of two up to 32); every lane gets its group's result.
template <int Width = 32, class T, class Combine>
__device__ inline T warp_reduce(T value, Combine combine, CallSite site = CallSite::current()) {
  static_assert(Width >= 1 && Width <= 32 && std::has_single_bit(static_cast<unsigned>(Width)));
  [[maybe_unused]] const CallScope scope(site);
  const int lane = thread_in_block() % 32;
  for (int distance = 1; distance < Width; distance *= 2) {
    const T other = shuffle_xor(value, distance);
    // Lower lanes on the left: both partners compute the same expression, bit for bit.
    value = (lane & distance) != 0 ? combine(other, value) : combine(value, other);
  }
  return value;
}

// Combines the values of all threads of the block; every thread gets the result. `identity` leaves a value unchanged.
// For a kernel that calls it once for each T: no barrier keeps the threads of a second call from the memory of the first.
template <class T, class Combine>
__device__ inline T block_reduce_once(T value, const std::type_identity_t<T>& identity, Combine combine,
                                      CallSite site = CallSite::current()) {
  [[maybe_unused]] const CallScope scope(site);
  __shared__ SharedArray<T, 32> warp_results;
  const int thread = thread_in_block();
  const int warps = (threads_in_block() + 31) / 32;
  value = warp_reduce(value, combine);
  if (thread % 32 == 0) warp_results[thread / 32] = value;
  __syncthreads();
  const T result = thread % 32 < warps ? static_cast<T>(warp_results[thread % 32]) : identity;
  return warp_reduce(result, combine);
}

// The same, with a barrier at its end: the caller may reuse its own shared memory and call again at once.
template <class T, class Combine>
__device__ inline T block_reduce(T value, const T& identity, Combine combine, CallSite site = CallSite::current()) {
  [[maybe_unused]] const CallScope scope(site);
  const T result = block_reduce_once(value, identity, combine);
  __syncthreads();
  return result;
}

template <int Width = 32, class T>
__device__ inline T warp_sum(T value, CallSite site = CallSite::current()) {
  return warp_reduce<Width>(value, Sum{}, site);
}
template <int Width = 32, class T>
__device__ inline T warp_maximum(T value, CallSite site = CallSite::current()) {
  return warp_reduce<Width>(value, Maximum{}, site);
}

// For float, double and 32-bit integers.
template <class T>
__device__ inline T block_sum(T value, CallSite site = CallSite::current()) {
  return block_reduce(value, T(0), Sum{}, site);
}
// `lowest` is what an empty block would give, for example -INFINITY.
template <class T>
__device__ inline T block_maximum(T value, T lowest, CallSite site = CallSite::current()) {
  return block_reduce(value, lowest, Maximum{}, site);
}
// N sums at once, for two barriers in all.
template <int N>
__device__ inline Lanes<N> block_sum(const Lanes<N>& value, CallSite site = CallSite::current()) {
  return block_reduce(value, filled_lanes<N>(0.0F), Sum{}, site);
}

// Sums over threadIdx.y, for blocks in which x walks along channels and y along rows: every thread brings N values, and
// the threads with threadIdx.y == 0 receive the sums of their column (the others receive their own values unchanged).
// `scratch` is shared memory of N * threads floats. Rows are added in order. Ends with a barrier.
template <int N>
__device__ inline Lanes<N> sum_over_rows(const Lanes<N>& value, float* scratch, CallSite site = CallSite::current()) {
  [[maybe_unused]] const CallScope scope(site);
  const int columns = static_cast<int>(blockDim.x);
  const int rows = static_cast<int>(blockDim.y);
  const int column = static_cast<int>(threadIdx.x);
  const int row = static_cast<int>(threadIdx.y);
  // Value i of all columns lies together, so that neighboring threads touch neighboring banks.
  for (int i = 0; i < N; ++i)
    scratch[(row * N + i) * columns + column] = value[i];
  __syncthreads();
  Lanes<N> result = value;
  if (row == 0) {
    for (int other = 1; other < rows; ++other) {
      for (int i = 0; i < N; ++i)
        result[i] += scratch[(other * N + i) * columns + column];
    }
  }
  __syncthreads();
  return result;
}

}  // namespace SLEIGHT_TARGET_NAMESPACE
}  // namespace sleight::kernels
