// Many small allocations from few large ones: a network has hundreds of parameters, each with its state, and a
// GPU driver allocates memory in megabytes and takes microseconds to do so. Pieces are cut from a slab one after the
// other; a slab is used again when all its pieces have come back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace sleight {

class SlabAllocator {
 public:
  static constexpr std::int64_t slab_bytes = std::int64_t{32} << 20U;
  static constexpr std::int64_t largest_piece = slab_bytes / 8;
  static constexpr std::int64_t alignment = 256;

  using AllocateSlab = std::function<std::byte*(std::int64_t bytes)>;
  using ReleaseSlab = std::function<void(std::byte* data)>;

  // release_slab must not throw.
  SlabAllocator(AllocateSlab allocate_slab, ReleaseSlab release_slab)
      : allocate_slab_(std::move(allocate_slab)), release_slab_(std::move(release_slab)) {}
  SlabAllocator(const SlabAllocator&) = delete;
  SlabAllocator& operator=(const SlabAllocator&) = delete;
  ~SlabAllocator();

  // Whether a piece of this size comes from a slab; the caller allocates larger ones itself.
  static bool takes(std::int64_t bytes) { return bytes <= largest_piece; }

  std::byte* allocate(std::int64_t bytes);
  void release(std::byte* data) noexcept;

  std::size_t slab_count() const { return slabs_.size(); }

 private:
  struct Slab {
    std::byte* data = nullptr;
    std::int64_t used = 0;
    std::int64_t pieces = 0;
  };

  AllocateSlab allocate_slab_;
  ReleaseSlab release_slab_;
  std::vector<Slab> slabs_;
};

}  // namespace sleight
