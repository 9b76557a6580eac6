#include "tests/cases/check_gradient.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/ops/ops.h"
#include "engine/program/differentiate.h"
#include "engine/program/execute.h"
#include "tests/cases/one_thread.h"
#include "tests/cases/projection.h"

namespace sleight::cases {

namespace {

template <class T>
std::vector<T> drawn(const Input& input, std::size_t index) {
  const std::vector<double> values = draw(input, index, true);
  return std::vector<T>(values.begin(), values.end());
}

}  // namespace

std::vector<GradientCheck> check_gradient(const GradientCase& description) {
  const OneThread one_thread;
  GradientTrace trace;
  Tracer& tracer = trace.tracer;
  const ValueId loss = project(tracer, description.write(trace));
  tracer.result(loss, "projection");
  std::vector<ValueId> wanted;
  for (const GradientTrace::Bound& bound : trace.bound) {
    if (tracer.program().value(bound.id).storage == Storage::persistent) wanted.push_back(bound.id);
  }
  const ValueId seed = ops::constant(tracer, 1.0, 1, DataType::float64);
  tracer.phase = Phase::backward;
  const auto gradients = differentiate(tracer.program(), loss, seed, wanted, operations::add);
  for (const auto& [value, gradient] : gradients) {
    check(gradient != no_value, description.name, ": the result does not depend on '",
          tracer.program().value(value).name, "'");
    tracer.program().results.push_back(gradient);
  }

  Context context("cpu", 1);
  Executable executable(tracer.program(), context, {.fuse = false, .parameter_prefix = ""});
  context.arena.poison();
  std::vector<std::vector<float>> floats(trace.bound.size());
  std::vector<std::vector<std::int32_t>> integers(trace.bound.size());
  std::vector<std::vector<std::uint8_t>> small_integers(trace.bound.size());
  for (std::size_t i = 0; i < trace.bound.size(); ++i) {
    const auto& [id, input] = trace.bound[i];
    const Value& value = executable.program().value(id);
    if (value.storage == Storage::persistent) {
      std::ranges::copy(draw(input, i, true), static_cast<double*>(executable.address(id)));
    } else if (input.kind == Kind::float32) {
      executable.bind(value.name, (floats[i] = drawn<float>(input, i)).data());
    } else if (input.kind == Kind::int32) {
      executable.bind(value.name, (integers[i] = drawn<std::int32_t>(input, i)).data());
    } else {
      executable.bind(value.name, (small_integers[i] = drawn<std::uint8_t>(input, i)).data());
    }
  }
  executable.run();

  const auto projection_now = [&] {
    executable.run(Phase::forward);
    return executable.result<double>("projection")[0];
  };
  std::vector<std::vector<double>> analytic;
  for (const ValueId id : wanted) {
    const auto* gradient = static_cast<const double*>(executable.address(gradients.at(id)));
    analytic.emplace_back(gradient, gradient + executable.program().value(id).type.count());
  }
  std::vector<GradientCheck> checks;
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    GradientCheck result{.value = executable.program().value(wanted[k]).name};
    auto* numbers_now = static_cast<double*>(executable.address(wanted[k]));
    for (std::size_t i = 0; i < analytic[k].size(); ++i) {
      constexpr double step = 1e-5;
      const double middle = numbers_now[i];
      numbers_now[i] = middle + step;
      const double above = projection_now();
      numbers_now[i] = middle - step;
      const double below = projection_now();
      numbers_now[i] = middle;
      const double error = std::abs((above - below) / (2.0 * step) - analytic[k][i]);
      result.largest = std::max(result.largest, std::abs(analytic[k][i]));
      if (!(error <= result.largest_error)) result.largest_error = error;
    }
    checks.push_back(result);
  }
  return checks;
}

std::set<std::string_view> differentiated_operations(const GradientCase& description) {
  GradientTrace trace;
  description.write(trace);
  std::set<std::string_view> names;
  for (const Step& step : trace.tracer.program().steps) {
    if (step.operation->gradient != nullptr) names.insert(step.operation->name);
  }
  return names;
}

}  // namespace sleight::cases
