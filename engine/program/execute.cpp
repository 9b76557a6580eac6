#include "engine/program/execute.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/program/print.h"

namespace sleight {

void Arena::reserve(std::int64_t bytes) {
  if (bytes <= buffer_.size()) return;
  buffer_ = Buffer();  // the old one goes first: nothing in it outlives a run, and two would not fit
  buffer_ = device_.allocate(bytes);
}

void Arena::poison() {
  device_.runtime()->fill(Stream::compute, buffer_.data(), 0xff, buffer_.size());
}

void Context::set_live_scalar(kernels::LiveScalar::Index index, double value) {
  live_scalar_values_[index] = static_cast<float>(value);
  live_scalars_changed_ = true;
}

void Context::send_live_scalars() {
  if (!live_scalars_changed_) return;
  device.runtime()->write(Stream::compute, live_scalars.data(), std::as_bytes(std::span(live_scalar_values_)));
  live_scalars_changed_ = false;
}

Executable::Executable(Program program, Context& context, const ExecutableOptions& options)
    : context_(context), program_(std::move(program)) {
  verify(program_);
  if (options.fuse) fusions_ = fuse(program_, {.device = &context.device, .everything = options.fuse_everything});
  choose_layouts(program_, context.device);
  use_graph_ = options.graphs && context.device.runtime()->has_graphs();

  const PrepareTarget target{context.device, *context.communicator};
  std::vector<std::int64_t> workspace_bytes;
  for (const Step& step : program_.steps) {
    prepared_.push_back(with_context(std::string(step.operation->name) + " '" + step.name + "'",
                                     [&] { return step.operation->prepare(types_of(program_, step), target); }));
    workspace_bytes.push_back(prepared_.back().workspace_bytes);
  }
  plan_ = plan_memory(program_, workspace_bytes);

  inputs_.assign(program_.values.size(), nullptr);
  persistent_.assign(program_.values.size(), nullptr);
  for (const Parameter& parameter : program_.parameters) {
    const Value& value = program_.value(parameter.value);
    persistent_[parameter.value] =
        context_.store.ensure(options.parameter_prefix + value.name, value.type, parameter).buffer.data();
  }
  reserve_arena();
  if (context_.device.is_host()) return;
  std::int64_t bytes = 0;
  for (const ValueId id : program_.results) {
    result_offsets_.push_back(bytes);
    bytes += (program_.value(id).type.bytes() + arena_alignment - 1) / arena_alignment * arena_alignment;
  }
  for (Buffer& copy : results_) {
    copy = context_.device.allocate_pinned(bytes);
    results_ready_.emplace_back(context_.device.runtime());
  }
}

Executable::~Executable() {
  try {
    context_.device.runtime()->synchronize(Stream::compute);
  } catch (const std::exception&) {
    // Code that waits for results has seen the error, or will see it; a destructor cannot report it.
  }
}

void Executable::reserve_arena() {
  try {
    context_.arena.reserve(plan_.arena_bytes);
  } catch (const std::exception& error) {
    fail(error.what(), "\n", memory_table(program_, plan_, context_.store.bytes()));
  }
}

void Executable::bind(const std::string& input, const void* data) {
  const ValueId id = program_.find(input);
  check(program_.value(id).storage == Storage::input, "'", input, "' is not an input of the program");
  if (inputs_[id] == data) return;
  inputs_[id] = data;
  resolved_ = false;
}

void* Executable::address(ValueId id) const {
  const auto index = static_cast<std::size_t>(id);
  switch (program_.value(id).storage) {
    case Storage::arena: {
      const std::int32_t block = plan_.block_of_value[index];
      if (block == MemoryPlan::no_block) return nullptr;
      return context_.arena.data() + plan_.offsets[block];
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

std::vector<std::byte> Executable::read(ValueId value) const {
  std::vector<std::byte> bytes(static_cast<std::size_t>(program_.value(value).type.bytes()));
  const void* data = address(value);
  check(data != nullptr, "'", program_.value(value).name, "' has no memory: no step touches it");
  context_.device.download(bytes, data);
  return bytes;
}

void Executable::resolve() {
  if (resolved_ && resolved_arena_ == context_.arena.data()) return;
  context_.device.runtime()->synchronize(Stream::compute);  // what is queued still uses the addresses of before
  graph_ = Graph();
  queued_before_ = false;
  bound_.assign(program_.steps.size(), {});
  for (std::size_t i = 0; i < program_.steps.size(); ++i) {
    const Step& step = program_.steps[i];
    Bound& bound = bound_[i];
    const auto touch = [&](ValueId id, bool writes) {
      void* data = id == no_value ? nullptr : address(id);
      if (data != nullptr) bound.accesses.push_back({data, program_.value(id).type.bytes(), writes});
      return data;
    };
    for (const ValueId id : step.inputs)
      bound.inputs.push_back(touch(id, false));
    for (const ValueId id : step.outputs)
      bound.outputs.push_back(touch(id, true));
    if (step.operation->updates != nullptr) {
      for (const int input : step.operation->updates(step))
        touch(step.inputs[input], true);
    }
    const std::int32_t block = plan_.block_of_workspace[i];
    if (block != MemoryPlan::no_block) {
      bound.workspace = context_.arena.data() + plan_.offsets[block];
      bound.accesses.push_back({bound.workspace, prepared_[i].workspace_bytes, true});
    }
    if (prepared_[i].bind) prepared_[i].bind({bound.inputs, bound.outputs, bound.workspace});
  }
  resolved_arena_ = context_.arena.data();
  resolved_ = true;
}

void Executable::queue(std::size_t index) {
  const Step& step = program_.steps[index];
  const Bound& bound = bound_[index];
  try {
    context_.device.runtime()->submit(Stream::compute, step.name, bound.accesses, [this, index, &bound] {
      prepared_[index].run({bound.inputs, bound.outputs, bound.workspace});
    });
  } catch (const std::exception& error) {
    fail(step.operation->name, " '", step.name, "': ", error.what());
  }
}

void Executable::queue(Phase phase) {
  for (std::size_t i = 0; i < program_.steps.size(); ++i) {
    if (program_.steps[i].phase == phase) queue(i);
  }
}

std::int64_t Executable::run() {
  resolve();
  context_.send_live_scalars();
  const auto queue_all = [this] {
    for (const Phase phase : {Phase::forward, Phase::backward, Phase::update})
      queue(phase);
  };
  // The first time step by step: libraries load their kernels then, which a recording does not allow.
  if (!use_graph_ || !queued_before_) {
    queue_all();
    queued_before_ = true;
  } else {
    if (!graph_) graph_ = Graph(context_.device.runtime(), Stream::compute, queue_all);
    graph_.launch(Stream::compute);
  }
  queue_results();
  return runs_ - 1;
}

void Executable::run(Phase phase) {
  resolve();
  context_.send_live_scalars();
  queue(phase);
  queue_results();
}

void Executable::run_observed(const std::function<void(std::size_t step)>& after_step) {
  for (const Phase phase : {Phase::forward, Phase::backward, Phase::update})
    run_observed(phase, after_step);
}

void Executable::run_observed(Phase phase, const std::function<void(std::size_t step)>& after_step) {
  resolve();
  context_.send_live_scalars();
  for (std::size_t i = 0; i < program_.steps.size(); ++i) {
    if (program_.steps[i].phase != phase) continue;
    queue(i);
    context_.device.runtime()->synchronize(Stream::compute);
    after_step(i);
  }
  queue_results();
}

std::vector<std::size_t> Executable::nondeterministic_steps() const {
  std::vector<std::size_t> steps;
  for (std::size_t i = 0; i < prepared_.size(); ++i) {
    if (!prepared_[i].is_deterministic) steps.push_back(i);
  }
  return steps;
}

std::vector<double> Executable::profile() {
  resolve();
  context_.send_live_scalars();
  std::vector<Event> events;
  for (std::size_t i = 0; i <= program_.steps.size(); ++i)
    events.emplace_back(context_.device.runtime());
  // Steps are in the order of their phases (verify checks it).
  events.front().record(Stream::compute);
  for (std::size_t i = 0; i < program_.steps.size(); ++i) {
    queue(i);
    events[i + 1].record(Stream::compute);
  }
  queue_results();
  events.back().synchronize();
  std::vector<double> seconds;
  for (std::size_t i = 0; i < program_.steps.size(); ++i)
    seconds.push_back(1e-3 * events[i + 1].milliseconds_since(events[i]));
  return seconds;
}

void Executable::queue_results() {
  if (!context_.device.is_host()) {
    const auto copy = static_cast<std::size_t>(runs_ % result_copies);
    for (std::size_t i = 0; i < program_.results.size(); ++i) {
      const ValueId id = program_.results[i];
      context_.device.runtime()->copy_to_host(Stream::compute, results_[copy].data() + result_offsets_[i], address(id),
                                              program_.value(id).type.bytes());
    }
    results_ready_[copy].record(Stream::compute);
  }
  ++runs_;
}

const void* Executable::host_result(ValueId id, std::int64_t run) const {
  if (context_.device.is_host()) {
    check(run == last_run || run == runs_ - 1, "the results of run ", run, " were overwritten by run ", runs_ - 1);
    return address(id);
  }
  if (run == last_run) run = runs_ - 1;
  check(run >= 0 && run < runs_ && run >= runs_ - result_copies, "the results of run ", run,
        " are not on the host: of ", runs_, " runs only the last ", result_copies, " are kept");
  const auto copy = static_cast<std::size_t>(run % result_copies);
  results_ready_[copy].synchronize();
  const auto position = std::find(program_.results.begin(), program_.results.end(), id) - program_.results.begin();
  return results_[copy].data() + result_offsets_[position];
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
