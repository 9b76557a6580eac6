#include "engine/device/buffer.h"

#include "engine/base/error.h"

namespace sleight {

Buffer::Buffer(std::shared_ptr<Runtime> runtime, std::int64_t bytes, MemoryKind kind)
    : runtime_(std::move(runtime)), size_(bytes), kind_(kind) {
  check(bytes >= 0, "a buffer of ", bytes, " bytes was asked for");
  data_ = kind == MemoryKind::pinned ? runtime_->allocate_pinned(bytes) : runtime_->allocate(bytes);
}

Buffer::~Buffer() {
  if (data_ == nullptr) return;
  if (kind_ == MemoryKind::pinned) {
    runtime_->release_pinned(data_, size_);
  } else {
    runtime_->release(data_, size_);
  }
}

}  // namespace sleight
