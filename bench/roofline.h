// The roofline of a program (Williams, Waterman and Patterson, "Roofline", CACM 2009), step by step: no step is faster
// than its arithmetic at the device's peak, nor than its bytes at the speed of a copy; the sum over the steps is what
// the program would take if each reached the nearer of the two. Both peaks are measured, in the same run.
//
// It is the roofline of this program, with the bytes that its steps move: fusing steps raises it. What lies in a cache
// when it is read counts as moved; where that is much (small images on a CPU), more than the whole can be reached.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "bench/measured_copy.h"
#include "engine/base/error.h"
#include "engine/device/device.h"
#include "engine/program/operation.h"
#include "engine/value/random.h"
#include "kernels/linear.h"

namespace sleight {

struct DevicePeaks {
  double flops_per_second = 0.0;
  double bytes_per_second = 0.0;  // read plus written
};

// A square matrix product, output = input * weights^T, of the engine's own linear layer.
class MeasuredProduct {
 public:
  MeasuredProduct(const Device& device, DataType element, std::int64_t size)
      : runtime_(device.runtime()),
        size_(size),
        input_(random_matrix(device, element, size)),
        weights_(random_matrix(device, element, size)),
        output_(device.allocate(size * size * size_of(element))) {
    const kernels::LinearShape shape{.rows = size, .input_features = size, .output_features = size, .type = element};
    kernels::run_on(device.target(), [&](auto queue) { linear_ = kernels::make_linear_forward(queue, shape); });
    workspace_ = device.allocate(linear_->workspace_bytes());
  }

  // The fastest of several, by the device's clock; the first is not counted.
  double seconds() const {
    constexpr int products = 5;
    std::vector<Event> events;
    for (int i = 0; i <= products; ++i) {
      linear_->run(input_.data(), weights_.data(), nullptr, output_.data(), workspace_.data());
      events.emplace_back(runtime_);
      events.back().record(Stream::compute);
    }
    events.back().synchronize();
    double fastest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 1; i < events.size(); ++i)
      fastest = std::min(fastest, events[i].milliseconds_since(events[i - 1]) * 1e-3);
    return fastest;
  }

  double flops() const { return 2.0 * static_cast<double>(size_) * static_cast<double>(size_ * size_); }

 private:
  // In [-1, 1): a chip that multiplies zeros takes less power, and may run faster than it could in earnest. As many as
  // the smallest matrix holds are drawn, and repeated.
  static Buffer random_matrix(const Device& device, DataType element, std::int64_t size) {
    constexpr std::int64_t drawn = std::int64_t{1} << 16;
    Buffer matrix = device.allocate(size * size * size_of(element));
    visit_cpu_type(element, [&]<class T>(TypeTag<T>) {
      std::vector<T> numbers;
      RandomStream random(1, RandomPurpose::test, static_cast<std::uint64_t>(size));
      for (std::int64_t i = 0; i < drawn; ++i)
        numbers.push_back(static_cast<T>(static_cast<float>(random.uniform(-1.0, 1.0))));
      const auto bytes = std::as_bytes(std::span(numbers));
      check(matrix.size() % std::ssize(bytes) == 0, "the side of a measured product is a multiple of 256, got ", size);
      for (std::int64_t offset = 0; offset < matrix.size(); offset += std::ssize(bytes))
        device.upload(matrix.data() + offset, bytes);
    });
    return matrix;
  }

  std::shared_ptr<Runtime> runtime_;
  std::int64_t size_;
  Buffer input_, weights_, output_, workspace_;
  std::unique_ptr<kernels::LinearForward> linear_;
};

// The best of larger and larger matrix products in this type, up to one that takes long enough to show what the device
// can do.
inline double measured_flops_per_second(const Device& device, DataType element) {
  constexpr std::int64_t smallest = 256, largest = 8192;
  constexpr double long_enough = 0.05;  // seconds
  double best = 0.0;
  for (std::int64_t size = smallest; size <= largest; size *= 2) {
    const MeasuredProduct product(device, element, size);
    const double seconds = product.seconds();
    best = std::max(best, product.flops() / seconds);
    if (seconds >= long_enough) break;
  }
  return best;
}

// element: of the program's activations.
inline DevicePeaks measure_peaks(const Device& device, DataType element) {
  return {.flops_per_second = measured_flops_per_second(device, element),
          .bytes_per_second =
              device.is_host() ? host_copy_bytes_per_second() : MeasuredCopy(device.runtime()).bytes_per_second()};
}

// Of one run of all steps.
inline Cost total_cost(const Program& program) {
  Cost total;
  for (const Step& step : program.steps) {
    const Cost cost = cost_of(types_of(program, step), *step.operation);
    total.flops += cost.flops;
    total.bytes += cost.bytes;
  }
  return total;
}

inline double roofline_seconds(const Program& program, const DevicePeaks& peaks) {
  double seconds = 0.0;
  for (const Step& step : program.steps) {
    const Cost cost = cost_of(types_of(program, step), *step.operation);
    seconds += std::max(cost.flops / peaks.flops_per_second, cost.bytes / peaks.bytes_per_second);
  }
  return seconds;
}

}  // namespace sleight
