#include "engine/device/device.h"

#include <charconv>

#include "engine/base/error.h"
#include "engine/device/gpu.h"
#include "engine/device/host_runtime.h"
#include "kernels/convolution.h"

namespace sleight {

namespace {

// The 1 of "cuda:1"; 0 for "cuda".
int gpu_index(std::string_view name) {
  std::string_view digits = name.substr(std::string_view("cuda").size());
  if (digits.empty()) return 0;
  int index = -1;
  digits.remove_prefix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  check(error == std::errc() && end == digits.data() + digits.size() && index >= 0, "'", name,
        "' does not name a GPU; write cuda, cuda:0, cuda:1, ...");
  return index;
}

}  // namespace

Device::Device(std::string_view name, const DeviceOptions& options) {
  if (name == "cpu") {
    runtime_ = std::make_shared<HostRuntime>("cpu");
  } else if (name == "simt") {
    runtime_ = std::make_shared<HostRuntime>("simt");
    target_ = kernels::Simt{};
  } else if (name == "cuda" || name.starts_with("cuda:")) {
    Gpu gpu = open_gpu(gpu_index(name), options);
    runtime_ = std::move(gpu.runtime);
    target_ = gpu.target;
  } else {
    fail("there is no device '", name, "'; choose cpu, simt or cuda");
  }
}

Device::Device(const kernels::ExecutionTarget& target)
    : Device(target, std::make_shared<HostRuntime>(std::holds_alternative<kernels::Cpu>(target) ? "cpu" : "simt")) {}

Device::Device(const kernels::ExecutionTarget& target, std::shared_ptr<Runtime> runtime)
    : runtime_(std::move(runtime)), target_(target) {}

void Device::upload(void* to, std::span<const std::byte> from) const {
  runtime_->upload(to, from.data(), static_cast<std::int64_t>(from.size()));
}

void Device::download(std::span<std::byte> to, const void* from) const {
  runtime_->download(to.data(), from, static_cast<std::int64_t>(to.size()));
}

std::int64_t Device::preferred_lanes(std::int64_t channels) const {
  return kernels::run_on(target_, [&](auto device) { return kernels::preferred_lanes(device, channels); });
}

kernels::WeightLayout Device::preferred_weight_layout(std::int64_t input_channels, std::int64_t output_channels) const {
  return kernels::run_on(
      target_, [&](auto device) { return kernels::preferred_weight_layout(device, input_channels, output_channels); });
}

bool Device::prefers_padded_channels(DataType element) const {
  const bool host_kernels =
      std::holds_alternative<kernels::Cpu>(target_) || std::holds_alternative<kernels::Simt>(target_);
  return !host_kernels && is_half_width(element);
}

}  // namespace sleight
