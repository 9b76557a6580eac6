#include "kernels/average_pool.h"

#include "pooling_case.h"

using namespace sleight;
using namespace sleight::kernels;
using namespace sleight::tests;

namespace {

struct Reference {
  Values y, x_gradient;
};

// Straight from the definition, scattering the gradient.
Reference reference(const ActivationView& view, const PoolWindow& window, const Values& x, const Values& y_gradient) {
  const ActivationView pooled = pooled_view(view, window);
  Reference result{Values(y_gradient.size()), Values(x.size(), 0.0)};
  for_each_element(pooled, [&](std::int64_t n, std::int64_t c, std::int64_t oh, std::int64_t ow) {
    std::vector<std::size_t> pixels;
    for (std::int64_t i = 0; i < window.kernel; ++i)
      for (std::int64_t j = 0; j < window.kernel; ++j) {
        const std::int64_t h = oh * window.stride - window.padding + i, w = ow * window.stride - window.padding + j;
        if (h >= 0 && h < view.height && w >= 0 && w < view.width) pixels.push_back(offset(view, n, c, h, w));
      }
    const auto count = static_cast<double>(pixels.size());
    const std::size_t to = offset(pooled, n, c, oh, ow);
    for (const std::size_t pixel : pixels) {
      result.y[to] += x[pixel] / count;
      result.x_gradient[pixel] += y_gradient[to] / count;
    }
  });
  return result;
}

template <class Device>
Values run(Device device, DataType type, const ActivationView& view, const PoolWindow& window, const Values& x,
           const Values& y_gradient) {
  TestTensor input(type, x), y(type, pooled_view(view, window).size());
  TestTensor upstream(type, y_gradient), gradient(type, view.size());
  average_pool(device, {type, view, window, input.data(), y.data()});
  average_pool_backward(device, {type, view, window, upstream.data(), gradient.data()});
  Values all = y.values();
  append(all, gradient.values());
  return all;
}

void check(const Values& all, const Reference& expected, DataType type) {
  Parts parts(all);
  check_close("y", parts.next(static_cast<std::int64_t>(expected.y.size())), expected.y, type);
  check_close("x_gradient", parts.next(static_cast<std::int64_t>(expected.x_gradient.size())), expected.x_gradient,
              type);
}

}  // namespace

TEST_CASE("average_pool against its definition") {
  for_each_pooling_case([](DataType type, const ActivationView& view, const PoolWindow& window) {
    const Values x = rounded(type, random_values(view.size(), 1));
    const Values y_gradient = rounded(type, random_values(pooled_view(view, window).size(), 2));
    const Reference expected = reference(view, window, x, y_gradient);
    on_every_device(
        type, view, [&](auto device) { return run(device, type, view, window, x, y_gradient); },
        [&](const Values& all) { check(all, expected, type); });
  });
}

TEST_CASE("average_pool against golden values") {
  for_each_golden_pooling("average", [](const nlohmann::json& one) {
    const ActivationView view = nchw(one.at("shape"));
    const ActivationView pooled = pooled_view(view, golden_window(one));
    REQUIRE(pooled.height == one.at("output_shape")[2].get<std::int64_t>());
    REQUIRE(pooled.width == one.at("output_shape")[3].get<std::int64_t>());
    const ActivationView last = as_channels_last(view), pooled_last = as_channels_last(pooled);
    for (const DataType type : {DataType::float32, DataType::float64})
      on_every_device(
          type, last,
          [&](auto device) {
            return run(device, type, last, golden_window(one), moved(one.at("x"), view, last),
                       moved(one.at("y_gradient"), pooled, pooled_last));
          },
          [&](const Values& all) {
            check(all, {moved(one.at("y"), pooled, pooled_last), moved(one.at("x_gradient"), view, last)}, type);
          });
  });
}

TEST_CASE("average_pool: numeric gradient") {
  const ActivationView view{1, 5, 4, 1, 3};
  const PoolWindow window{2, 2, 0, true};
  const Values x = random_values(view.size(), 5);
  const Values weight = random_values(pooled_view(view, window).size(), 6);
  const Values all = run(Cpu{}, DataType::float64, view, window, x, weight);
  const Values gradient(all.begin() + static_cast<std::ptrdiff_t>(weight.size()), all.end());
  check_numeric_gradient("average_pool", x, gradient, [&](const Values& at) {
    const Values result = run(Cpu{}, DataType::float64, view, window, at, weight);
    double loss = 0;
    for (std::size_t i = 0; i < weight.size(); ++i)
      loss += result[i] * weight[i];
    return loss;
  });
}
