#include "kernels/cast.h"

#include <memory>

#include "engine/ops/support.h"
#include "engine/ops/tensor_table.h"
#include "engine/program/differentiate.h"
#include "engine/program/fuse.h"

namespace sleight {

namespace {

std::vector<ValueType> infer(const StepTypes& step) {
  return {{input_type(step, 0).shape, step.attributes.get<DataType>("element")}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& from = input_type(step, 0);
  return kernel_step(
      target.device,
      kernels::Cast{.from_type = from.element, .to_type = output_type(step, 0).element, .count = from.count()},
      [](kernels::Cast& call, const StepBuffers& buffers) {
        call.from = buffers.inputs[0];
        call.to = buffers.outputs[0];
      },
      [](auto on, const kernels::Cast& call) { kernels::cast(on, call); });
}

void gradient(GradientBuilder& builder) {
  const DataType element = builder.type(builder.input(0)).element;
  builder.input_gradient(0,
                         builder.emit(operations::cast, {builder.output_gradient(0)}, {{"element", element}}).front());
}

// Any number of inputs, all of one type, and as many outputs.
std::vector<ValueType> infer_list(const StepTypes& step) {
  check(!step.inputs.empty(), "there is nothing to cast");
  std::vector<ValueType> types;
  for (std::size_t i = 0; i < step.inputs.size(); ++i) {
    const ValueType& from = input_type(step, i);
    check(from.element == input_type(step, 0).element, "input ", i, " is ", to_string(from), ", but the first is ",
          to_string(input_type(step, 0)));
    types.push_back({from.shape, step.attributes.get<DataType>("element")});
  }
  return types;
}

PreparedStep prepare_list(const StepTypes& step, const PrepareTarget& target) {
  std::vector<kernels::CastTensor> tensors(step.inputs.size());
  for (std::size_t i = 0; i < tensors.size(); ++i)
    tensors[i].count = input_type(step, i).count();
  const auto table = std::make_shared<TensorTable<kernels::CastTensor>>(target.device, std::move(tensors));
  PreparedStep prepared = kernel_step(
      target.device,
      kernels::CastList{
          .tensors = table->list(), .from_type = input_type(step, 0).element, .to_type = output_type(step, 0).element},
      [](kernels::CastList&, const StepBuffers&) {},
      [](auto on, const kernels::CastList& call) { kernels::cast_list(on, call); });
  prepared.bind = [table](const StepBuffers& buffers) {
    table->fill([&](std::size_t i, kernels::CastTensor& tensor) {
      tensor.from = buffers.inputs[i];
      tensor.to = buffers.outputs[i];
    });
  };
  return prepared;
}

bool casts_parameter(const Program& program, const Step& step) {
  return step.operation == &operations::cast && step.phase == Phase::forward &&
         program.value(step.inputs[0]).storage == Storage::persistent;
}

// Parameters are there from the start and change in the update only, so all casts of some may move to the first one.
bool cast_together(Program& program, std::size_t index) {
  if (!casts_parameter(program, program.steps[index])) return false;
  const auto element_of = [&](ValueId id) { return program.value(id).type.element; };
  bool changed = false;
  for (std::size_t later = index + 1; later < program.steps.size();) {
    Step& first = program.steps[index];
    const Step& second = program.steps[later];
    const bool alike = casts_parameter(program, second) &&
                       element_of(first.inputs[0]) == element_of(second.inputs[0]) &&
                       element_of(first.outputs[0]) == element_of(second.outputs[0]);
    if (!alike) {
      ++later;
      continue;
    }
    first.operation = &operations::cast_list;
    first.name.clear();
    first.inputs.push_back(second.inputs[0]);
    first.outputs.push_back(second.outputs[0]);
    remove_step(program, later);
    changed = true;
  }
  return changed;
}

ValueId example_two_casts(Tracer& trace) {
  const auto low = [&](const char* name) {
    const ValueId x = trace.parameter(name, {3, 5, 7, 16}, ParameterRole::weight, Initializer::zeros);
    return ops::relu(trace, ops::cast(trace, x, DataType::bfloat16));
  };
  const ValueId x = low("x");
  return ops::cast(trace, ops::add(trace, x, low("y")), trace.element());
}

constexpr FusionRule rules[] = {{"casts of parameters together", cast_together, example_two_casts}};

}  // namespace

const Operation operations::cast{
    .name = "cast", .infer = infer, .prepare = prepare, .gradient = gradient, .fusion_rules = rules};
const Operation operations::cast_list{.name = "cast_list", .infer = infer_list, .prepare = prepare_list};

ValueId ops::cast(Tracer& trace, ValueId x, DataType element) {
  if (x == no_value || trace.type(x).element == element) return x;
  return trace.emit_one(operations::cast, {x}, {{"element", element}});
}

}  // namespace sleight
