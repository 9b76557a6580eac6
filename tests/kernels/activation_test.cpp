#include "kernels/activation.h"

#include <limits>

#include "kernel_case.h"

using namespace sleight;
using namespace sleight::kernels;
using namespace sleight::tests;

namespace {

constexpr ActivationFunction functions[] = {ActivationFunction::none, ActivationFunction::relu,
                                            ActivationFunction::leaky_relu};
constexpr float slope = 0.125F;

double negative_side(ActivationFunction function) {
  return function == ActivationFunction::none ? 1 : function == ActivationFunction::relu ? 0 : double{slope};
}

}  // namespace

TEST_CASE("activation against its definition") {
  for (const ActivationFunction function : functions)
    for (const DataType type : {DataType::float32, DataType::bfloat16, DataType::float16, DataType::float64})
      for (const std::int64_t size : {1, 3, 17, 1025, 7001}) {
        const Values x = rounded(type, random_values(size, 1));
        const Values y_gradient = rounded(type, random_values(size, 2));
        Values y, x_gradient;
        for (std::size_t i = 0; i < x.size(); ++i) {
          const double factor = x[i] > 0 ? 1 : negative_side(function);
          y.push_back(factor * x[i]);
          x_gradient.push_back(factor * y_gradient[i]);
        }
        CAPTURE(size, static_cast<int>(function), name_of(type));
        const auto run = [&](bool in_place) {
          return [&, in_place](auto device) {
            TestTensor input(type, x), output(type, size), upstream(type, y_gradient), gradient(type, size);
            TestTensor& result = in_place ? input : output;
            TestTensor& result_gradient = in_place ? upstream : gradient;
            activation_forward(device, {type, size, function, slope, input.data(), result.data()});
            Values all = result.values();
            activation_backward(device,
                                {type, size, function, slope, result.data(), upstream.data(), result_gradient.data()});
            append(all, result_gradient.values());
            return all;
          };
        };
        const auto check = [&](const Values& all) {
          Parts parts(all);
          check_close("y", parts.next(size), y, type);
          check_close("x_gradient", parts.next(size), x_gradient, type);
        };
        on_every_device(type, {1, 1, 1, 1, size}, run(false), check);
        on_every_device(type, {1, 1, 1, 1, size}, run(true), check);
      }
}

TEST_CASE("activation at zero, infinity and NaN") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Values x = {0, -infinity, infinity, std::nan("")};
  on_every_device(
      DataType::float32, {1, 1, 1, 1, 4},
      [&](auto device) {
        TestTensor input(DataType::float32, x), y(DataType::float32, 4);
        TestTensor ones(DataType::float32, Values(4, 1.0)), gradient(DataType::float32, 4);
        activation_forward(device, {DataType::float32, 4, ActivationFunction::relu, 0, input.data(), y.data()});
        activation_backward(
            device, {DataType::float32, 4, ActivationFunction::relu, 0, y.data(), ones.data(), gradient.data()});
        Values all = y.values();
        append(all, gradient.values());
        return all;
      },
      [&](const Values& all) {
        CHECK(all[0] == 0);
        CHECK(all[1] == 0);
        CHECK(all[2] == infinity);
        CHECK(std::isnan(all[3]));
        CHECK(all[4] == 0);  // the derivative at 0 is the one of the negative side
        CHECK(all[5] == 0);
        CHECK(all[6] == 1);
      });
}

TEST_CASE("activation: numeric gradient") {
  const std::int64_t size = 23;
  const DataType type = DataType::float64;
  const Values x = random_values(size, 3), weight = random_values(size, 4);
  for (const ActivationFunction function : functions) {
    const auto forward = [&](const Values& at) {
      TestTensor input(type, at), y(type, size);
      activation_forward(Cpu{}, {type, size, function, slope, input.data(), y.data()});
      return y.values();
    };
    TestTensor y(type, forward(x)), upstream(type, weight), gradient(type, size);
    activation_backward(Cpu{}, {type, size, function, slope, y.data(), upstream.data(), gradient.data()});
    check_numeric_gradient("activation", x, gradient.values(), [&](const Values& at) {
      const Values result = forward(at);
      double loss = 0;
      for (std::size_t i = 0; i < result.size(); ++i)
        loss += result[i] * weight[i];
      return loss;
    });
  }
}

TEST_CASE("activation: the GPU has no float64") {
  TestTensor x(DataType::float64, 3);
  const ActivationForward arguments{DataType::float64, 3, ActivationFunction::relu, 0, x.data(), x.data()};
  REQUIRE_THROWS_AS(activation_forward(Simt{}, arguments), std::invalid_argument);
}
