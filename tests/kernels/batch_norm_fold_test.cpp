#include "kernels/batch_norm_fold.h"

#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

constexpr std::int64_t channels = 131;  // more than one block of threads, and a tail

std::vector<double> numbers_around(double center, double step) {
  std::vector<double> values;
  for (std::int64_t c = 0; c < channels; ++c)
    values.push_back(static_cast<double>(static_cast<float>(center + step * static_cast<double>((c * 37) % 101 - 50))));
  return values;
}

template <class T>
void check_scale_shift() {
  using A = Accumulator<T>;
  const auto mean = numbers_around(0.25, 0.01), inverse_deviation = numbers_around(2, 0.02),
             gamma = numbers_around(1, 0.03), beta = numbers_around(0.5, 0.05);
  std::vector<double> expected;
  for (std::size_t c = 0; c < mean.size(); ++c)
    expected.push_back(gamma[c] * inverse_deviation[c]);
  for (std::size_t c = 0; c < mean.size(); ++c)
    expected.push_back(beta[c] - mean[c] * expected[c]);
  const auto results = on_every_device<T>([&](auto device) {
    auto m = guarded<A>(mean), i = guarded<A>(inverse_deviation), g = guarded<A>(gamma), b = guarded<A>(beta);
    GuardedBuffer<T> scale(channels, "scale"), shift(channels, "shift");
    kernels::batch_norm_scale_shift(device, {.type = data_type_of<T>(),
                                             .channels = channels,
                                             .mean = m.data(),
                                             .inverse_deviation = i.data(),
                                             .gamma = g.data(),
                                             .beta = b.data(),
                                             .scale = scale.data(),
                                             .shift = shift.data()});
    std::vector<double> both = numbers(scale);
    const std::vector<double> second = numbers(shift);
    both.insert(both.end(), second.begin(), second.end());
    return both;
  });
  for (const DeviceResult& result : results) {
    INFO(result.device);
    require_close(result.values, expected, epsilon_of<T>(), 4e-7);
  }
}

}  // namespace

TEST_CASE("batch_norm_scale_shift against its definition") {
  check_scale_shift<float>();
  check_scale_shift<bfloat16>();
  check_scale_shift<float16>();
  check_scale_shift<double>();
}

TEST_CASE("batch_norm_finish_sums: statistics from the sums of a library") {
  constexpr std::int64_t rows = 77;
  // The first channel is constant: rounding must not make its variance negative.
  auto mean = numbers_around(0.5, 0.02), variance = numbers_around(1.5, 0.02);
  mean[0] = 0.1;
  variance[0] = 0;
  std::vector<double> sum, squares;
  for (std::size_t c = 0; c < mean.size(); ++c) {
    sum.push_back(rows * mean[c]);
    squares.push_back(rows * (variance[c] + mean[c] * mean[c]));
  }
  const float epsilon = 0.001F;
  const auto results = on_every_device<float>([&](auto device) {
    auto s = guarded<float>(sum), q = guarded<float>(squares);
    GuardedBuffer<float> m(channels, "mean"), i(channels, "inverse deviation"), v(channels, "variance");
    kernels::batch_norm_finish_sums(device, {.type = DataType::float16,
                                             .channels = channels,
                                             .rows = rows,
                                             .epsilon = epsilon,
                                             .sum = s.data(),
                                             .sum_of_squares = q.data(),
                                             .mean = m.data(),
                                             .inverse_deviation = i.data(),
                                             .unbiased_variance = v.data()});
    std::vector<double> all = numbers(m);
    for (GuardedBuffer<float>* buffer : {&i, &v}) {
      const std::vector<double> part = numbers(*buffer);
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  });
  std::vector<double> expected = mean;
  for (const double value : variance)
    expected.push_back(1 / std::sqrt(value + double{epsilon}));
  for (const double value : variance)
    expected.push_back(value * rows / (rows - 1));
  for (const DeviceResult& result : results) {
    INFO(result.device);
    require_close(result.values, expected, 1e-5, 1e-6);
  }
}

}  // namespace sleight::test
