// Wide memory access and tails, written once. A kernel computes in float on Lanes<N>, N neighboring elements:
//
//   constexpr int lanes = pack_lanes<T>;                       // 4 float32 or 8 of 16 bits: 16 bytes
//   for_each_pack<lanes>(count, [&](std::int64_t first, int valid) {
//     Lanes<lanes> value = load_lanes<lanes>(input + first, valid);
//     for (int i = 0; i < lanes; ++i) value[i] = fmaxf(value[i], 0.0F);
//     store_lanes(output + first, value, valid);
//   });
//
// Alignment. Tensors start on 16 bytes by contract, so packs counted from a tensor's start are aligned. The start of a
// row need not be (10 classes in float32: every second row is off by 8 bytes). load_lanes and store_lanes therefore
// look at the address: aligned and complete packs go through the widest access (16, 8 or 4 bytes), everything else
// element by element. Any pointer gives the right answer; rows whose length is a multiple of 16 bytes give the fast
// one.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "kernels/lib/host_device.h"
#include "kernels/lib/launch.h"

namespace sleight::kernels {
inline namespace SLEIGHT_TARGET_NAMESPACE {

// Elements of T in one 16-byte access.
template <class T>
inline constexpr int pack_lanes = static_cast<int>(16 / sizeof(T));

// N neighboring values, in the type that arithmetic happens in.
template <int N, class Value = float>
struct Lanes {
  Value value[N];

  __device__ Value& operator[](int lane) { return value[lane]; }
  __device__ Value operator[](int lane) const { return value[lane]; }
};

template <int N>
__device__ inline Lanes<N> filled_lanes(float value) {
  Lanes<N> result;
  for (int i = 0; i < N; ++i)
    result[i] = value;
  return result;
}

// How N elements of T are cut into accesses: of the largest power of two, up to 16 bytes, that divides their size.
template <class T, int N>
struct WideAccess {
  static constexpr int bytes = 1 << std::min(4, std::countr_zero(N * sizeof(T)));
  static constexpr int elements = bytes / static_cast<int>(sizeof(T));

  struct alignas(bytes) Word {
    T element[elements];
  };

  SLEIGHT_HOST_DEVICE static bool possible(const void* address, int valid) {
    return valid == N && reinterpret_cast<std::uintptr_t>(address) % bytes == 0;
  }
};

// N elements as they lie in memory, on their way. A thread does not wait for a load until it uses what was loaded, and
// a conversion to float is a use: a kernel that is to have several loads in flight takes them raw first. Whole
// registers and not elements: taking them apart would be a use too.
template <class T, int N>
struct RawLanes {
  static constexpr int elements = 4 / static_cast<int>(sizeof(T));  // in one register
  static_assert(N % elements == 0);
  struct Register {
    T element[elements];
  };
  unsigned bits[N / elements];
};

// N elements through the widest accesses. The caller knows that the address is a multiple of WideAccess<T, N>::bytes: a
// kernel that asks that once has no branch around each load.
template <int N, class T>
__device__ inline RawLanes<T, N> load_raw_aligned(const T* from) {
  using Access = WideAccess<T, N>;
  constexpr int registers = Access::bytes / 4;
  struct Word {
    unsigned bits[registers];
  };
  RawLanes<T, N> raw;
  for (int i = 0; i < N / Access::elements; ++i) {
    const auto word = std::bit_cast<Word>(read_wide<typename Access::Word>(from + i * Access::elements));
    for (int r = 0; r < registers; ++r)
      raw.bits[i * registers + r] = word.bits[r];
  }
  return raw;
}

// The first `valid` of N elements, then zeros.
template <int N, class T>
__device__ inline RawLanes<T, N> load_raw(const T* from, int valid = N) {
  using Raw = RawLanes<T, N>;
  Raw raw;
  if (WideAccess<T, N>::possible(from, valid)) {
    raw = load_raw_aligned<N>(from);
  } else {
    for (int r = 0; r < N / Raw::elements; ++r) {
      typename Raw::Register together;
      for (int e = 0; e < Raw::elements; ++e) {
        const int i = r * Raw::elements + e;
        together.element[e] = i < valid ? from[i] : T(0.0F);
      }
      raw.bits[r] = std::bit_cast<unsigned>(together);
    }
  }
  return raw;
}

template <class Value = float, class T, int N>
__device__ inline Lanes<N, Value> lanes_of(const RawLanes<T, N>& raw) {
  using Raw = RawLanes<T, N>;
  Lanes<N, Value> result;
  for (int r = 0; r < N / Raw::elements; ++r) {
    const auto together = std::bit_cast<typename Raw::Register>(raw.bits[r]);
    for (int e = 0; e < Raw::elements; ++e)
      result[r * Raw::elements + e] = static_cast<Value>(together.element[e]);
  }
  return result;
}

// The first `valid` of N elements as float, then zeros.
template <int N, class T>
__device__ inline Lanes<N> load_lanes(const T* from, int valid = N) {
  return lanes_of(load_raw<N>(from, valid));
}

// Writes N values, rounded to T, where load_raw_aligned may read.
template <class T, int N, class Value>
__device__ inline void store_lanes_aligned(T* to, const Lanes<N, Value>& lanes) {
  using Access = WideAccess<T, N>;
  for (int base = 0; base < N; base += Access::elements) {
    typename Access::Word word;
    for (int i = 0; i < Access::elements; ++i)
      word.element[i] = static_cast<T>(lanes[base + i]);
    write_wide(to + base, word);
  }
}

// Writes the first `valid` of N values, rounded to T.
template <class T, int N, class Value>
__device__ inline void store_lanes(T* to, const Lanes<N, Value>& lanes, int valid = N) {
  if (WideAccess<T, N>::possible(to, valid)) {
    store_lanes_aligned(to, lanes);
  } else {
    for (int i = 0; i < N; ++i) {
      if (i < valid) to[i] = static_cast<T>(lanes[i]);
    }
  }
}

// Calls body(first, valid) for the packs of N elements that fall to worker `worker` of `workers`; valid is N, and less
// only for the last pack of all. The complete packs are a loop of their own, in which the compiler knows valid.
template <int N, class Body>
__device__ inline void for_each_pack_of(std::int64_t count, std::int64_t worker, std::int64_t workers, Body&& body) {
  const std::int64_t complete = count / N;
  std::int64_t pack = worker;
  for (; pack < complete; pack += workers)
    body(pack * N, N);
  const int tail = static_cast<int>(count % N);
  if (tail != 0 && pack == complete) body(complete * N, tail);
}

// The place of this thread in a one-dimensional grid, and the threads of that grid.
__device__ inline std::int64_t thread_in_grid() {
  return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ inline std::int64_t threads_in_grid() {
  return static_cast<std::int64_t>(gridDim.x) * blockDim.x;
}

// The packs of 0..count-1 spread over the whole grid (one-dimensional, of any size).
template <int N, class Body>
__device__ inline void for_each_pack(std::int64_t count, Body&& body) {
  for_each_pack_of<N>(count, thread_in_grid(), threads_in_grid(), body);
}

// The packs of 0..count-1 spread over the threads of one block (one-dimensional): one block per row.
template <int N, class Body>
__device__ inline void for_each_pack_in_block(std::int64_t count, Body&& body) {
  for_each_pack_of<N>(count, threadIdx.x, blockDim.x, body);
}

// The grid for for_each_pack: enough blocks for every pack, but no more than maximum_pack_blocks, which keeps a large
// GPU busy; threads then take several packs each. On simt the maximum is small on purpose: small cases loop as well.
inline LaunchShape pack_shape(std::int64_t count, int lanes, unsigned threads = 256) {
  const unsigned blocks = blocks_for(count, static_cast<std::int64_t>(threads) * lanes);
  return {dim3(blocks < maximum_pack_blocks ? blocks : maximum_pack_blocks), dim3(threads)};
}

}  // namespace SLEIGHT_TARGET_NAMESPACE
}  // namespace sleight::kernels
