#include "kernels/label_rank.h"

#include "engine/ops/support.h"

namespace sleight {

namespace {

std::vector<ValueType> infer(const StepTypes& step) {
  const ValueType& logits = input_type(step, 0);
  check_rank(logits, 2, "the logits");
  check_shape(input_type(step, 1), {logits.shape[0]}, "the labels");
  return {{{logits.shape[0]}, DataType::int32}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& logits = input_type(step, 0);
  return kernel_step(
      target.device, kernels::LabelRank{.rows = logits.shape[0], .classes = logits.shape[1], .type = logits.element},
      [](kernels::LabelRank& call, const StepBuffers& buffers) {
        call.logits = buffers.inputs[0];
        call.label = static_cast<const std::int32_t*>(buffers.inputs[1]);
        call.rank = static_cast<std::int32_t*>(buffers.outputs[0]);
      },
      [](auto on, const kernels::LabelRank& call) { kernels::label_rank(on, call); });
}

}  // namespace

const Operation operations::label_rank{.name = "label_rank", .infer = infer, .prepare = prepare};

ValueId ops::label_rank(Tracer& trace, ValueId logits, ValueId label) {
  return trace.emit_one(operations::label_rank, {logits, label});
}

}  // namespace sleight
