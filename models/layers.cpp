#include "models/layers.h"

#include "engine/base/error.h"
#include "engine/ops/ops.h"

namespace sleight {

ValueId layers::convolution(Tracer& trace, const std::string& name, ValueId x, std::int64_t channels,
                            std::int64_t kernel, std::int64_t stride, Initializer initializer) {
  check(kernel % 2 == 1, "the convolution '", name, "' needs an odd kernel, got ", kernel);
  const auto scope = trace.scope(name);
  const Shape shape = {channels, kernel, kernel, trace.shape(x).back()};
  const ValueId weight = trace.parameter("weight", shape, ParameterRole::weight, initializer);
  return ops::convolution(trace, x, weight, stride, kernel / 2);
}

ValueId layers::convolution_with_bias(Tracer& trace, const std::string& name, ValueId x, std::int64_t channels,
                                      std::int64_t kernel, std::int64_t stride, Initializer initializer,
                                      std::vector<float> bias) {
  const ValueId sum = convolution(trace, name, x, channels, kernel, stride, initializer);
  const auto scope = trace.scope(name);
  return ops::bias(trace, sum, trace.parameter("bias", {channels}, ParameterRole::bias, std::move(bias)));
}

ValueId layers::batch_norm(Tracer& trace, const std::string& name, ValueId x, ResidualBranch branch) {
  const auto scope = trace.scope(name);
  const Shape shape = {trace.shape(x).back()};
  const auto parameter = [&](const char* parameter_name, ParameterRole role, Initializer initializer) {
    const bool is_scale = role == ParameterRole::norm_scale;
    return trace.parameter(parameter_name, shape, role, initializer, is_scale && branch == ResidualBranch::end);
  };
  return ops::batch_norm(
      trace, x,
      {.gamma = parameter("weight", ParameterRole::norm_scale, Initializer::ones),
       .beta = parameter("bias", ParameterRole::norm_shift, Initializer::zeros),
       .running_mean = parameter("running_mean", ParameterRole::running_statistic, Initializer::zeros),
       .running_variance = parameter("running_var", ParameterRole::running_statistic, Initializer::ones)});
}

ValueId layers::linear(Tracer& trace, const std::string& name, ValueId x, std::int64_t features) {
  const auto scope = trace.scope(name);
  const std::int64_t inputs = trace.shape(x).back();
  const ValueId weight =
      trace.parameter("weight", {features, inputs}, ParameterRole::weight, Initializer::uniform_fan_in);
  const ValueId bias = trace.parameter("bias", {features}, ParameterRole::bias, Initializer::zeros);
  return ops::linear(trace, x, weight, bias);
}

}  // namespace sleight
