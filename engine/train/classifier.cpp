#include "engine/train/classifier.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/error.h"

namespace sleight {

namespace names = classification_names;

namespace {

void count_ranks(std::span<const std::int32_t> ranks, std::int64_t& top1, std::int64_t& top5) {
  top1 = std::count(ranks.begin(), ranks.end(), 0);
  top5 = std::count_if(ranks.begin(), ranks.end(), [](std::int32_t rank) { return rank < 5; });
}

}  // namespace

Classifier::Classifier(Context& context, ClassifierFunction model, ClassificationOptions options)
    : context_(context),
      model_(std::move(model)),
      options_(std::move(options)),
      training_inputs_(context.device),
      evaluation_inputs_(context.device) {}

Executable& Classifier::plan(Use use, std::int64_t batch_size, std::int64_t height, std::int64_t width) {
  const Key key{use, batch_size, height, width};
  const auto found = plans_.find(key);
  if (found != plans_.end()) return *found->second;
  ClassificationOptions options = options_;
  options.batch_size = batch_size;
  options.height = height;
  options.width = width;
  Program program = use == Use::training ? training_program(model_, options) : evaluation_program(model_, options);
  ExecutableOptions executable_options;
  if (use == Use::averaged_evaluation) executable_options.parameter_prefix = average_prefix;
  Executable& executable =
      *(plans_[key] = std::make_unique<Executable>(std::move(program), context_, executable_options));
  if (use == Use::training && options_.resident) executable.bind(names::resident_pictures, options_.resident->pictures);
  return executable;
}

Executable& Classifier::plan_training(std::int64_t batch_size, std::int64_t height, std::int64_t width) {
  return plan(Use::training, batch_size, height, width);
}

Executable& Classifier::plan_evaluation(std::int64_t batch_size, std::int64_t height, std::int64_t width,
                                        bool averaged) {
  return plan(averaged ? Use::averaged_evaluation : Use::evaluation, batch_size, height, width);
}

void Classifier::send(InputStage& stage, const BatchView& batch, bool mixup, std::shared_ptr<const void> owner) {
  const auto input = [](const char* name, const auto& values, bool pinned = false) {
    return StagedInput{name, std::as_bytes(std::span(values)), pinned};
  };
  std::vector<StagedInput> inputs = {input(names::flips, batch.flips), input(names::labels, batch.labels)};
  if (batch.indices.empty()) {
    inputs.push_back(input(names::images, batch.images, batch.images_pinned));
  } else {
    inputs.push_back(input(names::indices, batch.indices));
    inputs.push_back(input(names::windows, batch.windows));
  }
  if (mixup) {
    // What follows from the batch lives as long as it does.
    struct Derived {
      std::shared_ptr<const void> batch_owner;
      std::vector<std::int32_t> partner_labels, ranked_labels;
    };
    const auto derived = std::make_shared<Derived>(Derived{std::move(owner), {}, {}});
    for (std::size_t i = 0; i < static_cast<std::size_t>(batch.size); ++i) {
      derived->partner_labels.push_back(batch.labels[static_cast<std::size_t>(batch.partners[i])]);
      derived->ranked_labels.push_back(batch.lambdas[i] >= 0.5F ? batch.labels[i] : derived->partner_labels[i]);
    }
    inputs.push_back(input(names::partners, batch.partners));
    inputs.push_back(input(names::lambdas, batch.lambdas));
    inputs.push_back(input(names::partner_labels, derived->partner_labels));
    inputs.push_back(input(names::ranked_labels, derived->ranked_labels));
    owner = derived;
  }
  stage.upload(std::move(inputs), std::move(owner));
}

void Classifier::upload(const BatchView& batch, std::shared_ptr<const void> owner) {
  send(training_inputs_, batch, options_.mixup, owner);
  uploaded_.push_back({batch, std::move(owner)});
}

void Classifier::start() {
  check(!started_ && !uploaded_.empty(), "a step is started when a batch is uploaded and no other step is at work");
  started_ = std::move(uploaded_.front());
  uploaded_.pop_front();
  Executable& executable = plan_training(started_->batch.size, started_->batch.height, started_->batch.width);
  training_inputs_.deliver(executable);
  // A step that turns out bad changes nothing: its update asks first_non_finite on the device.
  executable.run();
}

StepResult Classifier::finish() {
  check(started_.has_value(), "there is no step to finish");
  const Uploaded step = std::move(*started_);
  started_.reset();
  Executable& executable = plan_training(step.batch.size, step.batch.height, step.batch.width);
  StepResult result{.loss = static_cast<double>(executable.result<float>(names::loss).front())};
  if (!std::isfinite(result.loss)) stop(step.batch, "the loss is not finite");
  count_ranks(executable.result<std::int32_t>(names::ranks), result.top1, result.top5);
  if (executable.result<std::int64_t>(names::first_non_finite).front() >= 0)
    stop(step.batch, "a gradient is not finite (the loss is " + std::to_string(result.loss) + ")");
  return result;
}

void Classifier::forget_batches() {
  context_.device.runtime()->synchronize(Stream::compute);
  started_.reset();
  uploaded_.clear();
  training_inputs_ = InputStage(context_.device);
  forget_evaluation();
}

StepResult Classifier::train(const BatchView& batch) {
  upload(batch, nullptr);
  start();
  return finish();
}

void Classifier::stop(const BatchView& batch, const std::string& problem) {
  const StepObservation observation = observe(batch, Phase::backward);
  const Program& program = plan_training(batch.size, batch.height, batch.width).program();
  throw NonFiniteStep(problem + "; " + describe(program, observation), observation_table(program, observation));
}

StepObservation Classifier::observe(const BatchView& batch, Phase last) {
  forget_batches();  // those of the steps to come: there will be none
  Executable& executable = plan(Use::training, batch.size, batch.height, batch.width);
  send(training_inputs_, batch, options_.mixup, nullptr);
  training_inputs_.deliver(executable);
  StepObservation observation;
  observation.before = find_non_finite_parameter(executable);
  for (const Phase phase : {Phase::forward, Phase::backward, Phase::update}) {
    if (phase > last) break;
    observation.phases[static_cast<std::size_t>(phase)] = observe_phase(executable, phase);
  }
  observation.loss = static_cast<double>(executable.result<float>(names::loss).front());
  return observation;
}

void Classifier::upload_evaluation(const BatchView& batch, std::shared_ptr<const void> owner) {
  send(evaluation_inputs_, batch, false, std::move(owner));
  uploaded_evaluations_.push_back({batch.size, batch.height, batch.width});
}

void Classifier::start_evaluation(std::span<const Weights> weights) {
  check(evaluations_.empty() && !uploaded_evaluations_.empty(),
        "an evaluation is started when a batch is uploaded and no other evaluation is at work");
  const auto [size, height, width] = uploaded_evaluations_.front();
  uploaded_evaluations_.pop_front();
  std::vector<Executable*> executables;
  for (const Weights which : weights)
    executables.push_back(&plan_evaluation(size, height, width, which == Weights::averaged));
  evaluation_inputs_.deliver(executables);
  evaluations_.assign(executables.begin(), executables.end());
  // On the host results lie in the arena, which the next run overwrites: there each runs when its results are fetched.
  if (context_.device.is_host()) return;
  for (Executable* const executable : executables)
    executable->run();
}

EvaluationResult Classifier::finish_evaluation() {
  check(!evaluations_.empty(), "there is no evaluation to finish");
  Executable& executable = *evaluations_.front();
  evaluations_.pop_front();
  if (context_.device.is_host()) executable.run();
  return {.row_losses = executable.result<float>(names::row_losses),
          .ranks = executable.result<std::int32_t>(names::ranks),
          .logits = executable.result<float>(names::logits)};
}

void Classifier::forget_evaluation() noexcept {
  evaluation_inputs_.forget();
  uploaded_evaluations_.clear();
  evaluations_.clear();
}

EvaluationResult Classifier::evaluate(const BatchView& batch, bool averaged) {
  upload_evaluation(batch, nullptr);
  const std::array<Weights, 1> weights = {averaged ? Weights::averaged : Weights::current};
  start_evaluation(weights);
  return finish_evaluation();
}

}  // namespace sleight
