#include "engine/program/execute.h"

#include <cstring>

#include "engine/base/error.h"

namespace sleight {

void Arena::reserve(std::int64_t bytes) {
  if (bytes <= buffer_.size()) return;
  buffer_ = Buffer();  // the old one goes first: nothing in it outlives a run, and two would not fit
  buffer_ = device_.allocate(bytes);
}

void Arena::poison() {
  std::memset(buffer_.data(), 0xff, static_cast<std::size_t>(buffer_.size()));
}

void Context::set_live_scalar(kernels::LiveScalar::Index index, double value) {
  reinterpret_cast<float*>(live_scalars.data())[index] = static_cast<float>(value);
}

float Context::live_scalar(kernels::LiveScalar::Index index) const {
  return reinterpret_cast<const float*>(live_scalars.data())[index];
}

Executable::Executable(Program program, Context& context, const ExecutableOptions& options)
    : context_(context), program_(std::move(program)) {
  verify(program_);
  if (options.fuse) fusions_ = fuse(program_);
  choose_layouts(program_, context.device);

  std::vector<std::int64_t> workspace_bytes;
  for (const Step& step : program_.steps) {
    prepared_.push_back(with_context(std::string(step.operation->name) + " '" + step.name + "'", [&] {
      return step.operation->prepare(types_of(program_, step), context.device);
    }));
    workspace_bytes.push_back(prepared_.back().workspace_bytes);
  }
  plan_ = plan_memory(program_, workspace_bytes);
  context_.arena.reserve(plan_.arena_bytes);

  inputs_.assign(program_.values.size(), nullptr);
  persistent_.assign(program_.values.size(), nullptr);
  for (const Parameter& parameter : program_.parameters) {
    const Value& value = program_.value(parameter.value);
    persistent_[static_cast<std::size_t>(parameter.value)] =
        context_.store.ensure(options.parameter_prefix + value.name, value.type, parameter).buffer.data();
  }
}

void Executable::bind(const std::string& input, const void* data) {
  const ValueId id = program_.find(input);
  check(program_.value(id).storage == Storage::input, "'", input, "' is not an input of the program");
  if (inputs_[static_cast<std::size_t>(id)] == data) return;
  inputs_[static_cast<std::size_t>(id)] = data;
  resolved_ = false;
}

void* Executable::address(ValueId id) const {
  const auto index = static_cast<std::size_t>(id);
  switch (program_.value(id).storage) {
    case Storage::arena: {
      const std::int32_t block = plan_.block_of_value[index];
      if (block == MemoryPlan::no_block) return nullptr;
      return context_.arena.data() + plan_.offsets[static_cast<std::size_t>(block)];
    }
    case Storage::persistent:
      return persistent_[index];
    case Storage::live_scalars:
      return context_.live_scalars.data();
    case Storage::input:
      check(inputs_[index] != nullptr, "the input '", program_.value(id).name, "' was not bound before the run");
      // Steps never write their inputs unless they declare it, and then only persistent ones (verify checks it).
      return const_cast<void*>(inputs_[index]);
  }
  return nullptr;
}

void Executable::resolve() {
  if (resolved_ && resolved_arena_ == context_.arena.data()) return;
  step_inputs_.assign(program_.steps.size(), {});
  step_outputs_.assign(program_.steps.size(), {});
  workspaces_.assign(program_.steps.size(), nullptr);
  for (std::size_t i = 0; i < program_.steps.size(); ++i) {
    for (const ValueId id : program_.steps[i].inputs)
      step_inputs_[i].push_back(id == no_value ? nullptr : address(id));
    for (const ValueId id : program_.steps[i].outputs)
      step_outputs_[i].push_back(id == no_value ? nullptr : address(id));
    const std::int32_t block = plan_.block_of_workspace[i];
    if (block != MemoryPlan::no_block) {
      workspaces_[i] = context_.arena.data() + plan_.offsets[static_cast<std::size_t>(block)];
    }
  }
  resolved_arena_ = context_.arena.data();
  resolved_ = true;
}

void Executable::run() {
  run_observed({});
}

void Executable::run(Phase phase) {
  run_observed(phase, {});
}

void Executable::run_observed(const std::function<void(std::size_t step)>& after_step) {
  for (const Phase phase : {Phase::forward, Phase::backward, Phase::update})
    run_observed(phase, after_step);
}

void Executable::run_observed(Phase phase, const std::function<void(std::size_t step)>& after_step) {
  resolve();
  for (std::size_t i = 0; i < program_.steps.size(); ++i) {
    const Step& step = program_.steps[i];
    if (step.phase != phase) continue;
    try {
      prepared_[i].run({step_inputs_[i], step_outputs_[i], workspaces_[i]});
    } catch (const std::exception& error) {
      fail(step.operation->name, " '", step.name, "': ", error.what());
    }
    if (after_step) after_step(i);
  }
}

ValueId Executable::result_id(const std::string& name, DataType element) const {
  for (const ValueId id : program_.results) {
    if (program_.value(id).name != name) continue;
    check(program_.value(id).type.element == element, "the result '", name, "' is ", to_string(program_.value(id).type),
          ", read as ", name_of(element));
    check(program_.value(id).type.layout == Layout::plain, "the result '", name, "' is ",
          to_string(program_.value(id).type), ", which is not the order of its shape");
    return id;
  }
  fail("the program has no result named '", name, "'");
}

}  // namespace sleight
