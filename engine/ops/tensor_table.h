// The table of a kernel that works on many tensors in one launch (kernels/lib/tensor_list.h), in the memory of the
// device.
#pragma once

#include <span>
#include <vector>

#include "engine/device/device.h"
#include "kernels/lib/tensor_list.h"

namespace sleight {

template <class Entry>
class TensorTable {
 public:
  // The entries with their counts; the addresses follow with fill().
  TensorTable(const Device& device, std::vector<Entry> entries)
      : runtime_(device.runtime()),
        entries_(std::move(entries)),
        chunk_count_(kernels::number_chunks(std::span(entries_))),
        buffer_(device.allocate(static_cast<std::int64_t>(entries_.size() * sizeof(Entry)))) {}

  kernels::TensorList<Entry> list() const {
    return {reinterpret_cast<const Entry*>(buffer_.data()), static_cast<std::int32_t>(entries_.size()), chunk_count_};
  }

  // Calls set(index, entry) for each entry and sends the table to the device, done on return.
  template <class Set>
  void fill(Set&& set) {
    for (std::size_t i = 0; i < entries_.size(); ++i)
      set(i, entries_[i]);
    runtime_->upload(buffer_.data(), entries_.data(), buffer_.size());
  }

 private:
  std::shared_ptr<Runtime> runtime_;
  std::vector<Entry> entries_;
  std::int64_t chunk_count_;
  Buffer buffer_;
};

}  // namespace sleight
