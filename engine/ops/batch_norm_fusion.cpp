// How the steps around a batch norm melt into it. Forward, one pass over memory does what were three:
//
//   add(batch_norm_apply(x), shortcut)         ->  batch_norm_apply(x, residual)
//   activation(batch_norm_apply(x, ...))       ->  batch_norm_apply(x, ..., activation)
//
// Backward, the reduce pass that has to read the gradient anyway also masks it by the activation and adds the gradient
// that arrives over the shortcut:
//
//   reduce(activation_backward(g, z))          ->  reduce(g), the mask recomputed from x, where no other step reads
//                                                  the masked g
//                                              ->  otherwise reduce(g, z), which also writes the masked g
//   reduce(add(g, h))                          ->  reduce(g, h), which also writes the masked sum
#include <algorithm>

#include "engine/ops/batch_norm.h"
#include "engine/ops/support.h"
#include "engine/program/fuse.h"

namespace sleight {

namespace {

void copy_activation(const Step& from, Step& to) {
  to.attributes.set("activation", from.attributes.number("activation"));
  to.attributes.set("slope", from.attributes.number("slope"));
}

bool has_activation(const Step& step) {
  return step.attributes.get<kernels::ActivationFunction>("activation") != kernels::ActivationFunction::none;
}

// The batch norm's step takes the place and the outputs of the step that read it.
void absorb_reader(Program& program, std::size_t index, std::size_t reader, Step fused) {
  fused.outputs = program.steps[reader].outputs;
  program.steps[reader] = std::move(fused);
  remove_step(program, index);
}

bool fuse_residual(Program& program, std::size_t index) {
  const Step& apply = program.steps[index];
  if (has_activation(apply) || apply.inputs[batch_norm_apply_input::residual] != no_value) return false;
  const std::int32_t reader = Uses(program).sole_reader(apply.outputs[0]);
  if (reader < 0) return false;
  const Step& sum = program.steps[reader];
  if (sum.operation != &operations::add || sum.inputs[0] == sum.inputs[1]) return false;
  Step fused = apply;
  fused.inputs[batch_norm_apply_input::residual] = sum.inputs[sum.inputs[0] == apply.outputs[0] ? 1 : 0];
  absorb_reader(program, index, static_cast<std::size_t>(reader), std::move(fused));
  return true;
}

bool fuse_activation(Program& program, std::size_t index) {
  const Step& apply = program.steps[index];
  if (has_activation(apply)) return false;
  const std::int32_t reader = Uses(program).sole_reader(apply.outputs[0]);
  if (reader < 0 || program.steps[reader].operation != &operations::activation) return false;
  Step fused = apply;
  copy_activation(program.steps[reader], fused);
  absorb_reader(program, index, static_cast<std::size_t>(reader), std::move(fused));
  return true;
}

// The batch_norm_backward_apply that reads this sum, itself or added over the ranks; or -1.
std::int32_t backward_apply_of(const Program& program, const Uses& uses, ValueId sum) {
  for (const std::int32_t i : uses.readers(sum)) {
    const Step& reader = program.steps[i];
    if (reader.operation == &operations::batch_norm_backward_apply) return i;
    if (reader.operation != &operations::all_reduce) continue;
    const std::int32_t behind = backward_apply_of(program, uses, reader.outputs[0]);
    if (behind >= 0) return behind;
  }
  return -1;
}

// The one that goes with a reduce.
std::int32_t backward_apply_of(const Program& program, const Uses& uses, const Step& reduce) {
  return backward_apply_of(program, uses, reduce.outputs[batch_norm_reduce_output::beta_gradient]);
}

// Whether the value is read by the reduce and its own apply alone.
bool read_only_by_this_norm(const Program& program, const Uses& uses, ValueId value, std::size_t reduce,
                            std::int32_t apply) {
  return !program.is_result(value) && std::ranges::all_of(uses.readers(value), [&](std::int32_t i) {
    return i == static_cast<std::int32_t>(reduce) || i == apply;
  });
}

bool fuse_mask_from_input(Program& program, std::size_t index) {
  Step& reduce = program.steps[index];
  if (has_activation(reduce) || reduce.inputs[batch_norm_reduce_input::second_z_gradient] != no_value) return false;
  const Uses uses(program);
  const std::int32_t mask =
      uses.producer(reduce.inputs[batch_norm_reduce_input::z_gradient], operations::activation_backward);
  if (mask < 0) return false;
  const Step& masking = program.steps[mask];
  // The sign can be recomputed from x only when the activation acted on this very batch norm and on nothing added to
  // it.
  const std::int32_t forward = uses.producer(masking.inputs[1], operations::batch_norm_apply);
  if (forward < 0) return false;
  const Step& apply = program.steps[forward];
  if (!has_activation(apply) || apply.inputs[batch_norm_apply_input::residual] != no_value ||
      apply.inputs[batch_norm_apply_input::x] != reduce.inputs[batch_norm_reduce_input::x]) {
    return false;
  }
  const std::int32_t backward_apply = backward_apply_of(program, uses, reduce);
  if (!read_only_by_this_norm(program, uses, masking.outputs[0], index, backward_apply)) return false;
  const ValueId gradient = masking.inputs[0];
  reduce.inputs[batch_norm_reduce_input::z_gradient] = gradient;
  copy_activation(masking, reduce);
  if (backward_apply >= 0) {
    Step& second = program.steps[backward_apply];
    second.inputs[batch_norm_backward_apply_input::gradient] = gradient;
    copy_activation(masking, second);
  }
  remove_step(program, static_cast<std::size_t>(mask));
  return true;
}

bool fuse_mask_from_output(Program& program, std::size_t index) {
  Step& reduce = program.steps[index];
  if (has_activation(reduce) || reduce.inputs[batch_norm_reduce_input::second_z_gradient] != no_value) return false;
  const Uses uses(program);
  const std::int32_t mask =
      uses.producer(reduce.inputs[batch_norm_reduce_input::z_gradient], operations::activation_backward);
  if (mask < 0) return false;
  const Step& masking = program.steps[mask];
  const ValueId masked = masking.outputs[0];
  // This reduce becomes the writer of the masked gradient, so it must be the first to read it.
  if (uses.readers(masked).front() != static_cast<std::int32_t>(index)) return false;
  // Read by this norm alone and maskable from x: the cheaper rule above takes it, as soon as the forward side is fused.
  reduce.inputs[batch_norm_reduce_input::z_gradient] = masking.inputs[0];
  reduce.inputs[batch_norm_reduce_input::z] = masking.inputs[1];
  reduce.attributes.set("masked_gradient", true);
  copy_activation(masking, reduce);
  reduce.outputs.push_back(masked);
  remove_step(program, static_cast<std::size_t>(mask));
  return true;
}

bool fuse_gradient_sum(Program& program, std::size_t index) {
  Step& reduce = program.steps[index];
  if (reduce.inputs[batch_norm_reduce_input::second_z_gradient] != no_value) return false;
  const Uses uses(program);
  const std::int32_t producer = uses.producer(reduce.inputs[batch_norm_reduce_input::z_gradient], operations::add);
  if (producer < 0) return false;
  const Step sum = program.steps[producer];
  const ValueId total = sum.outputs[0];
  const bool writes_masked = reduce.outputs.size() > batch_norm_reduce_output::masked_gradient;
  const std::int32_t backward_apply = backward_apply_of(program, uses, reduce);
  if (!read_only_by_this_norm(program, uses, total, index, backward_apply)) return false;
  reduce.inputs[batch_norm_reduce_input::z_gradient] = sum.inputs[0];
  reduce.inputs[batch_norm_reduce_input::second_z_gradient] = sum.inputs[1];
  if (!writes_masked && backward_apply >= 0) {
    // The second pass would have to read both gradients and mask them again; reading the stored masked sum is cheaper.
    reduce.attributes.set("masked_gradient", true);
    reduce.outputs.push_back(total);
    program.steps[backward_apply].attributes.set("activation", kernels::ActivationFunction::none);
  }
  remove_step(program, static_cast<std::size_t>(producer));
  return true;
}

// A small batch norm on fresh parameters, for the examples.
ValueId example_norm(Tracer& trace, const std::string& name, ValueId x) {
  const auto scope = trace.scope(name);
  const Shape channels = {trace.shape(x).back()};
  return ops::batch_norm(
      trace, x,
      {.gamma = trace.parameter("weight", channels, ParameterRole::norm_scale, Initializer::ones),
       .beta = trace.parameter("bias", channels, ParameterRole::norm_shift, Initializer::zeros),
       .running_mean = trace.parameter("running_mean", channels, ParameterRole::running_statistic, Initializer::zeros),
       .running_variance =
           trace.parameter("running_var", channels, ParameterRole::running_statistic, Initializer::ones)});
}

ValueId example_image(Tracer& trace, const std::string& name) {
  return trace.parameter(name, {3, 5, 7, 16}, ParameterRole::weight, Initializer::he_normal_fan_in);
}

ValueId example_activation(Tracer& trace) {
  return ops::relu(trace, example_norm(trace, "norm", example_image(trace, "x")));
}

ValueId example_residual(Tracer& trace) {
  const ValueId shortcut = example_image(trace, "shortcut");
  return ops::relu(trace, ops::add(trace, example_norm(trace, "norm", example_image(trace, "x")), shortcut));
}

// z is used twice, so that two gradients meet after its activation.
ValueId example_fork(Tracer& trace) {
  const ValueId z = example_activation(trace);
  return ops::add(trace, example_norm(trace, "branch", z), z);
}

constexpr FusionRule apply_rules[] = {{"batch norm + add", fuse_residual, example_residual},
                                      {"batch norm + activation", fuse_activation, example_activation}};
constexpr FusionRule backward_rules[] = {
    {"batch norm backward + mask from input", fuse_mask_from_input, example_activation},
    {"batch norm backward + mask from output", fuse_mask_from_output, example_residual},
    {"batch norm backward + gradient sum", fuse_gradient_sum, example_fork}};

}  // namespace

std::span<const FusionRule> batch_norm_apply_rules() {
  return apply_rules;
}
std::span<const FusionRule> batch_norm_backward_rules() {
  return backward_rules;
}

}  // namespace sleight
