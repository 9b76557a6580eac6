#include "engine/train/learner.h"

#include <array>
#include <cmath>
#include <cstring>

#include "engine/base/text.h"
#include "engine/ops/ops.h"
#include "engine/program/distribute.h"
#include "engine/train/update_steps.h"

namespace sleight {

Learner::Learner(Context& context, ProgramWriter write, PlanBinder bound)
    : context_(context),
      write_(std::move(write)),
      bound_(std::move(bound)),
      training_inputs_(context.device),
      evaluation_inputs_(context.device) {}

Executable& Learner::plan(ProgramUse use, const BatchShape& shape) {
  const Key key{use, shape};
  const auto found = plans_.find(key);
  if (found != plans_.end()) return *found->second;
  ExecutableOptions options;
  if (use == ProgramUse::averaged_evaluation) options.parameter_prefix = average_prefix;
  Program program = write_(use, shape);
  distribute(program, {.ranks = context_.communicator->size()}, operations::all_reduce);
  Executable& executable = *(plans_[key] = std::make_unique<Executable>(std::move(program), context_, options));
  if (bound_) bound_(use, executable);
  return executable;
}

void Learner::upload(BatchInputs batch) {
  training_inputs_.upload(batch.values, batch.owner);
  uploaded_.push_back(std::move(batch));
}

void Learner::start() {
  check(!started_ && !uploaded_.empty(), "a step is started when a batch is uploaded and no other step is at work");
  started_ = std::move(uploaded_.front());
  uploaded_.pop_front();
  Executable& executable = plan(ProgramUse::training, started_->shape);
  training_inputs_.deliver(executable);
  // A step that turns out bad changes nothing: its update asks first_non_finite on the device.
  executable.run();
}

Learner::Finished Learner::finish(BadGradient bad_gradient) {
  check(started_.has_value(), "there is no step to finish");
  const BatchInputs batch = std::move(*started_);
  started_.reset();
  Executable& executable = plan(ProgramUse::training, batch.shape);
  Finished finished{.executable = &executable,
                    .shape = batch.shape,
                    .loss = static_cast<double>(executable.result<float>(training_names::loss).front())};
  if (!std::isfinite(finished.loss)) stop(batch, "the loss is not finite");
  finished.skipped = executable.result<std::int64_t>(training_names::first_non_finite).front() >= 0;
  if (finished.skipped && bad_gradient == BadGradient::stops)
    stop(batch, printed("a gradient is not finite (the loss is ", finished.loss, ")"));
  return finished;
}

void Learner::forget_batches() {
  context_.device.runtime()->synchronize(Stream::compute);
  started_.reset();
  failed_.reset();
  uploaded_.clear();
  training_inputs_ = InputStage(context_.device);
  forget_evaluation();
}

void Learner::stop(const BatchInputs& batch, const std::string& problem) {
  const StepObservation observation = observe(batch, Phase::backward);
  const Program& program = plan(ProgramUse::training, batch.shape).program();
  failed_ = batch;
  throw NonFiniteStep(problem + "; " + describe(program, observation), observation_table(program, observation));
}

StepObservation Learner::observe(BatchInputs batch, Phase last) {
  forget_batches();  // those of the steps to come: there will be none
  Executable& executable = plan(ProgramUse::training, batch.shape);
  training_inputs_.upload(std::move(batch.values), std::move(batch.owner));
  training_inputs_.deliver(executable);
  StepObservation observation;
  observation.before = find_non_finite_parameter(executable);
  for (const Phase phase : {Phase::forward, Phase::backward, Phase::update}) {
    if (phase > last) break;
    observation.phases[static_cast<std::size_t>(phase)] = observe_phase(executable, phase);
  }
  // Read where it lies: phases run one by one bring no results to the host.
  float loss = 0.0F;
  const std::vector<std::byte> bytes = executable.read(executable.program().find(training_names::loss));
  std::memcpy(&loss, bytes.data(), sizeof loss);
  observation.loss = static_cast<double>(loss);
  return observation;
}

void Learner::upload_evaluation(BatchInputs batch) {
  evaluation_inputs_.upload(std::move(batch.values), std::move(batch.owner));
  uploaded_evaluations_.push_back(batch.shape);
}

void Learner::start_evaluation(std::span<const ProgramUse> uses) {
  check(evaluations_.empty() && !uploaded_evaluations_.empty(),
        "an evaluation is started when a batch is uploaded and no other evaluation is at work");
  const BatchShape shape = uploaded_evaluations_.front();
  uploaded_evaluations_.pop_front();
  std::vector<Executable*> executables;
  for (const ProgramUse use : uses)
    executables.push_back(&plan(use, shape));
  evaluation_inputs_.deliver(executables);
  evaluations_.assign(executables.begin(), executables.end());
  // On the host results lie in the arena, which the next run overwrites: there each runs when its results are fetched.
  if (context_.device.is_host()) return;
  for (Executable* const executable : executables)
    executable->run();
}

Executable& Learner::finish_evaluation() {
  check(!evaluations_.empty(), "there is no evaluation to finish");
  Executable& executable = *evaluations_.front();
  evaluations_.pop_front();
  if (context_.device.is_host()) executable.run();
  return executable;
}

void Learner::forget_evaluation() noexcept {
  evaluation_inputs_.release();
  uploaded_evaluations_.clear();
  evaluations_.clear();
}

Executable& Learner::evaluate(BatchInputs batch, ProgramUse use) {
  upload_evaluation(std::move(batch));
  const std::array<ProgramUse, 1> uses = {use};
  start_evaluation(uses);
  return finish_evaluation();
}

}  // namespace sleight
