#include "kernels/resize_channels.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace sleight::kernels {

void check_arguments(const ResizeChannels& arguments) {
  if (arguments.rows < 0 || arguments.from_channels < 1 || arguments.to_channels < 1) {
    throw std::invalid_argument("resize_channels: cannot make " + std::to_string(arguments.to_channels) +
                                " channels of " + std::to_string(arguments.from_channels) + " in " +
                                std::to_string(arguments.rows) + " rows");
  }
}

void resize_channels(Cpu, const ResizeChannels& arguments) {
  check_arguments(arguments);
  const std::int64_t from = arguments.from_channels;
  const std::int64_t to = arguments.to_channels;
  const std::int64_t kept = std::min(from, to);
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    const T* const x = static_cast<const T*>(arguments.x);
    T* const y = static_cast<T*>(arguments.y);
#pragma omp parallel for schedule(static)
    for (std::int64_t row = 0; row < arguments.rows; ++row) {
      std::copy_n(x + row * from, kept, y + row * to);
      std::fill_n(y + row * to + kept, to - kept, T{});
    }
  });
}

}  // namespace sleight::kernels
