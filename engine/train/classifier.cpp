#include "engine/train/classifier.h"

#include <algorithm>
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
    : context_(context), model_(std::move(model)), options_(std::move(options)) {}

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
  return *(plans_[key] = std::make_unique<Executable>(std::move(program), context_, executable_options));
}

Executable& Classifier::plan_training(std::int64_t batch_size, std::int64_t height, std::int64_t width) {
  return plan(Use::training, batch_size, height, width);
}

Executable& Classifier::plan_evaluation(std::int64_t batch_size, std::int64_t height, std::int64_t width,
                                        bool averaged) {
  return plan(averaged ? Use::averaged_evaluation : Use::evaluation, batch_size, height, width);
}

void Classifier::bind(Executable& executable, const BatchView& batch, bool mixup) {
  executable.bind(names::images, batch.images.data());
  executable.bind(names::flips, batch.flips.data());
  executable.bind(names::labels, batch.labels.data());
  if (!mixup) return;
  const auto count = static_cast<std::size_t>(batch.size);
  partner_labels_.resize(std::max(partner_labels_.size(), count));
  ranked_labels_.resize(std::max(ranked_labels_.size(), count));
  for (std::size_t i = 0; i < count; ++i) {
    partner_labels_[i] = batch.labels[static_cast<std::size_t>(batch.partners[i])];
    ranked_labels_[i] = batch.lambdas[i] >= 0.5F ? batch.labels[i] : partner_labels_[i];
  }
  executable.bind(names::partners, batch.partners.data());
  executable.bind(names::lambdas, batch.lambdas.data());
  executable.bind(names::partner_labels, partner_labels_.data());
  executable.bind(names::ranked_labels, ranked_labels_.data());
}

StepResult Classifier::train(const BatchView& batch) {
  Executable& executable = plan(Use::training, batch.size, batch.height, batch.width);
  bind(executable, batch, options_.mixup);
  // Forward moves the running statistics before anyone knows whether the step is any good.
  context_.store.note(ParameterRole::running_statistic);
  executable.run(Phase::forward);
  StepResult result{.loss = static_cast<double>(executable.result<float>(names::loss).front())};
  if (!std::isfinite(result.loss)) stop(batch, "the loss is not finite");
  count_ranks(executable.result<std::int32_t>(names::ranks), result.top1, result.top5);
  executable.run(Phase::backward);
  if (executable.result<std::int64_t>(names::non_finite_gradient).front() >= 0)
    stop(batch, "a gradient is not finite (the loss is " + std::to_string(result.loss) + ")");
  executable.run(Phase::update);
  return result;
}

void Classifier::stop(const BatchView& batch, const std::string& problem) {
  context_.store.bring_back(ParameterRole::running_statistic);
  const StepObservation observation = observe(batch, Phase::backward);
  context_.store.bring_back(ParameterRole::running_statistic);
  const Program& program = plan_training(batch.size, batch.height, batch.width).program();
  throw NonFiniteStep(problem + "; " + describe(program, observation), observation_table(program, observation));
}

StepObservation Classifier::observe(const BatchView& batch, Phase last) {
  Executable& executable = plan(Use::training, batch.size, batch.height, batch.width);
  bind(executable, batch, options_.mixup);
  StepObservation observation;
  observation.before = find_non_finite_parameter(executable);
  for (const Phase phase : {Phase::forward, Phase::backward, Phase::update}) {
    if (phase > last) break;
    observation.phases[static_cast<std::size_t>(phase)] = observe_phase(executable, phase);
  }
  observation.loss = static_cast<double>(executable.result<float>(names::loss).front());
  return observation;
}

EvaluationResult Classifier::evaluate(const BatchView& batch, bool averaged) {
  Executable& executable = plan_evaluation(batch.size, batch.height, batch.width, averaged);
  bind(executable, batch, false);
  executable.run();
  return {.row_losses = executable.result<float>(names::row_losses),
          .ranks = executable.result<std::int32_t>(names::ranks),
          .logits = executable.result<float>(names::logits)};
}

}  // namespace sleight
