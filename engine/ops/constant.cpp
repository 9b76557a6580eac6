#include "engine/ops/support.h"
#include "kernels/random_fill.h"

namespace sleight {

namespace {

std::vector<ValueType> infer(const StepTypes& step) {
  return {{{step.attributes.integer("count")}, step.attributes.get<DataType>("element")}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const auto value = static_cast<float>(step.attributes.number("value"));
  // A uniform draw from [value, value] is value exactly; constants are tiny (the gradient of the loss), so no kernel of
  // their own.
  return kernel_step(
      target.device,
      kernels::RandomFill{
          .count = output_type(step, 0).count(), .first = value, .second = value, .type = output_type(step, 0).element},
      [](kernels::RandomFill& call, const StepBuffers& buffers) { call.out = buffers.outputs[0]; },
      [](auto on, const kernels::RandomFill& call) { kernels::random_fill(on, call); });
}

}  // namespace

const Operation operations::constant{.name = "constant", .infer = infer, .prepare = prepare};

ValueId ops::constant(Tracer& trace, double value, std::int64_t count, DataType element) {
  return trace.emit_one(operations::constant, {}, {{"value", value}, {"count", count}, {"element", element}});
}

}  // namespace sleight
