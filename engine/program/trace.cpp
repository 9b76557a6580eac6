#include "engine/program/trace.h"

#include "engine/base/error.h"
#include "kernels/lib/live_scalars.h"

namespace sleight {

Tracer::Scope Tracer::scope(const std::string& name) {
  const std::size_t length = path_.size();
  if (!path_.empty()) path_ += ".";
  path_ += name;
  return {*this, length};
}

ValueId Tracer::input(const std::string& name, Shape shape, DataType element) {
  return program_.add_value({name, {std::move(shape), element}, Storage::input});
}

ValueId Tracer::parameter(const std::string& name, Shape shape, ParameterRole role, Initializer initializer,
                          bool ends_residual_branch) {
  const std::string full_name = path_.empty() ? name : path_ + "." + name;
  for (const Parameter& other : program_.parameters) {
    check(program_.value(other.value).name != full_name, "two parameters are named '", full_name,
          "'; give each layer a scope of its own");
  }
  const ValueId value = program_.add_value({full_name, {std::move(shape), parameter_element()}, Storage::persistent});
  program_.parameters.push_back({value, role, initializer, ends_residual_branch, {}});
  return value;
}

ValueId Tracer::parameter(const std::string& name, Shape shape, ParameterRole role,
                          std::vector<float> repeated_values) {
  const ValueId value = parameter(name, std::move(shape), role, Initializer::repeated_values);
  program_.parameters.back().repeated_values = std::move(repeated_values);
  return value;
}

ValueId Tracer::live_scalars() {
  if (live_scalars_ == no_value) {
    live_scalars_ = program_.add_value({"live_scalars",
                                        {{static_cast<std::int64_t>(kernels::LiveScalar::count)}, DataType::float32},
                                        Storage::live_scalars});
  }
  return live_scalars_;
}

std::vector<ValueId> Tracer::emit(const Operation& operation, std::vector<ValueId> inputs, Attributes attributes) {
  return append_step(program_, operation, std::move(inputs), std::move(attributes), path_, phase);
}

ValueId Tracer::emit_one(const Operation& operation, std::vector<ValueId> inputs, Attributes attributes) {
  return emit(operation, std::move(inputs), std::move(attributes)).front();
}

void Tracer::result(ValueId value, const std::string& name) {
  program_.value(value).name = name;
  program_.results.push_back(value);
}

std::vector<ValueId> append_step(Program& program, const Operation& operation, std::vector<ValueId> inputs,
                                 Attributes attributes, const std::string& name, Phase phase) {
  Step step{&operation, std::move(attributes), std::move(inputs), {}, name, phase};
  const std::vector<ValueType> types = with_context(std::string(operation.name) + " '" + name + "'",
                                                    [&] { return operation.infer(types_of(program, step)); });
  for (std::size_t i = 0; i < types.size(); ++i) {
    // A value is named after its step; later outputs of one step carry their number.
    std::string value_name = name + (name.empty() ? "" : ".") + std::string(operation.name);
    if (i > 0) value_name += "." + std::to_string(i);
    step.outputs.push_back(program.add_value({std::move(value_name), types[i], Storage::arena}));
  }
  program.steps.push_back(step);
  return step.outputs;
}

}  // namespace sleight
