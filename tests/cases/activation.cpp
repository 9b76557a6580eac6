#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

using kernels::ActivationFunction;

// A slope that keeps products on the grid of the inputs: bfloat16 holds them exactly.
constexpr double slope = 0.25;

Attributes function(ActivationFunction f) {
  return {{"activation", {static_cast<double>(f)}}, {"slope", {f == ActivationFunction::leaky_relu ? slope : 0.0}}};
}

std::vector<Case> cases() {
  std::vector<Case> list;
  const std::vector<std::pair<ActivationFunction, std::string>> functions = {
      {ActivationFunction::relu, " relu"}, {ActivationFunction::leaky_relu, " leaky"}};
  for (const auto& [f, name] : functions) {
    for (const Shape& shape : {Shape{1, 1, 1, 1}, Shape{7, 5, 3, 19}, Shape{2, 3, 5, 32}, Shape{13, 9}}) {
      list.push_back({&operations::activation, to_string(shape) + name, {numbers(shape)}, function(f)});
      list.push_back(
          {&operations::activation_backward, to_string(shape) + name, {numbers(shape), numbers(shape)}, function(f)});
    }
    for (const Size size : {Size::large, Size::huge}) {
      const Shape shape = {measured_batch(size), 56, 56, 256};
      list.push_back({.operation = &operations::activation,
                      .label = to_string(shape) + name,
                      .inputs = {numbers(shape)},
                      .attributes = function(f),
                      .size = size});
      list.push_back({.operation = &operations::activation_backward,
                      .label = to_string(shape) + name,
                      .inputs = {numbers(shape), numbers(shape)},
                      .attributes = function(f),
                      .size = size});
    }
  }
  return list;
}

std::vector<GradientCase> gradient_cases() {
  return {{"activation/3x4x5x7 relu",
           [](GradientTrace& g) {
             return ops::relu(g.tracer, g.value(numbers({3, 4, 5, 7})));
           }},
          {"activation/3x4x5x7 leaky", [](GradientTrace& g) {
             return ops::leaky_relu(g.tracer, g.value(numbers({3, 4, 5, 7})), 0.1);
           }}};
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases
