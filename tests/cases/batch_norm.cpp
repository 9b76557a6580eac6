#include "engine/ops/batch_norm.h"

#include <cmath>

#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

using kernels::ActivationFunction;

// A slope whose products bfloat16 holds exactly, so that rounding a masked gradient before summing it loses nothing.
Attributes function(ActivationFunction f) {
  return {{"activation", {static_cast<double>(f)}}, {"slope", {f == ActivationFunction::leaky_relu ? 0.25 : 0.0}}};
}

std::string name_of(ActivationFunction f) {
  return f == ActivationFunction::none ? "" : f == ActivationFunction::relu ? " relu" : " leaky";
}

Input statistic(const Shape& x) {
  return accumulators({x.back()});
}
Input positive(const Shape& x) {
  return accumulators({x.back()}, 0.5, 2.0);
}

void add_statistics(std::vector<Case>& list, const Shape& x, Size size) {
  list.push_back({.operation = &operations::batch_norm_statistics,
                  .label = to_string(x),
                  .inputs = {numbers(x, -1.0, 3.0)},
                  .attributes = {{"epsilon", {1e-5}}},
                  .reduction = element_count(x) / x.back(),
                  .size = size});
}

// As add_statistics, in the two steps between which ranks add their sums. The second takes sums of rows that hold -1
// and 2 alone, in shares that differ between channels.
void add_partial_and_finish(std::vector<Case>& list, const Shape& x, Size size) {
  const std::int64_t channels = x.back();
  const double rows = static_cast<double>(element_count(x) / channels);
  list.push_back({.operation = &operations::batch_norm_partial,
                  .label = to_string(x),
                  .inputs = {numbers(x, -1.0, 3.0)},
                  .reduction = element_count(x) / channels,
                  .size = size});
  const auto sums = [channels, rows] {
    std::vector<double> values(static_cast<std::size_t>(2 * channels + 1), rows);
    for (std::int64_t channel = 0; channel < channels; ++channel) {
      const double twos = std::floor(rows / static_cast<double>(2 + channel % 3));
      values[channel] = 2 * twos - (rows - twos);
      values[channels + channel] = 4 * twos + (rows - twos);
    }
    return values;
  };
  list.push_back({.operation = &operations::batch_norm_finish,
                  .label = to_string(x),
                  .inputs = {made({2 * channels + 1}, Kind::float64, sums)},
                  .attributes = {{"epsilon", {1e-5}}},
                  .reduction = 4,
                  .element_attribute = true,
                  .size = size});
}

void add_apply(std::vector<Case>& list, const Shape& x, bool residual, ActivationFunction f, Size size) {
  list.push_back(
      {.operation = &operations::batch_norm_apply,
       .label = to_string(x) + (residual ? " residual" : "") + name_of(f),
       .inputs = {numbers(x), statistic(x), positive(x), statistic(x), statistic(x), residual ? numbers(x) : absent()},
       .attributes = function(f),
       .reduction = 4,
       .size = size});
}

enum class Mask { from_input, from_output };

// Two gradients that meet are written as one masked gradient.
void add_reduce(std::vector<Case>& list, const Shape& x, bool second, ActivationFunction f, Mask mask, Size size) {
  Attributes attributes = function(f);
  const bool masked = second || mask == Mask::from_output;
  if (masked) attributes.set("masked_gradient", 1.0);
  list.push_back(
      {.operation = &operations::batch_norm_backward_reduce,
       .label = to_string(x) + (second ? " sum" : "") + name_of(f) + (mask == Mask::from_output ? " from output" : ""),
       .inputs = {numbers(x), second ? numbers(x) : absent(), numbers(x), statistic(x), positive(x), statistic(x),
                  statistic(x), mask == Mask::from_output ? numbers(x) : absent()},
       .attributes = attributes,
       .reduction = 4 * element_count(x) / x.back(),
       .size = size});
}

void add_backward_apply(std::vector<Case>& list, const Shape& x, ActivationFunction f, Size size) {
  list.push_back({.operation = &operations::batch_norm_backward_apply,
                  .label = to_string(x) + name_of(f),
                  .inputs = {numbers(x), numbers(x), statistic(x), positive(x), statistic(x), statistic(x),
                             statistic(x), statistic(x)},
                  .attributes = function(f),
                  .reduction = 4,
                  .size = size});
}

// The gradient on one of several ranks: the number of rows comes with the sums, and is that of all of them.
void add_shared_backward_apply(std::vector<Case>& list, const Shape& x, ActivationFunction f, Size size) {
  add_backward_apply(list, x, f, size);
  Case& shared = list.back();
  shared.label += " shared";
  const std::int64_t channels = x.back();
  shared.inputs.push_back(made({2 * channels + 1}, Kind::float64, [channels, x] {
    std::vector<double> values(static_cast<std::size_t>(2 * channels + 1), std::nan(""));
    values.back() = 3.0 * static_cast<double>(element_count(x) / channels);
    return values;
  }));
}

// What a network does: with and without a shortcut, the mask from where the fused program takes it.
void add_relu_cases(std::vector<Case>& list, const Shape& x, Size size) {
  add_apply(list, x, false, ActivationFunction::relu, size);
  add_apply(list, x, true, ActivationFunction::relu, size);
  add_reduce(list, x, false, ActivationFunction::relu, Mask::from_input, size);
  add_reduce(list, x, true, ActivationFunction::relu, Mask::from_output, size);
  add_backward_apply(list, x, ActivationFunction::relu, size);
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const Shape& x : {Shape{1, 1, 1, 3}, Shape{7, 5, 3, 19}, Shape{2, 9, 7, 32}, Shape{3, 4, 5, 64}, Shape{13, 5}}) {
    add_statistics(list, x, Size::small);
    add_partial_and_finish(list, x, Size::small);
    add_shared_backward_apply(list, x, ActivationFunction::relu, Size::small);
    list.push_back({.operation = &operations::batch_norm_inference_statistics,
                    .label = std::to_string(x.back()),
                    .inputs = {statistic(x), positive(x)},
                    .attributes = {{"epsilon", {1e-5}}},
                    .bfloat16 = false});
    add_relu_cases(list, x, Size::small);
  }
  // The other functions once: what differs between shapes does not differ between functions.
  const Shape odd = {7, 5, 3, 19};
  for (const ActivationFunction f : {ActivationFunction::none, ActivationFunction::leaky_relu}) {
    for (const bool flag : {false, true}) {
      add_apply(list, odd, flag, f, Size::small);
      add_reduce(list, odd, flag, f, Mask::from_input, Size::small);
    }
    add_backward_apply(list, odd, f, Size::small);
  }
  add_reduce(list, odd, true, ActivationFunction::relu, Mask::from_input, Size::small);
  add_reduce(list, odd, true, ActivationFunction::leaky_relu, Mask::from_output, Size::small);
  for (const Shape& x : {Shape{8, 56, 56, 256}, Shape{128, 32, 32, 16}}) {
    add_statistics(list, x, Size::large);
    add_partial_and_finish(list, x, Size::large);
    add_relu_cases(list, x, Size::large);
  }
  const Shape huge = {measured_batch(Size::huge), 56, 56, 256};
  add_statistics(list, huge, Size::huge);
  add_partial_and_finish(list, huge, Size::huge);
  add_relu_cases(list, huge, Size::huge);
  list.push_back({.operation = &operations::batch_norm_inference_statistics,
                  .label = "2048",
                  .inputs = {accumulators({2048}), accumulators({2048}, 0.5, 2.0)},
                  .attributes = {{"epsilon", {1e-5}}},
                  .bfloat16 = false,
                  .size = Size::large});
  return list;
}

std::vector<GradientCase> gradient_cases() {
  std::vector<GradientCase> list;
  for (const Shape& x : {Shape{3, 4, 3, 5}, Shape{7, 6}}) {
    list.push_back({"batch_norm_apply/" + to_string(x), [x](GradientTrace& g) {
                      const Shape channels = {x.back()};
                      const ValueId image = g.value(numbers(x));
                      const ValueId gamma = g.value(accumulators(channels, 0.5, 1.5));
                      const ValueId beta = g.value(accumulators(channels));
                      return ops::batch_norm(
                          g.tracer, image,
                          {.gamma = gamma,
                           .beta = beta,
                           .running_mean = g.tracer.parameter("running_mean", channels,
                                                              ParameterRole::running_statistic, Initializer::zeros),
                           .running_variance = g.tracer.parameter(
                               "running_var", channels, ParameterRole::running_statistic, Initializer::ones)});
                    }});
  }
  return list;
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases
