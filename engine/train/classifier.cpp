#include "engine/train/classifier.h"

#include <algorithm>

namespace sleight {

namespace names = classifier_value_names;

namespace {

void count_ranks(std::span<const std::int32_t> ranks, std::int64_t& top1, std::int64_t& top5) {
  top1 = std::count(ranks.begin(), ranks.end(), 0);
  top5 = std::count_if(ranks.begin(), ranks.end(), [](std::int32_t rank) { return rank < 5; });
}

std::vector<StagedInput> plain_inputs(const BatchView& batch) {
  std::vector<StagedInput> inputs = {staged_input(names::flips, batch.flips),
                                     staged_input(names::labels, batch.labels)};
  if (batch.indices.empty()) {
    inputs.push_back(staged_input(names::images, batch.images, batch.images_pinned));
  } else {
    inputs.push_back(staged_input(names::indices, batch.indices));
    inputs.push_back(staged_input(names::windows, batch.windows));
  }
  return inputs;
}

BatchShape shape_of(const BatchView& batch) {
  return {batch.size, batch.height, batch.width};
}

}  // namespace

Classifier::Classifier(Context& context, ClassifierFunction model, ClassifierProgramOptions options)
    : model_(std::move(model)),
      options_(std::move(options)),
      learner_(
          context,
          [this](ProgramUse use, const BatchShape& shape) {
            ClassifierProgramOptions shaped = options_;
            shaped.batch_size = shape.size;
            shaped.height = shape.height;
            shaped.width = shape.width;
            return use == ProgramUse::training ? training_program(model_, shaped) : evaluation_program(model_, shaped);
          },
          [this](ProgramUse use, Executable& executable) {
            if (use == ProgramUse::training && options_.resident)
              executable.bind(names::resident_images, options_.resident->images);
          }) {}

Executable& Classifier::plan_training(std::int64_t batch_size, std::int64_t height, std::int64_t width) {
  return learner_.plan(ProgramUse::training, {batch_size, height, width});
}

Executable& Classifier::plan_evaluation(std::int64_t batch_size, std::int64_t height, std::int64_t width,
                                        bool averaged) {
  return learner_.plan(averaged ? ProgramUse::averaged_evaluation : ProgramUse::evaluation,
                       {batch_size, height, width});
}

BatchInputs Classifier::training_inputs(const BatchView& batch, std::shared_ptr<const void> owner) const {
  BatchInputs inputs{.shape = shape_of(batch), .values = plain_inputs(batch), .owner = std::move(owner)};
  if (!options_.mixup) return inputs;
  // What follows from the batch lives as long as it does.
  struct Derived {
    std::shared_ptr<const void> batch_owner;
    std::vector<std::int32_t> partner_labels, ranked_labels;
  };
  const auto derived = std::make_shared<Derived>(Derived{std::move(inputs.owner), {}, {}});
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch.size); ++i) {
    derived->partner_labels.push_back(batch.labels[batch.partners[i]]);
    derived->ranked_labels.push_back(batch.lambdas[i] >= 0.5F ? batch.labels[i] : derived->partner_labels[i]);
  }
  inputs.values.push_back(staged_input(names::partners, batch.partners));
  inputs.values.push_back(staged_input(names::lambdas, batch.lambdas));
  inputs.values.push_back(staged_input(names::partner_labels, derived->partner_labels));
  inputs.values.push_back(staged_input(names::ranked_labels, derived->ranked_labels));
  inputs.owner = derived;
  return inputs;
}

StepResult Classifier::result_of(const Learner::Finished& finished) {
  StepResult result{.loss = finished.loss, .skipped = finished.skipped};
  count_ranks(finished.executable->result<std::int32_t>(names::ranks), result.top1, result.top5);
  return result;
}

StepResult Classifier::train(const BatchView& batch, BadGradient bad_gradient) {
  learner_.upload(training_inputs(batch, nullptr));
  learner_.start();
  return result_of(learner_.finish(bad_gradient));
}

StepObservation Classifier::observe(const BatchView& batch, Phase last) {
  return learner_.observe(training_inputs(batch, nullptr), last);
}

BatchInputs Classifier::evaluation_inputs(const BatchView& batch, std::shared_ptr<const void> owner) {
  return {.shape = shape_of(batch), .values = plain_inputs(batch), .owner = std::move(owner)};
}

EvaluationResult Classifier::evaluation_of(const Executable& executable) {
  return {.row_losses = executable.result<float>(names::row_losses),
          .ranks = executable.result<std::int32_t>(names::ranks),
          .logits = executable.result<float>(names::logits)};
}

EvaluationResult Classifier::evaluate(const BatchView& batch, bool averaged) {
  return evaluation_of(learner_.evaluate(evaluation_inputs(batch, nullptr),
                                         averaged ? ProgramUse::averaged_evaluation : ProgramUse::evaluation));
}

}  // namespace sleight
