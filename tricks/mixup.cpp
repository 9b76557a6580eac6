#include "tricks/mixup.h"

#include <algorithm>
#include <numeric>
#include <sstream>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/value/random.h"

namespace sleight {

void Mixup::declare(OptionList& options, LearningTask) {
  options.add("mixup", alpha_, "Alpha of Beta(alpha, alpha); 0 turns mixup off")
      .unit("ALPHA")
      .not_negative()
      .default_text("0, with --tricks all 0.2, for CIFAR models from 30 epochs on 1");
  options.add("mixup-off-epochs", off_epochs_, "Number of epochs without mixup at the end")
      .unit("EPOCHS")
      .not_negative()
      .default_text("0; for CIFAR models 20, at most a tenth of the training");
  options.add("mixup-lambda", lambda_, "One lambda per batch or per sample")
      .one_of({"batch", "sample"})
      .default_text("batch");
}

void Mixup::resolve(const TrainingKind& kind) {
  const bool all = kind.tricks == TrickSet::all;
  const double default_alpha = !all ? 0.0 : kind.small_images && !kind.is_short() ? 1.0 : 0.2;
  if (!alpha_) alpha_ = default_alpha;
  was_asked_for_ = *alpha_ != default_alpha;
  if (!off_epochs_) off_epochs_ = kind.small_images ? std::min<std::int64_t>(20, kind.epochs / 10) : 0;
  if (!lambda_) lambda_ = "batch";
  mixed_epochs_ = {.epochs = kind.epochs, .off_epochs = *off_epochs_};
  if (is_on()) mixed_epochs_.check();
}

std::vector<std::string> Mixup::description() const {
  if (!is_on()) return {"mixup: off"};
  std::ostringstream text;
  text << "mixup: lambda from Beta(" << *alpha_ << ", " << *alpha_ << "), one per "
       << (*lambda_ == "batch" ? "batch" : "image") << ", off for the last " << count_of(*off_epochs_, "epoch");
  if (!excuse_.empty()) text << "; not in this run: " << excuse_;
  return {text.str()};
}

void Mixup::begin(const TrainingPlan& plan) {
  seed_ = plan.seed;
  excuse_ = plan.batch_size > 1 ? "" : "a batch of one image has no two to mix";
  check(excuse_.empty() || !was_asked_for_, "--mixup: ", excuse_, "; give a larger --batch-size, or --mixup 0");
}

void Mixup::draw_classifier(BatchRequest& request, const StepPlace& place) const {
  request.partners.clear();
  request.lambdas.clear();
  const std::size_t size = request.samples.size();
  if (!mixed_epochs_.contains(place.epoch) || size < 2) return;
  RandomStream random(seed_, RandomPurpose::mixup, static_cast<std::uint64_t>(place.epoch),
                      static_cast<std::uint64_t>(place.step_in_epoch));
  // Fisher-Yates in the request's own memory: after its start the loader allocates nothing.
  request.partners.resize(size);
  std::iota(request.partners.begin(), request.partners.end(), 0);
  for (std::size_t i = size - 1; i > 0; --i) {
    std::swap(request.partners[i], request.partners[random.below(static_cast<std::int64_t>(i + 1))]);
  }
  request.lambdas.resize(size);
  const auto draw = [&] { return static_cast<float>(random.beta(*alpha_, *alpha_)); };
  if (*lambda_ == "batch") {
    std::ranges::fill(request.lambdas, draw());
  } else {
    std::ranges::generate(request.lambdas, draw);
  }
}

std::vector<Receipt> Mixup::receipts() const {
  Receipt receipt = counts_.receipt(name());
  if (!excuse_.empty()) receipt.excuse = excuse_;
  return {receipt};
}

void Mixup::count(const CountedStep& step) {
  const bool blends = std::ranges::any_of(step.program.values, [](const Value& value) {
    return value.storage == Storage::input && value.name == classifier_value_names::lambdas;
  });
  if (blends) counts_.count(step, mixed_epochs_);
}

}  // namespace sleight
