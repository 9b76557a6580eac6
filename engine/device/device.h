// The device a program runs on: which kernels are called, where memory comes from, which layouts are worth choosing.
#pragma once

#include <string>
#include <string_view>

#include "engine/device/buffer.h"
#include "kernels/queue.h"
#include "kernels/weight_view.h"

namespace sleight {

enum class DeviceKind : std::uint8_t { cpu, simt, cuda };

class Device {
 public:
  // "cpu", "simt" or "cuda"; anything else, or a device this build cannot train on, throws Error saying so.
  explicit Device(std::string_view name);
  // For tests that choose the order in which simt resumes threads.
  explicit Device(const kernels::Queue& queue);

  DeviceKind kind() const { return kind_; }
  std::string name() const;
  const kernels::Queue& queue() const { return queue_; }
  Buffer allocate(std::int64_t bytes) const { return Buffer(bytes); }

  // Lanes of the layout in which this device computes fastest on pictures with so many channels; equal to `channels`
  // where that is channels last.
  std::int64_t preferred_lanes(std::int64_t channels) const;
  kernels::WeightLayout preferred_weight_layout(std::int64_t input_channels, std::int64_t output_channels) const;

 private:
  DeviceKind kind_;
  kernels::Queue queue_;
};

// Threads of the CPU kernels and of oneDNN, which share one OpenMP pool. 0 means one per core.
void set_compute_threads(int count);
int compute_threads();

}  // namespace sleight
