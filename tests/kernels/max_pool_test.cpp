#include "kernels/max_pool.h"

#include <limits>

#include "pooling_case.h"

using namespace sleight;
using namespace sleight::kernels;
using namespace sleight::tests;

namespace {

struct Reference {
  Values y, argmax, x_gradient;
};

// Straight from the definition, scattering the gradient.
Reference reference(const ActivationView& view, const PoolWindow& window, const Values& x, const Values& y_gradient) {
  const ActivationView pooled = pooled_view(view, window);
  Reference result{Values(y_gradient.size()), Values(y_gradient.size()), Values(x.size(), 0.0)};
  for_each_element(pooled, [&](std::int64_t n, std::int64_t c, std::int64_t oh, std::int64_t ow) {
    double largest = -std::numeric_limits<double>::infinity();
    std::int64_t place = -1, from_row = 0, from_column = 0;
    for (std::int64_t i = 0; i < window.kernel; ++i)
      for (std::int64_t j = 0; j < window.kernel; ++j) {
        const std::int64_t h = oh * window.stride - window.padding + i, w = ow * window.stride - window.padding + j;
        if (h < 0 || h >= view.height || w < 0 || w >= view.width) continue;
        const double value = x[offset(view, n, c, h, w)];
        if (place < 0 || value > largest || std::isnan(value)) {
          largest = value;
          place = i * window.kernel + j;
          from_row = h;
          from_column = w;
        }
      }
    const std::size_t to = offset(pooled, n, c, oh, ow);
    result.y[to] = largest;
    result.argmax[to] = static_cast<double>(place);
    result.x_gradient[offset(view, n, c, from_row, from_column)] += y_gradient[to];
  });
  return result;
}

template <class Device>
Values run(Device device, DataType type, const ActivationView& view, const PoolWindow& window, const Values& x,
           const Values& y_gradient) {
  const std::int64_t outputs = pooled_view(view, window).size();
  TestTensor input(type, x), y(type, outputs), upstream(type, y_gradient), gradient(type, view.size());
  simt::GuardedBuffer<std::uint8_t> argmax(static_cast<std::size_t>(outputs), "argmax");
  max_pool(device, {type, view, window, input.data(), y.data(), argmax.data()});
  max_pool_backward(device, {type, view, window, upstream.data(), argmax.data(), gradient.data()});
  argmax.check();
  Values all = y.values();
  append(all, Values(argmax.begin(), argmax.end()));
  append(all, gradient.values());
  return all;
}

void check(const Values& all, const Reference& expected, DataType type) {
  Parts parts(all);
  const auto outputs = static_cast<std::int64_t>(expected.y.size());
  CHECK(parts.next(outputs) == expected.y);
  CHECK(parts.next(outputs) == expected.argmax);
  check_close("x_gradient", parts.next(static_cast<std::int64_t>(expected.x_gradient.size())), expected.x_gradient,
              type);
}

}  // namespace

TEST_CASE("max_pool against its definition") {
  for_each_pooling_case([](DataType type, const ActivationView& view, const PoolWindow& window) {
    // Halves: many ties.
    Values x = random_values(view.size(), 1);
    for (double& value : x)
      value = std::round(2 * value) / 2;
    const Values y_gradient = rounded(type, random_values(pooled_view(view, window).size(), 2));
    const Reference expected = reference(view, window, x, y_gradient);
    on_every_device(
        type, view, [&](auto device) { return run(device, type, view, window, x, y_gradient); },
        [&](const Values& all) { check(all, expected, type); });
  });
}

TEST_CASE("max_pool with NaN and infinity") {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::nan("");
  const ActivationView view{1, 2, 6, 1, 1};
  const PoolWindow window{2, 2, 0, false};
  // Three windows: a NaN among numbers, before a larger one; two NaN; nothing but -infinity.
  const Values x = {nan, 1, nan, 2, -infinity, -infinity, 3, 4, nan, infinity, -infinity, -infinity};
  on_every_device(
      DataType::float32, view,
      [&](auto device) {
        return run(device, DataType::float32, view, window, x, {1, 2, 3});
      },
      [&](const Values& all) {
        CHECK(std::isnan(all[0]));
        CHECK(std::isnan(all[1]));
        CHECK(all[2] == -infinity);
        CHECK(Values(all.begin() + 3, all.begin() + 6) == Values{0, 2, 0});
        CHECK(Values(all.begin() + 6, all.end()) == Values{1, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0});
      });
}

TEST_CASE("max_pool without a place for argmax gives the same values") {
  const ActivationView view{2, 5, 3, 1, 19};
  const PoolWindow window{3, 2, 1, false};
  const Values x = rounded(DataType::float32, random_values(view.size(), 1));
  const std::int64_t outputs = pooled_view(view, window).size();
  const Reference expected = reference(view, window, x, Values(static_cast<std::size_t>(outputs)));
  on_every_device(
      DataType::float32, view,
      [&](auto device) {
        TestTensor input(DataType::float32, x), y(DataType::float32, outputs);
        max_pool(device, {DataType::float32, view, window, input.data(), y.data(), nullptr});
        return y.values();
      },
      [&](const Values& y) { CHECK(y == expected.y); });
}

TEST_CASE("max_pool against golden values") {
  for_each_golden_pooling("max", [](const nlohmann::json& one) {
    const ActivationView view = nchw(one.at("shape"));
    const ActivationView pooled = pooled_view(view, golden_window(one));
    REQUIRE(pooled.height == one.at("output_shape")[2].get<std::int64_t>());
    REQUIRE(pooled.width == one.at("output_shape")[3].get<std::int64_t>());
    const Values x = one.at("x"), y_gradient = one.at("y_gradient");
    for (const DataType type : {DataType::float32, DataType::float64}) {
      const ActivationView last = as_channels_last(view), pooled_last = as_channels_last(pooled);
      const Reference expected{moved(one.at("y"), pooled, pooled_last), moved(one.at("argmax"), pooled, pooled_last),
                               moved(one.at("x_gradient"), view, last)};
      on_every_device(
          type, last,
          [&](auto device) {
            return run(device, type, last, golden_window(one), moved(x, view, last),
                       moved(y_gradient, pooled, pooled_last));
          },
          [&](const Values& all) { check(all, expected, type); });
    }
  });
}

TEST_CASE("max_pool: numeric gradient") {
  const ActivationView view{1, 5, 4, 1, 3};
  const PoolWindow window{3, 2, 1, false};
  const Values x = random_values(view.size(), 5);
  const Values weight = random_values(pooled_view(view, window).size(), 6);
  const auto outputs = static_cast<std::int64_t>(weight.size());
  const Values all = run(Cpu{}, DataType::float64, view, window, x, weight);
  check_numeric_gradient("max_pool", x, Values(all.begin() + 2 * outputs, all.end()), [&](const Values& at) {
    const Values result = run(Cpu{}, DataType::float64, view, window, at, weight);
    double loss = 0;
    for (std::size_t i = 0; i < weight.size(); ++i)
      loss += result[i] * weight[i];
    return loss;
  });
}

TEST_CASE("pooling refuses impossible windows") {
  const ActivationView view{1, 4, 4, 1, 3};
  for (const PoolWindow& window : {PoolWindow{0, 1, 0, false}, PoolWindow{17, 1, 8, false}, PoolWindow{2, 0, 0, false},
                                   PoolWindow{2, 2, -1, false}, PoolWindow{3, 1, 2, false}, PoolWindow{5, 1, 0, false}})
    REQUIRE_THROWS_AS(pooled_view(view, window), std::invalid_argument);
}

TEST_CASE("pooling on the GPU refuses blocked channels") {
  const ActivationView view{1, 2, 2, 2, 16};
  TestTensor x(DataType::float32, view.size()), y(DataType::float32, 32);
  const MaxPool arguments{DataType::float32, view, {2, 2, 0, false}, x.data(), y.data(), nullptr};
  REQUIRE_THROWS_AS(max_pool(Simt{}, arguments), std::invalid_argument);
}
