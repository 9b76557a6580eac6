#include "engine/device/device.h"

#include <omp.h>

#include "engine/base/error.h"
#include "kernels/convolution.h"

namespace sleight {

namespace {

DeviceKind kind_of(std::string_view name) {
  if (name == "cpu") return DeviceKind::cpu;
  if (name == "simt") return DeviceKind::simt;
  check(name != "cuda",
        "the device 'cuda' cannot train yet: its kernels are compiled and proven on 'simt', but programs are "
        "not executed on a GPU; use --device cpu");
  fail("there is no device '", name, "'; choose cpu, simt or cuda");
}

}  // namespace

Device::Device(std::string_view name) : kind_(kind_of(name)) {
  if (kind_ == DeviceKind::simt) queue_ = kernels::Simt{};
}

Device::Device(const kernels::Queue& queue)
    : kind_(std::holds_alternative<kernels::Cpu>(queue)    ? DeviceKind::cpu
            : std::holds_alternative<kernels::Simt>(queue) ? DeviceKind::simt
                                                           : DeviceKind::cuda),
      queue_(queue) {}

std::string Device::name() const {
  return kind_ == DeviceKind::cpu ? "cpu" : "simt";
}

std::int64_t Device::preferred_lanes(std::int64_t channels) const {
  std::int64_t lanes = 0;
  kernels::run_on(queue_, [&](auto device) { lanes = kernels::preferred_lanes(device, channels); });
  return lanes;
}

kernels::WeightLayout Device::preferred_weight_layout(std::int64_t input_channels, std::int64_t output_channels) const {
  kernels::WeightLayout layout;
  kernels::run_on(
      queue_, [&](auto device) { layout = kernels::preferred_weight_layout(device, input_channels, output_channels); });
  return layout;
}

void set_compute_threads(int count) {
  // Far beyond any machine OpenMP does not refuse: it crashes.
  check(count >= 0 && count <= 1024, "the number of compute threads must be 0 (one per core) to 1024, got ", count);
  omp_set_num_threads(count == 0 ? omp_get_num_procs() : count);
}

int compute_threads() {
  return omp_get_max_threads();
}

}  // namespace sleight
