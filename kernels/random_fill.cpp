#include "kernels/random_fill.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "kernels/random_numbers.h"

namespace sleight::kernels {

void check_arguments(const RandomFill& arguments) {
  const bool uniform = arguments.distribution == Distribution::uniform;
  const bool right = uniform ? arguments.first <= arguments.second : arguments.second >= 0;
  if (!std::isfinite(arguments.first) || !std::isfinite(arguments.second) || !right)
    throw std::invalid_argument(std::string("random_fill: ") + (uniform ? "uniform between " : "normal with mean ") +
                                std::to_string(arguments.first) + (uniform ? " and " : " and deviation ") +
                                std::to_string(arguments.second));
}

namespace {

template <class T>
void random_fill_typed(const RandomFill& arguments) {
  T* const out = static_cast<T*>(arguments.out);
  const std::int64_t groups = (arguments.count + 3) / 4;
#pragma omp parallel for schedule(static)
  for (std::int64_t group = 0; group < groups; ++group) {
    const FourNumbers numbers = random_numbers(arguments, group);
    const std::int64_t end = std::min<std::int64_t>(4, arguments.count - group * 4);
    for (std::int64_t i = 0; i < end; ++i)
      out[group * 4 + i] = T(numbers.value[i]);
  }
}

}  // namespace

void random_fill(Cpu, const RandomFill& arguments) {
  check_arguments(arguments);
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { random_fill_typed<T>(arguments); });
}

}  // namespace sleight::kernels
