// What the kernel tests share: guarded buffers of any element type filled from doubles, and one call that runs a kernel
// on the cpu and on simt and insists on what every kernel promises: the same bits for any number of threads, and in any
// order of the threads of a block.
#pragma once

#include <omp.h>

#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "catch2_adapter.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"
#include "kernels/simt/guarded_buffer.h"
#include "kernels/simt/three_orders.h"

namespace sleight::test {

using simt::GuardedBuffer;

template <class T>
T from_double(double value) {
  if constexpr (sizeof(T) == 2) {
    return T(static_cast<float>(value));
  } else {
    return static_cast<T>(value);
  }
}

template <class T>
double to_double(T value) {
  return static_cast<double>(value);
}

// A buffer that holds the values, rounded to T.
template <class T>
GuardedBuffer<T> guarded(const std::vector<double>& values, const std::string& name = "input") {
  GuardedBuffer<T> buffer(values.size(), name);
  for (std::size_t i = 0; i < values.size(); ++i)
    buffer[i] = from_double<T>(values[i]);
  return buffer;
}

// The values of an output, after a look at its red zones.
template <class T>
std::vector<double> numbers(GuardedBuffer<T>& buffer) {
  buffer.check();
  std::vector<double> values;
  for (const T& value : buffer)
    values.push_back(to_double(value));
  return values;
}

inline bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

// Distance of two values that may both be the same infinity; NaN unless both sides are numbers.
inline double distance(double a, double b) {
  return a == b ? 0.0 : std::abs(a - b);
}

// The relative rounding of one result in T.
template <class T>
constexpr double epsilon_of() {
  if (std::is_same_v<T, bfloat16>) return 0x1.0p-8;
  if (std::is_same_v<T, float16>) return 0x1.0p-11;
  return std::is_same_v<T, double> ? 0x1.0p-52 : 0x1.0p-23;
}

// Fails at the first element that is further from the reference than absolute + relative * |reference|, NaN included.
inline void require_close(const std::vector<double>& values, const std::vector<double>& reference, double relative,
                          double absolute) {
  REQUIRE(values.size() == reference.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!(distance(values[i], reference[i]) <= absolute + relative * std::abs(reference[i]))) {
      INFO("element " << i << " of " << values.size() << ": " << values[i] << " instead of " << reference[i]
                      << ", allowed relative " << relative << ", absolute " << absolute);
      REQUIRE(false);
    }
  }
}

struct DeviceResult {
  std::string device;
  std::vector<double> values;
};

// run(device) makes its own buffers, calls the kernel on Cpu{} or Simt{...} and returns the outputs as one vector.
// T is the storage type: float64 exists on the cpu only.
template <class T, class Run>
std::vector<DeviceResult> on_every_device(Run&& run) {
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  std::vector<double> one_thread = run(kernels::Cpu{});
  omp_set_num_threads(3);
  const std::vector<double> three_threads = run(kernels::Cpu{});
  omp_set_num_threads(threads);
  REQUIRE(same_bits(one_thread, three_threads));

  std::vector<DeviceResult> results;
  results.push_back({"cpu", std::move(one_thread)});
  if constexpr (!std::is_same_v<T, double>) results.push_back({"simt", simt::run_in_three_orders(run)});
  return results;
}

// Calls function(TypeTag<T>{}) for every storage type there is.
template <class Function>
void for_each_type(Function&& function) {
  function(TypeTag<float>{});
  function(TypeTag<bfloat16>{});
  function(TypeTag<float16>{});
  function(TypeTag<double>{});
}

}  // namespace sleight::test
