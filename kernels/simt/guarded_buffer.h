// Memory for tests with a red zone on both sides. The zones and the contents start as poison (poison.h): an element
// that a kernel forgot to write, or read before it was written, shows as NaN, and a write next to the buffer is found:
//
//   - by the simt executor, each time a thread stops, so that it can name kernel, block and thread;
//   - by check(), for code that is no kernel.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace sleight::simt {

// The bytes. Registered for the executor of the thread (of the operating system) that makes it, which also destroys it.
class GuardedMemory {
 public:
  static constexpr std::size_t red_zone_bytes = 512;

  GuardedMemory(std::size_t bytes, std::string name);
  ~GuardedMemory();
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  // Aligned to 64 bytes.
  std::byte* data();
  std::size_t size() const { return bytes_; }
  // For a copy with the red zones: data() is red_zone_bytes after its beginning.
  std::span<std::byte> with_red_zones() { return {lines_.front().byte, bytes_ + 2 * red_zone_bytes}; }

  // Says where a red zone was written, or "" when both are whole. The offset counts from the buffer's first byte.
  // Repairs the zones, so that one mistake is reported once.
  std::string find_damage_and_repair();

  static std::span<GuardedMemory* const> all_of_this_thread();

 private:
  struct alignas(64) Line {
    std::byte byte[64];
  };
  std::size_t bytes_;
  std::string name_;
  std::vector<Line> lines_;
};

// `count` elements of T between red zones. Can be moved, which leaves the elements where they are.
template <class T>
class GuardedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit GuardedBuffer(std::size_t count, std::string name = "buffer")
      : memory_(std::make_unique<GuardedMemory>(count * sizeof(T), std::move(name))) {}
  GuardedBuffer(std::span<const T> values, std::string name = "buffer")
      : GuardedBuffer(values.size(), std::move(name)) {
    for (std::size_t i = 0; i < values.size(); ++i)
      data()[i] = values[i];
  }

  T* data() { return reinterpret_cast<T*>(memory_->data()); }
  const T* data() const { return reinterpret_cast<const T*>(memory_->data()); }
  std::size_t size() const { return memory_->size() / sizeof(T); }
  T* begin() { return data(); }
  T* end() { return data() + size(); }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }
  T& operator[](std::size_t index) { return data()[index]; }
  const T& operator[](std::size_t index) const { return data()[index]; }

  std::span<std::byte> with_red_zones() { return memory_->with_red_zones(); }

  // Throws SimtError that names the buffer and the first damaged byte.
  void check();

 private:
  std::unique_ptr<GuardedMemory> memory_;
};

// What GuardedBuffer::check does.
void check_red_zones(GuardedMemory& memory);

template <class T>
void GuardedBuffer<T>::check() {
  check_red_zones(*memory_);
}

}  // namespace sleight::simt
