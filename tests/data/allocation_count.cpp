#include "allocation_count.h"

#include <atomic>
#include <cstdlib>
#include <new>

static std::atomic<std::int64_t> count{0};

void* operator new(std::size_t size) {
  ++count;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++count;
  return std::malloc(size);
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace sleight::test {

std::int64_t allocation_count() {
  return count;
}

}  // namespace sleight::test
