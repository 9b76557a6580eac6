#include "kernels/global_average_pool.h"

#include "pooling_case.h"

using namespace sleight;
using namespace sleight::kernels;
using namespace sleight::tests;

namespace {

struct Reference {
  Values y, x_gradient;
};

Reference reference(const ActivationView& view, const Values& x, const Values& y_gradient) {
  Reference result{Values(y_gradient.size()), Values(x.size())};
  const auto pixels = static_cast<double>(view.pixels());
  for_each_element(view, [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
    const auto to = static_cast<std::size_t>(n * view.channels() + c);
    const std::size_t from = offset(view, n, c, h, w);
    result.y[to] += x[from] / pixels;
    result.x_gradient[from] = y_gradient[to] / pixels;
  });
  return result;
}

template <class Device>
Values run(Device device, DataType type, const ActivationView& view, const Values& x, const Values& y_gradient) {
  TestTensor input(type, x), y(type, view.batch * view.channels());
  TestTensor upstream(type, y_gradient), gradient(type, view.size());
  global_average_pool(device, {type, view, input.data(), y.data()});
  global_average_pool_backward(device, {type, view, upstream.data(), gradient.data()});
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

TEST_CASE("global_average_pool against its definition") {
  for_each_case([](DataType type, const ActivationView& view) {
    const Values x = rounded(type, random_values(view.size(), 1, 0.5));
    const Values y_gradient = rounded(type, random_values(view.batch * view.channels(), 2));
    const Reference expected = reference(view, x, y_gradient);
    on_every_device(
        type, view, [&](auto device) { return run(device, type, view, x, y_gradient); },
        [&](const Values& all) { check(all, expected, type); });
  });
}

TEST_CASE("global_average_pool against golden values") {
  for_each_golden_pooling("global", [](const nlohmann::json& one) {
    const ActivationView view = nchw(one.at("shape"));
    const ActivationView last = as_channels_last(view);
    for (const DataType type : {DataType::float32, DataType::float64})
      on_every_device(
          type, last,
          [&](auto device) { return run(device, type, last, moved(one.at("x"), view, last), one.at("y_gradient")); },
          [&](const Values& all) {
            check(all, {one.at("y"), moved(one.at("x_gradient"), view, last)}, type);
          });
  });
}

TEST_CASE("global_average_pool: numeric gradient") {
  const ActivationView view{2, 3, 4, 1, 3};
  const Values x = random_values(view.size(), 5);
  const Values weight = random_values(view.batch * view.channels(), 6);
  const Values all = run(Cpu{}, DataType::float64, view, x, weight);
  const Values gradient(all.begin() + static_cast<std::ptrdiff_t>(weight.size()), all.end());
  check_numeric_gradient("global_average_pool", x, gradient, [&](const Values& at) {
    const Values result = run(Cpu{}, DataType::float64, view, at, weight);
    double loss = 0;
    for (std::size_t i = 0; i < weight.size(); ++i)
      loss += result[i] * weight[i];
    return loss;
  });
}
