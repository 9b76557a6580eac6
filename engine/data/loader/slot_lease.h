// A borrowed slot of a loader's ring.
#pragma once

#include <cstddef>
#include <utility>

namespace sleight {

// The owner that takes slots back.
class SlotOwner {
 public:
  virtual void release(std::size_t slot) noexcept = 0;

 protected:
  ~SlotOwner() = default;
};

// A borrowed slot. Its destructor returns it. Must not outlive the ring.
class SlotLease {
 public:
  SlotLease(SlotOwner* owner, std::size_t slot) : owner_(owner), slot_(slot) {}
  SlotLease(SlotLease&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), slot_(other.slot_) {}
  SlotLease& operator=(SlotLease&& other) noexcept {
    if (this != &other) {
      release();
      owner_ = std::exchange(other.owner_, nullptr);
      slot_ = other.slot_;
    }
    return *this;
  }
  ~SlotLease() { release(); }

 private:
  void release() noexcept {
    if (owner_ != nullptr) std::exchange(owner_, nullptr)->release(slot_);
  }

  SlotOwner* owner_;
  std::size_t slot_;
};

}  // namespace sleight
