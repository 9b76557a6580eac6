#include "kernels/reduce_mean.h"

#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

// The mean, then the gradient of every value.
template <class T, class Device>
std::vector<double> mean_and_gradient(Device device, const std::vector<double>& values, double upstream) {
  GuardedBuffer<T> in = guarded<T>(values, "values");
  GuardedBuffer<T> mean(1, "mean");
  GuardedBuffer<T> mean_gradient = guarded<T>({upstream}, "mean_gradient");
  GuardedBuffer<T> gradient(values.size(), "gradient");
  const std::int64_t count = static_cast<std::int64_t>(values.size());
  reduce_mean_forward(device, kernels::ReduceMeanForward{in.data(), count, mean.data(), data_type_of<T>()});
  reduce_mean_backward(device,
                       kernels::ReduceMeanBackward{mean_gradient.data(), count, gradient.data(), data_type_of<T>()});
  std::vector<double> result = numbers(mean);
  const std::vector<double> gradients = numbers(gradient);
  result.insert(result.end(), gradients.begin(), gradients.end());
  return result;
}

TEST_CASE("reduce_mean: mean and gradient, odd sizes") {
  for (const std::size_t count : {1, 2, 3, 31, 128, 1023, 1025, 5003}) {
    std::vector<double> values;
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(static_cast<double>((i * 37) % 101) / 8);
      sum += values.back();
    }
    const double n = static_cast<double>(count);
    std::vector<double> expected(1 + count, 2.5 / n);
    expected[0] = sum / n;
    CAPTURE(count);
    for (const DeviceResult& result :
         on_every_device<float>([&](auto device) { return mean_and_gradient<float>(device, values, 2.5); }))
      require_close(result.values, expected, 1e-6, 0);
    for (const DeviceResult& result :
         on_every_device<double>([&](auto device) { return mean_and_gradient<double>(device, values, 2.5); }))
      require_close(result.values, expected, 1e-14, 0);
  }
}

TEST_CASE("reduce_mean: a NaN stays one") {
  for (const DeviceResult& result : on_every_device<float>([&](auto device) {
         return mean_and_gradient<float>(device, {1, std::nan(""), 2, 3, 4}, 1);
       }))
    CHECK(std::isnan(result.values[0]));
}

TEST_CASE("reduce_mean: refuses no values and other types") {
  REQUIRE_THROWS_AS(mean_and_gradient<float>(kernels::Cpu{}, {}, 1), std::invalid_argument);
  REQUIRE_THROWS_AS(mean_and_gradient<float>(kernels::Simt{}, {}, 1), std::invalid_argument);
  REQUIRE_THROWS_AS(mean_and_gradient<bfloat16>(kernels::Cpu{}, {1}, 1), std::invalid_argument);
  REQUIRE_THROWS_AS(mean_and_gradient<double>(kernels::Simt{}, {1}, 1), std::invalid_argument);
}

}  // namespace
}  // namespace sleight::test
