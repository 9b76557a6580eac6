#include "engine/device/slab_allocator.h"

#include <algorithm>

namespace sleight {

SlabAllocator::~SlabAllocator() {
  for (const Slab& slab : slabs_)
    release_slab_(slab.data);
}

std::byte* SlabAllocator::allocate(std::int64_t bytes) {
  // Pieces of no bytes have addresses of their own too.
  const std::int64_t rounded = std::max(alignment, (bytes + alignment - 1) / alignment * alignment);
  auto slab = std::find_if(slabs_.begin(), slabs_.end(),
                           [&](const Slab& candidate) { return candidate.used + rounded <= slab_bytes; });
  if (slab == slabs_.end()) slab = slabs_.insert(slabs_.end(), {.data = allocate_slab_(slab_bytes)});
  std::byte* const data = slab->data + slab->used;
  slab->used += rounded;
  ++slab->pieces;
  return data;
}

void SlabAllocator::release(std::byte* data) noexcept {
  for (Slab& slab : slabs_) {
    if (data < slab.data || data >= slab.data + slab_bytes) continue;
    if (--slab.pieces == 0) slab.used = 0;
    return;
  }
}

}  // namespace sleight
