#include "tests/cases/projection.h"

#include <cmath>

#include "engine/program/differentiate.h"

namespace sleight::cases {

namespace {

std::vector<double> weights_of(const ValueType& type) {
  std::vector<double> weights;
  for (std::int64_t i = 0; i < type.count(); ++i)
    weights.push_back(projection_weight(i));
  return weights;
}

std::vector<ValueType> infer(const StepTypes& step) {
  return {{{1}, step.inputs[0]->element}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget&) {
  return {[type = *step.inputs[0], weights = weights_of(*step.inputs[0])](const StepBuffers& buffers) {
    visit_cpu_type(type.element, [&]<class T>(TypeTag<T>) {
      const T* x = static_cast<const T*>(buffers.inputs[0]);
      double sum = 0.0;
      for (std::int64_t i = 0; i < type.count(); ++i)
        sum += weights[static_cast<std::size_t>(i)] * static_cast<double>(x[i]);
      *static_cast<T*>(buffers.outputs[0]) = T(static_cast<Accumulator<T>>(sum));
    });
  }};
}

void gradient(GradientBuilder& builder) {
  std::vector<double> shape;
  for (const std::int64_t extent : builder.type(builder.input(0)).shape)
    shape.push_back(static_cast<double>(extent));
  builder.input_gradient(
      0, builder.emit(projection_backward, {builder.output_gradient(0)}, {{"shape", std::move(shape)}}).front());
}

std::vector<ValueType> infer_backward(const StepTypes& step) {
  Shape shape;
  for (const double extent : step.attributes.numbers("shape"))
    shape.push_back(static_cast<std::int64_t>(extent));
  return {{shape, step.inputs[0]->element}};
}

PreparedStep prepare_backward(const StepTypes& step, const PrepareTarget&) {
  return {[type = *step.outputs[0], weights = weights_of(*step.outputs[0])](const StepBuffers& buffers) {
    visit_cpu_type(type.element, [&]<class T>(TypeTag<T>) {
      const auto seed = static_cast<double>(*static_cast<const T*>(buffers.inputs[0]));
      T* result = static_cast<T*>(buffers.outputs[0]);
      for (std::int64_t i = 0; i < type.count(); ++i)
        result[i] = T(static_cast<Accumulator<T>>(seed * weights[static_cast<std::size_t>(i)]));
    });
  }};
}

}  // namespace

const Operation projection{.name = "projection", .infer = infer, .prepare = prepare, .gradient = gradient};
const Operation projection_backward{
    .name = "projection_backward", .infer = infer_backward, .prepare = prepare_backward};

double projection_weight(std::int64_t index) {
  // Multiples of the golden ratio fill the unit interval evenly.
  const double fraction = std::fmod(static_cast<double>(index + 1) * 0.6180339887498949, 1.0);
  return fraction < 0.5 ? 0.25 + 1.5 * fraction : -0.25 - 1.5 * (fraction - 0.5);
}

ValueId project(Tracer& tracer, ValueId value) {
  return tracer.emit_one(projection, {value});
}

}  // namespace sleight::cases
