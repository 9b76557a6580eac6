#include "engine/train/classifier.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "kernels/first_non_finite.h"

namespace sleight {

namespace names = classification_names;

namespace {

void count_ranks(std::span<const std::int32_t> ranks, std::int64_t& top1, std::int64_t& top5) {
  top1 = std::count(ranks.begin(), ranks.end(), 0);
  top5 = std::count_if(ranks.begin(), ranks.end(), [](std::int32_t rank) { return rank < 5; });
}

// The index of the first NaN or infinity of a value as it stands on the device, or -1. Integers have none.
std::int64_t first_non_finite_index(const Executable& executable, ValueId id) {
  const ValueType& type = executable.program().value(id).type;
  const bool is_real =
      type.element == DataType::float32 || type.element == DataType::float64 || type.element == DataType::bfloat16;
  if (!is_real || executable.address(id) == nullptr) return -1;
  const std::vector<std::byte> bytes = executable.read(id);
  std::vector<kernels::CheckedTensor> table = {kernels::checked_tensor(bytes.data(), type.count(), type.element)};
  const std::int64_t chunks = kernels::number_chunks(std::span(table));
  std::vector<std::int32_t> workspace(static_cast<std::size_t>(chunks));
  std::int64_t result[2] = {-1, -1};
  kernels::first_non_finite(kernels::Cpu{}, {{table.data(), 1, chunks}, workspace.data(), result});
  return result[1];
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

void Classifier::bind(Executable& executable, const Batch& batch, bool mixup) {
  executable.bind(names::images, batch.images().data());
  executable.bind(names::flips, batch.flips().data());
  executable.bind(names::labels, batch.labels().data());
  if (!mixup) return;
  const auto count = static_cast<std::size_t>(batch.size());
  partner_labels_.resize(std::max(partner_labels_.size(), count));
  ranked_labels_.resize(std::max(ranked_labels_.size(), count));
  for (std::size_t i = 0; i < count; ++i) {
    partner_labels_[i] = batch.labels()[static_cast<std::size_t>(batch.partners()[i])];
    ranked_labels_[i] = batch.lambdas()[i] >= 0.5F ? batch.labels()[i] : partner_labels_[i];
  }
  executable.bind(names::partners, batch.partners().data());
  executable.bind(names::lambdas, batch.lambdas().data());
  executable.bind(names::partner_labels, partner_labels_.data());
  executable.bind(names::ranked_labels, ranked_labels_.data());
}

StepResult Classifier::train(const Batch& batch) {
  Executable& executable = plan(Use::training, batch.size(), batch.height(), batch.width());
  bind(executable, batch, options_.mixup);
  executable.run(Phase::forward);
  StepResult result{.loss = static_cast<double>(executable.result<float>(names::loss).front())};
  if (!std::isfinite(result.loss)) {
    throw NonFiniteLoss("the loss is " + std::to_string(result.loss) + "; " + first_bad_value(executable));
  }
  count_ranks(executable.result<std::int32_t>(names::ranks), result.top1, result.top5);
  executable.run(Phase::backward);
  executable.run(Phase::update);
  return result;
}

std::string Classifier::first_bad_value(Executable& executable) {
  const Program& program = executable.program();
  for (const Parameter& parameter : program.parameters) {
    const Value& value = program.value(parameter.value);
    const std::int64_t index = first_non_finite_index(executable, parameter.value);
    if (index >= 0) {
      return "'" + value.name + "' is not finite at element " + std::to_string(index) +
             " already before this step: the update of an earlier step overflowed; use a smaller learning rate or a "
             "longer warm-up";
    }
  }
  // The forward pass once more, looking at every value as soon as it is written.
  std::string found;
  executable.run_observed(Phase::forward, [&](std::size_t index) {
    if (!found.empty()) return;
    const Step& step = program.steps[index];
    for (const ValueId output : step.outputs) {
      if (output == no_value) continue;
      const std::int64_t element = first_non_finite_index(executable, output);
      if (element < 0) continue;
      found = "the first bad value is written by step " + std::to_string(index) + ", " +
              std::string(step.operation->name) + " of layer '" + step.name + "', at element " +
              std::to_string(element) + " of " + to_string(program.value(output).type);
      return;
    }
  });
  return found.empty() ? "every value of a repeated forward pass is finite" : found;
}

EvaluationResult Classifier::evaluate(const Batch& batch, bool averaged) {
  Executable& executable = plan_evaluation(batch.size(), batch.height(), batch.width(), averaged);
  bind(executable, batch, false);
  executable.run();
  EvaluationResult result;
  for (const float loss : executable.result<float>(names::row_losses))
    result.loss_sum += static_cast<double>(loss);
  count_ranks(executable.result<std::int32_t>(names::ranks), result.top1, result.top5);
  result.logits = executable.result<float>(names::logits);
  return result;
}

}  // namespace sleight
