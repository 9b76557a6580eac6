#include "engine/ops/support.h"
#include "kernels/cast.h"

namespace sleight {

namespace {

std::vector<ValueType> infer(const StepTypes& step) {
  const std::int64_t index = step.attributes.integer("index");
  check(index >= 0 && index < kernels::LiveScalar::count, "there is no live scalar number ", index);
  return {{{1}, DataType::float32}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const std::int64_t index = step.attributes.integer("index");
  // A cast to the type it has already: one number, so no kernel of its own.
  return kernel_step(
      target.device, kernels::Cast{.count = 1},
      [index](kernels::Cast& call, const StepBuffers& buffers) {
        call.from = static_cast<const float*>(buffers.inputs[0]) + index;
        call.to = buffers.outputs[0];
      },
      [](auto on, const kernels::Cast& call) { kernels::cast(on, call); });
}

}  // namespace

const Operation operations::live_scalar{.name = "live_scalar", .infer = infer, .prepare = prepare};

ValueId ops::live_scalar(Tracer& trace, kernels::LiveScalar::Index index) {
  return trace.emit_one(operations::live_scalar, {trace.live_scalars()}, {{"index", index}});
}

}  // namespace sleight
