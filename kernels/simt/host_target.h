// What a kernel needs besides its Target on the host compiler: CUDA's language, shared memory, wide reads
// and writes. For target headers, which define SLEIGHT_TARGET_NAMESPACE first: kernels/simt/target.h, and the fake
// GPU of the tests (tests/fake_gpu/target.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "kernels/simt/cuda_language.h"
#include "kernels/simt/executor.h"

namespace sleight::kernels {

using namespace simt::cuda_language;

inline namespace SLEIGHT_TARGET_NAMESPACE {

using simt::CallScope;
using simt::CallSite;

// Small, so that small cases go round the loops that large ones do; see pack_shape().
inline constexpr unsigned maximum_pack_blocks = 3;
// Of kernels that take more of them in several launches.
inline constexpr std::int64_t maximum_blocks_along_y = 2;

// __shared__ SharedArray<T, count> name;   Poisoned when a block first touches it. An index out of range is reported,
// and so is a write through data() beyond the end.
template <class T, int Count>
class SharedArray {
 public:
  T* data() {
    if (block_serial_ != simt::current_block_serial()) {
      block_serial_ = simt::current_block_serial();
      simt::begin_shared_memory(bytes_, sizeof(T) * Count);
    }
    return reinterpret_cast<T*>(bytes_);
  }
  T& operator[](int index) {
    if (index < 0 || index >= Count) {
      simt::report("index " + std::to_string(index) + " into a shared array of " + std::to_string(Count) + " elements");
    }
    return data()[index];
  }

 private:
  alignas(16) std::byte bytes_[sizeof(T) * Count + simt::shared_red_zone] = {};
  std::uint64_t block_serial_ = 0;
};

// The LaunchShape's dynamic_shared_bytes, 16-byte aligned, poisoned before each block.
template <class T>
T* dynamic_shared_memory() {
  return reinterpret_cast<T*>(simt::dynamic_shared_bytes());
}

inline void check_aligned(const void* address, std::size_t bytes) {
  if (reinterpret_cast<std::uintptr_t>(address) % bytes != 0) {
    simt::report("a memory access of " + std::to_string(bytes) + " bytes at an address that is no multiple of that");
  }
}
// One memory access of sizeof(Word) bytes; the address is a multiple of that.
template <class Word>
Word read_wide(const void* address) {
  check_aligned(address, sizeof(Word));
  Word word;
  std::memcpy(static_cast<void*>(&word), address, sizeof(Word));
  return word;
}
template <class Word>
void write_wide(void* address, const Word& word) {
  check_aligned(address, sizeof(Word));
  std::memcpy(address, &word, sizeof(Word));
}

}  // namespace SLEIGHT_TARGET_NAMESPACE
}  // namespace sleight::kernels
