// The CUDA language for the host compiler: qualifiers, built-in variables, barriers, warp operations,
// atomics, intrinsics. Reached only through kernels/lib/launch.h, and only when the host compiler compiles a .cu file.
// What CUDA spells as a plain name is a plain name here; the default argument `site` is how messages learn the line.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "kernels/simt/executor.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(bytes) alignas(bytes)
// One instance per thread of the operating system, as each of them runs one block at a time. The variable is a
// SharedArray (target.h), which poisons itself when a new block first touches it.
#define __shared__ static thread_local

namespace sleight::simt {
inline namespace cuda_language {

// Set by the executor whenever it lets a thread run.
inline constinit thread_local uint3 threadIdx{};
inline constinit thread_local uint3 blockIdx{};
inline constinit thread_local dim3 blockDim{};
inline constinit thread_local dim3 gridDim{};
inline constexpr int warpSize = 32;

// Barriers.

inline void __syncthreads(CallSite site = CallSite::current()) {
  wait_for_block("__syncthreads", false, site);
}
inline int __syncthreads_count(int predicate, CallSite site = CallSite::current()) {
  return wait_for_block("__syncthreads_count", predicate != 0, site);
}
inline int __syncthreads_or(int predicate, CallSite site = CallSite::current()) {
  return wait_for_block("__syncthreads_or", predicate != 0, site) != 0 ? 1 : 0;
}
inline int __syncthreads_and(int predicate, CallSite site = CallSite::current()) {
  return wait_for_block("__syncthreads_and", predicate == 0, site) == 0 ? 1 : 0;
}
// One thread runs at a time and every write is visible at once.
inline void __threadfence() {}
inline void __threadfence_block() {}

// Warp operations.

inline void __syncwarp(unsigned mask = 0xffffffffU, CallSite site = CallSite::current()) {
  vote_in_warp("__syncwarp", mask, false, site);
}
inline unsigned __ballot_sync(unsigned mask, int predicate, CallSite site = CallSite::current()) {
  return vote_in_warp("__ballot_sync", mask, predicate != 0, site);
}
inline int __any_sync(unsigned mask, int predicate, CallSite site = CallSite::current()) {
  return vote_in_warp("__any_sync", mask, predicate != 0, site) != 0 ? 1 : 0;
}
inline int __all_sync(unsigned mask, int predicate, CallSite site = CallSite::current()) {
  return vote_in_warp("__all_sync", mask, predicate != 0, site) == mask ? 1 : 0;
}
// CUDA promises only that the caller is among the active lanes. The smallest set keeps that promise, and shows kernels
// that hope for more.
inline unsigned __activemask() {
  return 1U << lane_of_this_thread();
}

// The value of lane `source`, for arithmetic types of 4 and 8 bytes.
template <class T>
T value_of_lane(const char* operation, unsigned mask, T value, int source, CallSite site) {
  static_assert(std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8), "CUDA shuffles 4 and 8 byte values");
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  const std::uint64_t bits = exchange_in_warp(operation, mask, std::bit_cast<Bits>(value), source, site);
  return std::bit_cast<T>(static_cast<Bits>(bits));
}

// `width` cuts the warp into segments that shuffle on their own; a source outside of the segment gives the own value.
template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, CallSite site = CallSite::current()) {
  const int first = lane_of_this_thread() & ~(width - 1);
  return value_of_lane("__shfl_sync", mask, value, first + (source & (width - 1)), site);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, CallSite site = CallSite::current()) {
  const int lane = lane_of_this_thread();
  const int distance = static_cast<int>(delta);
  const bool inside = (lane & (width - 1)) >= distance;
  return value_of_lane("__shfl_up_sync", mask, value, inside ? lane - distance : lane, site);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, CallSite site = CallSite::current()) {
  const int lane = lane_of_this_thread();
  const int distance = static_cast<int>(delta);
  const bool inside = (lane & (width - 1)) + distance < width;
  return value_of_lane("__shfl_down_sync", mask, value, inside ? lane + distance : lane, site);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32, CallSite site = CallSite::current()) {
  const int lane = lane_of_this_thread();
  const int source = lane ^ lane_mask;
  // CUDA lets a lane read from earlier segments, not from later ones.
  const bool inside = source < (lane & ~(width - 1)) + width;
  return value_of_lane("__shfl_xor_sync", mask, value, inside ? source : lane, site);
}

// Atomics: one thread runs at a time, so a plain read and write is one. All return the old value.

template <class T, class Change>
T change_memory(T* address, Change change) {
  const T old = *address;
  *address = change(old);
  return old;
}
template <class T>
T atomicAdd(T* address, std::type_identity_t<T> value) {
  return change_memory(address, [&](T old) { return static_cast<T>(old + value); });
}
template <class T>
T atomicSub(T* address, std::type_identity_t<T> value) {
  return change_memory(address, [&](T old) { return static_cast<T>(old - value); });
}
template <class T>
T atomicMax(T* address, std::type_identity_t<T> value) {
  static_assert(std::is_integral_v<T>, "CUDA has atomicMax for integers only");
  return change_memory(address, [&](T old) { return old > value ? old : value; });
}
template <class T>
T atomicMin(T* address, std::type_identity_t<T> value) {
  static_assert(std::is_integral_v<T>, "CUDA has atomicMin for integers only");
  return change_memory(address, [&](T old) { return old < value ? old : value; });
}
template <class T>
T atomicAnd(T* address, std::type_identity_t<T> value) {
  return change_memory(address, [&](T old) { return static_cast<T>(old & value); });
}
template <class T>
T atomicOr(T* address, std::type_identity_t<T> value) {
  return change_memory(address, [&](T old) { return static_cast<T>(old | value); });
}
template <class T>
T atomicExch(T* address, std::type_identity_t<T> value) {
  return change_memory(address, [&](T) { return value; });
}
template <class T>
T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  static_assert(std::is_integral_v<T>, "CUDA has atomicCAS for integers only");
  return change_memory(address, [&](T old) { return old == expected ? value : old; });
}

// Loads with a cache hint.

template <class T>
T __ldg(const T* address) {
  return *address;
}

// Arithmetic. Functions that <cmath> has (fmaf, expf, sqrtf, fmaxf, ...) come from there.

template <class T>
requires std::is_arithmetic_v<T>
constexpr T min(T a, T b) {
  return b < a ? b : a;
}
template <class T>
requires std::is_arithmetic_v<T>
constexpr T max(T a, T b) {
  return a < b ? b : a;
}
inline float rsqrtf(float value) {
  return 1.0F / std::sqrt(value);
}
inline double rsqrt(double value) {
  return 1.0 / std::sqrt(value);
}
inline float __expf(float value) {
  return std::exp(value);
}
inline float __logf(float value) {
  return std::log(value);
}
inline float __fdividef(float numerator, float denominator) {
  return numerator / denominator;
}
inline float __saturatef(float value) {
  return value > 0.0F ? (value < 1.0F ? value : 1.0F) : 0.0F;
}
// The _rn functions are never contracted into a fused multiply-add: volatile keeps the rounded product.
inline float __fmul_rn(float a, float b) {
  const volatile float product = a * b;
  return product;
}
inline float __fadd_rn(float a, float b) {
  const volatile float sum = a + b;
  return sum;
}
inline float __fmaf_rn(float a, float b, float c) {
  return std::fma(a, b, c);
}
inline int __float2int_rn(float value) {
  return static_cast<int>(std::lrint(value));
}
inline int __float_as_int(float value) {
  return std::bit_cast<int>(value);
}
inline unsigned __float_as_uint(float value) {
  return std::bit_cast<unsigned>(value);
}
inline float __int_as_float(int bits) {
  return std::bit_cast<float>(bits);
}
inline float __uint_as_float(unsigned bits) {
  return std::bit_cast<float>(bits);
}
inline int __popc(unsigned bits) {
  return std::popcount(bits);
}
inline int __popcll(unsigned long long bits) {
  return std::popcount(bits);
}
// Number of the lowest set bit, counted from 1; 0 when there is none.
inline int __ffs(int bits) {
  return bits == 0 ? 0 : std::countr_zero(static_cast<unsigned>(bits)) + 1;
}
inline int __clz(int bits) {
  return std::countl_zero(static_cast<unsigned>(bits));
}
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>((static_cast<std::uint64_t>(a) * b) >> 32U);
}
// Ends the kernel with an error, as on the GPU.
[[noreturn]] inline void __trap(CallSite site = CallSite::current()) {
  report("__trap at " + to_string(site));
}

}  // namespace cuda_language
}  // namespace sleight::simt
