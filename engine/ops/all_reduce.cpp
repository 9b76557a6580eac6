// Combines a value with those of the other ranks, through the communicator that the run brings. It has no kernel of its
// own: what adds is the communicator's library.
#include "engine/comm/communicator.h"
#include "engine/ops/support.h"

namespace sleight {

namespace {

std::vector<ValueType> infer(const StepTypes& step) {
  check_reducible(input_type(step, 0).element);
  return {{input_type(step, 0).shape, input_type(step, 0).element}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& type = input_type(step, 0);
  check(type.layout == output_type(step, 0).layout, "all_reduce of ", to_string(type), " into ",
        to_string(output_type(step, 0)), ": it cannot change the layout");
  const Reduction reduction = step.attributes.flag("mean") ? Reduction::mean : Reduction::sum;
  return {[&communicator = target.communicator, type, reduction](const StepBuffers& buffers) {
    communicator.all_reduce(buffers.inputs[0], buffers.outputs[0], type.count(), type.element, reduction,
                            Stream::compute);
  }};
}

std::vector<std::pair<int, int>> in_place(const Step&) {
  return {{0, 0}};
}

}  // namespace

const Operation operations::all_reduce{
    .name = "all_reduce", .infer = infer, .prepare = prepare, .in_place = in_place, .any_layout = true};

}  // namespace sleight
