#include "kernels/bias.h"

#include "kernel_case.h"

using namespace sleight;
using namespace sleight::kernels;
using namespace sleight::tests;

TEST_CASE("bias and its gradient against their definitions") {
  for_each_case([](DataType type, const ActivationView& view) {
    const std::int64_t channels = view.channels();
    const Values x = rounded(type, random_values(view.size(), 1));
    const Values y_gradient = rounded(type, random_values(view.size(), 2, 0.5));
    const Values offset_of_channel = rounded(accumulator_type(type), random_values(channels, 3));
    Values y(x.size()), bias_gradients(static_cast<std::size_t>(channels), 0.0);
    for_each_element(view, [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
      const std::size_t at = offset(view, n, c, h, w);
      y[at] = x[at] + offset_of_channel[static_cast<std::size_t>(c)];
      bias_gradients[static_cast<std::size_t>(c)] += y_gradient[at];
    });
    for (const bool in_place : {false, true})
      on_every_device(
          type, view,
          [&](auto device) {
            TestTensor input(type, x), output(type, view.size()), parameter(accumulator_type(type), offset_of_channel);
            TestTensor upstream(type, y_gradient), gradient(accumulator_type(type), channels);
            simt::GuardedBuffer<std::byte> workspace(static_cast<std::size_t>(bias_gradient_workspace_bytes(view)));
            TestTensor& result = in_place ? input : output;
            bias(device, {type, view, input.data(), parameter.data(), result.data()});
            bias_gradient(device, {type, view, upstream.data(), gradient.data(), workspace.data()});
            workspace.check();
            Values all = result.values();
            append(all, gradient.values());
            return all;
          },
          [&](const Values& all) {
            Parts parts(all);
            check_close("y", parts.next(view.size()), y, type);
            check_close("bias_gradient", parts.next(channels), bias_gradients, accumulator_type(type));
          });
  });
}

TEST_CASE("bias gradient of an empty batch is zero") {
  const ActivationView view{0, 3, 3, 1, 5};
  on_every_device(
      DataType::float32, view,
      [&](auto device) {
        TestTensor upstream(DataType::float32, 0), gradient(DataType::float32, 5), workspace(DataType::float32, 0);
        bias_gradient(device, {DataType::float32, view, upstream.data(), gradient.data(), workspace.data()});
        return gradient.values();
      },
      [](const Values& gradient) { CHECK(gradient == Values(5, 0.0)); });
}

TEST_CASE("bias on the GPU refuses blocked channels") {
  const ActivationView view{1, 2, 2, 2, 16};
  TestTensor x(DataType::float32, view.size()), parameter(DataType::float32, 32);
  const Bias arguments{DataType::float32, view, x.data(), parameter.data(), x.data()};
  REQUIRE_THROWS_AS(bias(Simt{}, arguments), std::invalid_argument);
}
