#include "kernels/first_non_finite.h"

#include <memory>

#include "engine/ops/support.h"
#include "engine/ops/tensor_table.h"
#include "engine/program/distribute.h"

namespace sleight {

namespace {

std::vector<ValueType> infer(const StepTypes& step) {
  check(!step.inputs.empty(), "there is nothing to search");
  for (std::size_t i = 0; i < step.inputs.size(); ++i) {
    const DataType element = input_type(step, i).element;
    check(is_floating_point(element), "input ", i, " is ", to_string(input_type(step, i)),
          ", which has no NaN and no infinity; leave it out of the list");
  }
  return {{{2}, DataType::int64}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  std::vector<kernels::CheckedTensor> tensors;
  for (std::size_t i = 0; i < step.inputs.size(); ++i)
    tensors.push_back(kernels::checked_tensor(nullptr, input_type(step, i).count(), input_type(step, i).element));
  const auto table = std::make_shared<TensorTable<kernels::CheckedTensor>>(target.device, std::move(tensors));
  PreparedStep prepared = kernel_step(
      target.device, kernels::FirstNonFinite{.tensors = table->list()},
      [](kernels::FirstNonFinite& call, const StepBuffers& buffers) {
        call.workspace = static_cast<std::int32_t*>(buffers.workspace);
        call.result = static_cast<std::int64_t*>(buffers.outputs[0]);
      },
      [](auto on, const kernels::FirstNonFinite& call) { kernels::first_non_finite(on, call); },
      table->list().chunk_count * size_of(DataType::int32));
  prepared.bind = [table](const StepBuffers& buffers) {
    table->fill([&](std::size_t i, kernels::CheckedTensor& tensor) { tensor.data = buffers.inputs[i]; });
  };
  return prepared;
}

// Whether there is a NaN does not depend on the layout, so none is asked for; and the two numbers that come out do not
// take over the layout of what was searched, as they would without a rule.
std::vector<std::pair<int, Layout>> no_preference(const StepTypes&, const Device&) {
  return {};
}

// What decides whether a step counts must be the same on every rank, or some would update and others not: the search is
// made in the means over the ranks, where a NaN or an infinity of any rank shows. The loss is among them, and the host
// reads its mean too.
void search_means(DistributionBuilder& builder) {
  for (std::size_t i = 0; i < builder.step().inputs.size(); ++i) {
    const ValueId own = builder.step().inputs[i];
    const ValueId mean = builder.all_reduce(own, Reduction::mean);
    builder.step().inputs[i] = mean;
    builder.replace_result(own, mean);
  }
}

}  // namespace

const Operation operations::first_non_finite{.name = "first_non_finite",
                                             .infer = infer,
                                             .prepare = prepare,
                                             .distribute = search_means,
                                             .any_layout = true,
                                             .weight_layouts = no_preference};

ValueId ops::first_non_finite(Tracer& trace, std::vector<ValueId> values) {
  return trace.emit_one(operations::first_non_finite, std::move(values));
}

}  // namespace sleight
