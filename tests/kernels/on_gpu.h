// For tests that need a GPU (tag [gpu]): the GPU, or a visible word that there is none, and a run of a prepared kernel
// on device memory from and to the host buffers that a test has.
#pragma once

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <vector>

#include "catch2_adapter.h"
#include "engine/device/device.h"

namespace sleight::tests {

// Empty where this machine or this build has no GPU; the test then returns, and ctest calls it skipped.
inline std::optional<Device> find_gpu(const DeviceOptions& options) {
  try {
    return Device("cuda", options);
  } catch (const std::runtime_error& error) {
    WARN("[skipped] " << error.what());
    return std::nullopt;
  }
}

// Host memory and its copy on the GPU, between guards there.
class GpuOperand {
 public:
  GpuOperand(const Device& device, void* host, std::int64_t bytes)
      : device_(device),
        host_(static_cast<std::byte*>(host)),
        bytes_(bytes),
        memory_(device.allocate(bytes + 2 * guard)) {
    std::vector<std::byte> image(static_cast<std::size_t>(bytes + 2 * guard), std::byte{0xA5});
    std::copy_n(host_, bytes, image.begin() + guard);
    device.upload(memory_.data(), image);
  }

  void* data() { return memory_.data() + guard; }

  // The buffer after the GPU's work; throws if the GPU wrote outside of it.
  void fetch() {
    std::vector<std::byte> image(static_cast<std::size_t>(bytes_ + 2 * guard));
    device_.download(image, memory_.data());
    for (std::int64_t i = 0; i < guard; ++i) {
      if (image[i] != std::byte{0xA5} || image[guard + bytes_ + i] != std::byte{0xA5})
        throw std::runtime_error("a kernel wrote outside of a buffer on the GPU");
    }
    std::copy_n(image.begin() + guard, bytes_, host_);
  }

 private:
  static constexpr std::int64_t guard = 256;
  const Device& device_;
  std::byte* host_;
  std::int64_t bytes_;
  Buffer memory_;
};

struct HostOperand {
  const void* data = nullptr;
  std::int64_t bytes = 0;
};

// run(operands, workspace) with the addresses on the GPU; afterwards the host has the result back. The result's bytes
// on the GPU start as the host's are.
template <class Run>
void run_on_gpu(const Device& device, const std::vector<HostOperand>& inputs, const HostOperand& result,
                std::int64_t workspace_bytes, Run&& run) {
  std::vector<GpuOperand> operands;
  for (const HostOperand& input : inputs)
    operands.emplace_back(device, const_cast<void*>(input.data), input.bytes);
  GpuOperand output(device, const_cast<void*>(result.data), result.bytes);
  std::vector<unsigned char> poison(static_cast<std::size_t>(workspace_bytes), 0xFF);
  GpuOperand workspace(device, poison.data(), workspace_bytes);
  std::vector<void*> addresses;
  for (GpuOperand& operand : operands)
    addresses.push_back(operand.data());
  run(addresses, output.data(), workspace.data());
  output.fetch();
  workspace.fetch();
  for (GpuOperand& operand : operands)
    operand.fetch();
}

}  // namespace sleight::tests
