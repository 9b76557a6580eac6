// How fast memory can be copied: what kernels that only move memory are compared with. Rates count bytes read plus
// bytes written.
#pragma once

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "engine/device/buffer.h"
#include "engine/device/handles.h"
#include "engine/device/host_runtime.h"

namespace sleight {

// More than the caches of any GPU of today hold (the largest have 126 MB), several times.
inline constexpr std::int64_t more_than_caches = std::int64_t{512} << 20;

// On how many sets of memory runs that use so many bytes take turns, so that no cache holds one until it comes again.
// What is below a megabyte may stay there all the same: it takes no longer than its launch.
inline std::int64_t sets_beyond_caches(std::int64_t bytes) {
  return std::clamp<std::int64_t>(more_than_caches / bytes, 1, 512);
}

// By the host's threads, 256 MiB; the best of several, measured once per process.
inline double host_copy_bytes_per_second() {
  static const double best = [] {
    constexpr std::int64_t bytes = std::int64_t{256} << 20;
    const auto runtime = std::make_shared<HostRuntime>("copy");
    const Buffer from(runtime, bytes);
    const Buffer to(runtime, bytes);
    double fastest = 0.0;
    for (int i = 0; i < 9; ++i) {
      const auto start = std::chrono::steady_clock::now();
      // One share for each thread; the first round touches the pages.
#pragma omp parallel
      {
        const std::int64_t share = bytes / omp_get_num_threads();
        const std::int64_t begin = share * omp_get_thread_num();
        const std::int64_t end = omp_get_thread_num() + 1 == omp_get_num_threads() ? bytes : begin + share;
        std::memcpy(to.data() + begin, from.data() + begin, static_cast<std::size_t>(end - begin));
      }
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      if (i > 0) fastest = std::max(fastest, 2.0 * static_cast<double>(bytes) / seconds.count());
    }
    return fastest;
  }();
  return best;
}

// By a GPU, from device memory to device memory, as the kernels are measured: a graph of many, by its own events.
class MeasuredCopy {
 public:
  explicit MeasuredCopy(std::shared_ptr<Runtime> runtime)
      : runtime_(std::move(runtime)), from_(runtime_, more_than_caches), to_(runtime_, more_than_caches) {
    // Zeros may be copied faster than numbers.
    std::vector<std::uint32_t> numbers(std::size_t{1} << 20);
    std::uint32_t state = 1;
    for (std::uint32_t& number : numbers)
      number = state = state * 1664525U + 1013904223U;
    const auto bytes = static_cast<std::int64_t>(numbers.size() * sizeof(std::uint32_t));
    for (std::int64_t offset = 0; offset + bytes <= more_than_caches; offset += bytes)
      runtime_->upload(from_.data() + offset, numbers.data(), bytes);
  }

  // Copies of so many bytes each, on changing memory; the best of several rounds, measured once per size.
  double bytes_per_second(std::int64_t bytes = more_than_caches) {
    bytes = std::clamp<std::int64_t>(bytes, 1, more_than_caches);
    const auto [known, is_new] = rates_.try_emplace(bytes, 0.0);
    if (is_new) known->second = measure(bytes);
    return known->second;
  }

 private:
  double measure(std::int64_t bytes) {
    const std::int64_t places = sets_beyond_caches(bytes);
    const std::int64_t stride = more_than_caches / places / 256 * 256;
    const std::int64_t copies = std::max<std::int64_t>(places, 16);
    const Graph graph(runtime_, Stream::compute, [&] {
      for (std::int64_t copy = 0; copy < copies; ++copy) {
        const std::int64_t offset = (copy % places) * stride;
        runtime_->copy_on_device(Stream::compute, to_.data() + offset, from_.data() + offset, bytes);
      }
    });
    const Event start(runtime_);
    const Event stop(runtime_);
    double fastest = 0.0;
    for (int round = 0; round < 10; ++round) {
      start.record(Stream::compute);
      graph.launch(Stream::compute);
      stop.record(Stream::compute);
      stop.synchronize();
      const double seconds = stop.milliseconds_since(start) * 1e-3;
      fastest = std::max(fastest, 2.0 * static_cast<double>(bytes * copies) / seconds);
    }
    return fastest;
  }

  std::shared_ptr<Runtime> runtime_;
  Buffer from_, to_;
  std::map<std::int64_t, double> rates_;
};

}  // namespace sleight
