// A buffer as the engine's arena hands it out (aligned to 64 bytes), filled with NaN, between two guards that tell
// whether a kernel wrote outside it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace sleight::tests {

class GuardedBuffer {
 public:
  explicit GuardedBuffer(std::int64_t bytes) : bytes_(static_cast<std::size_t>(bytes)) {
    storage_.assign(bytes_ + 2 * guard_bytes + alignment, guard);
    const auto address = reinterpret_cast<std::uintptr_t>(storage_.data()) + guard_bytes;
    begin_ = guard_bytes + (alignment - address % alignment) % alignment;
    poison();
  }

  // Every float, double and bfloat16 becomes NaN.
  void poison() { std::memset(storage_.data() + begin_, 0xFF, bytes_); }

  void* data() { return storage_.data() + begin_; }
  const void* data() const { return storage_.data() + begin_; }
  template <class T>
  T* as() {
    return static_cast<T*>(data());
  }

  std::size_t bytes() const { return bytes_; }

  bool guards_intact() const {
    const auto is_guard = [](unsigned char byte) { return byte == guard; };
    const auto begin = storage_.begin() + static_cast<std::ptrdiff_t>(begin_);
    return std::all_of(storage_.begin(), begin, is_guard) &&
           std::all_of(begin + static_cast<std::ptrdiff_t>(bytes_), storage_.end(), is_guard);
  }

 private:
  static constexpr unsigned char guard = 0xA5;
  static constexpr std::size_t guard_bytes = 256;
  static constexpr std::size_t alignment = 64;

  std::vector<unsigned char> storage_;
  std::size_t bytes_;
  std::size_t begin_ = 0;
};

}  // namespace sleight::tests
