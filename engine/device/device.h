// The device a program runs on: which kernels are called, where memory comes from, which layouts are worth choosing.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/device/buffer.h"
#include "engine/device/runtime.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"
#include "kernels/lib/weight_view.h"

namespace sleight {

// Settings for cuDNN and cuBLASLt; cpu and simt always sum in the same order.
struct DeviceOptions {
  // Only algorithms that give the same bits every time.
  bool deterministic = false;
  // Convolutions and matrix products of float32 numbers on the tensor cores, which read 10 of their 23 mantissa bits.
  bool allow_tf32 = false;
  // Steps are recorded once in a CUDA graph and launched whole; the same bits either way.
  bool graphs = true;
  // Where measured choices of algorithms are kept between runs; empty: sleight/tuning.txt in the user's cache folder.
  std::filesystem::path tuning_cache = {};
};

class Device {
 public:
  // "cpu", "simt", "cuda" or "cuda:1" (the second GPU); anything else, or a device this build or this machine does not
  // have, throws Error saying so.
  explicit Device(std::string_view name, const DeviceOptions& options = {});
  // For tests that choose the order in which simt resumes threads.
  explicit Device(const kernels::ExecutionTarget& target);
  // For tests with their own runtime.
  Device(const kernels::ExecutionTarget& target, std::shared_ptr<Runtime> runtime);

  // "cpu", "simt", or the GPU's name and number.
  std::string name() const { return runtime_->description(); }
  const kernels::ExecutionTarget& target() const { return target_; }
  const std::shared_ptr<Runtime>& runtime() const { return runtime_; }
  // Whether the host can read and write device memory.
  bool is_host() const { return runtime_->is_host(); }

  Buffer allocate(std::int64_t bytes) const { return {runtime_, bytes}; }
  Buffer allocate_pinned(std::int64_t bytes) const { return {runtime_, bytes, MemoryKind::pinned}; }
  // Between ordinary and device memory, after everything queued on the compute stream; done on return.
  void upload(void* to, std::span<const std::byte> from) const;
  void download(std::span<std::byte> to, const void* from) const;

  // Lanes of the layout in which this device computes fastest on images with this many channels; equal to `channels`
  // where that is channels last.
  std::int64_t preferred_lanes(std::int64_t channels) const;
  kernels::WeightLayout preferred_weight_layout(std::int64_t input_channels, std::int64_t output_channels) const;
  // Whether a convolution of images in this element type is faster on eight channels, five of them zero, than on three:
  // cuDNN makes such a copy itself in 16 bits, and in float32 none of its engines needs one.
  bool prefers_padded_channels(DataType element) const;

 private:
  std::shared_ptr<Runtime> runtime_;
  kernels::ExecutionTarget target_;
};

}  // namespace sleight
