// What the tests of the kernels on activations share: typed tensors between red zones, the layouts to try, the devices
// to try them on, and a comparison that a NaN cannot pass.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "catch2_adapter.h"
#include "kernels/lib/activation_view.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"
#include "kernels/simt/guarded_buffer.h"
#include "kernels/simt/three_orders.h"

namespace sleight::tests {

using kernels::ActivationView;
using Values = std::vector<double>;

// Values stored as `type`, with a red zone on both sides; poisoned (NaN) when made without values.
class TestTensor {
 public:
  TestTensor(DataType type, std::int64_t count)
      : type_(type), count_(count), bytes_(static_cast<std::size_t>(count * size_of(type)), "tensor") {}
  TestTensor(DataType type, const Values& values) : TestTensor(type, static_cast<std::int64_t>(values.size())) {
    visit_cpu_type(type, [&]<class T>(TypeTag<T>) {
      for (std::size_t i = 0; i < values.size(); ++i)
        static_cast<T*>(data())[i] = T(static_cast<Accumulator<T>>(values[i]));
    });
  }

  void* data() { return bytes_.data(); }

  // As stored: rounded to the type. Throws when a red zone was written.
  Values values() {
    bytes_.check();
    Values result;
    visit_cpu_type(type_, [&]<class T>(TypeTag<T>) {
      for (std::int64_t i = 0; i < count_; ++i)
        result.push_back(static_cast<double>(static_cast<T*>(data())[i]));
    });
    return result;
  }

 private:
  DataType type_;
  std::int64_t count_;
  simt::GuardedBuffer<std::byte> bytes_;
};

inline Values rounded(DataType type, const Values& values) {
  return TestTensor(type, values).values();
}

// Of statistics and parameters beside activations of `type`.
inline DataType accumulator_type(DataType type) {
  return type == DataType::float64 ? DataType::float64 : DataType::float32;
}

inline Values random_values(std::int64_t count, unsigned seed, double mean = 0, double deviation = 1) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal(mean, deviation);
  Values result(static_cast<std::size_t>(count));
  for (double& value : result)
    value = normal(engine);
  return result;
}

inline void append(Values& to, const Values& more) {
  to.insert(to.end(), more.begin(), more.end());
}

inline std::size_t offset(const ActivationView& view, std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
  return static_cast<std::size_t>(
      (((n * view.blocks + c / view.lanes) * view.height + h) * view.width + w) * view.lanes + c % view.lanes);
}

// Calls body(n, c, h, w) for every element.
template <class Body>
void for_each_element(const ActivationView& view, Body&& body) {
  for (std::int64_t n = 0; n < view.batch; ++n)
    for (std::int64_t c = 0; c < view.channels(); ++c)
      for (std::int64_t h = 0; h < view.height; ++h)
        for (std::int64_t w = 0; w < view.width; ++w)
          body(n, c, h, w);
}

inline ActivationView as_channels_last(ActivationView view) {
  view.lanes = view.channels();
  view.blocks = 1;
  return view;
}

// The same image in another layout.
inline Values moved(const Values& values, const ActivationView& from, const ActivationView& to) {
  Values result(values.size());
  for_each_element(from, [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
    result[offset(to, n, c, h, w)] = values[offset(from, n, c, h, w)];
  });
  return result;
}

// Golden files are NCHW: a blocked layout with one lane.
inline ActivationView nchw(const std::vector<std::int64_t>& shape) {
  return {shape[0], shape[2], shape[3], shape[1], 1};
}

// Odd channels, height unlike width, a matrix, a single row, a single image, blocks of 16 and of 8, more rows than
// one chunk of a reduction takes (64 on simt, 512 on the cpu), more channels than one thread block covers.
inline std::vector<ActivationView> odd_views() {
  return {{2, 5, 3, 1, 1},    {1, 23, 29, 1, 3}, {1, 7, 4, 1, 17}, {3, 4, 5, 1, 19},
          {1, 13, 11, 1, 64}, {7, 1, 1, 1, 19},  {1, 1, 1, 1, 17}, {3, 1, 1, 1, 277},
          {2, 23, 29, 2, 16}, {2, 5, 3, 1, 16},  {2, 7, 4, 3, 8}};
}

inline std::string to_string(const ActivationView& view) {
  return "batch " + std::to_string(view.batch) + ", " + std::to_string(view.height) + " x " +
         std::to_string(view.width) + ", " + std::to_string(view.blocks) + " blocks of " + std::to_string(view.lanes);
}

// body(type, view) for every element type and odd view.
template <class Body>
void for_each_case(Body&& body) {
  for (const DataType type : {DataType::float32, DataType::bfloat16, DataType::float16, DataType::float64})
    for (const ActivationView& view : odd_views()) {
      INFO(name_of(type) << ", " << to_string(view));
      body(type, view);
    }
}

// run(device) makes its own tensors and returns what it computed; check(result) judges it. On the cpu, and where the
// GPU kernels apply (channels last, not float64) on simt in three thread orders.
template <class Run, class Check>
void on_every_device(DataType type, const ActivationView& view, Run&& run, Check&& check) {
  {
    INFO("cpu");
    check(run(kernels::Cpu{}));
  }
  if (view.channels_last() && type != DataType::float64) {
    INFO("simt");
    check(simt::run_in_three_orders(run));
  }
}

// |actual - expected| <= rounding to the type * |expected| + arithmetic * scale, element by element. `scale` is the
// size of the numbers that were added up; 0: the largest expected value.
inline void check_close(const std::string& what, const Values& actual, const Values& expected, DataType type,
                        double scale = 0) {
  INFO(what);
  REQUIRE(actual.size() == expected.size());
  for (const double value : expected)
    if (scale < std::abs(value)) scale = std::abs(value);
  const double rounding = type == DataType::bfloat16  ? 1.0 / 256
                          : type == DataType::float16 ? 1.0 / 2048
                          : type == DataType::float32 ? 1e-6
                                                      : 1e-13;
  const double arithmetic = type == DataType::float64 ? 1e-13 : 1e-5;
  std::size_t bad = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double error = std::abs(actual[i] - expected[i]);
    if (!(error <= rounding * std::abs(expected[i]) + arithmetic * scale) && bad++ == 0) first = i;
  }
  INFO("first wrong at " << first << ": " << (expected.empty() ? 0 : actual[first]) << " instead of "
                         << (expected.empty() ? 0 : expected[first]));
  CHECK(bad == 0);
}

// The next `count` values of a result that holds several tensors one after the other.
class Parts {
 public:
  explicit Parts(const Values& values) : values_(values) {}
  Values next(std::int64_t count) {
    const auto from = values_.begin() + at_;
    at_ += count;
    REQUIRE(at_ <= static_cast<std::int64_t>(values_.size()));
    return Values(from, from + count);
  }

 private:
  const Values& values_;
  std::int64_t at_ = 0;
};

// Compares `gradient` of loss(inputs) by central differences, for a loss computed in float64.
template <class Loss>
void check_numeric_gradient(const std::string& what, Values inputs, const Values& gradient, Loss&& loss) {
  INFO("numeric gradient of " << what);
  REQUIRE(inputs.size() == gradient.size());
  constexpr double step = 1e-5;
  double worst = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const double middle = inputs[i];
    inputs[i] = middle + step;
    const double above = loss(inputs);
    inputs[i] = middle - step;
    const double below = loss(inputs);
    inputs[i] = middle;
    const double error = std::abs((above - below) / (2 * step) - gradient[i]);
    if (!(error <= worst)) worst = error;
  }
  CHECK(worst <= 1e-7);
}

}  // namespace sleight::tests
