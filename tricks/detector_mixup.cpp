#include "tricks/detector_mixup.h"

#include <algorithm>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/value/random.h"

namespace sleight {

void DetectorMixup::declare(OptionList& options, LearningTask) {
  options.add("mixup", alpha_, "Alpha of Beta(alpha, alpha); 0 turns mixup off")
      .unit("ALPHA")
      .not_negative()
      .default_text("0, with --tricks all 1.5");
  options.add("mixup-off-epochs", off_epochs_, "Number of epochs without mixup at the end")
      .unit("EPOCHS")
      .not_negative()
      .default_text("20, at most a tenth of the training");
  options.add("mixup-form", form_, "half is darknet's: lambda 1/2, objects not weighted")
      .one_of({"beta", "half"})
      .default_text("beta");
}

void DetectorMixup::resolve(const TrainingKind& kind) {
  const double default_alpha = kind.tricks == TrickSet::all ? 1.5 : 0.0;
  if (!alpha_) alpha_ = default_alpha;
  was_asked_for_ = *alpha_ != default_alpha;
  if (!off_epochs_) off_epochs_ = std::min<std::int64_t>(20, kind.epochs / 10);
  if (!form_) form_ = "beta";
  mixed_epochs_ = {.epochs = kind.epochs, .off_epochs = *off_epochs_};
  if (is_on()) mixed_epochs_.check();
}

std::vector<std::string> DetectorMixup::description() const {
  if (!is_on()) return {"detection mixup: off"};
  std::ostringstream text;
  text << "detection mixup: ";
  if (*form_ == "half")
    text << "half of each (darknet), objects not weighted";
  else
    text << "Beta(" << *alpha_ << ", " << *alpha_ << "), objects weighted";
  text << ", off for the last " << *off_epochs_ << " of " << count_of(mixed_epochs_.epochs, "epoch");
  if (!excuse_.empty()) text << "; not in this run: " << excuse_;
  return {text.str()};
}

void DetectorMixup::begin(const TrainingPlan& plan) {
  seed_ = plan.seed;
  images_ = plan.images;
  excuse_ = images_ > 1 ? "" : "a dataset of one image has no two to mix";
  check(excuse_.empty() || !was_asked_for_, "--mixup: ", excuse_, "; give --mixup 0");
}

std::vector<Receipt> DetectorMixup::receipts() const {
  Receipt receipt = counts_.receipt(name());
  if (!excuse_.empty()) receipt.excuse = excuse_;
  return {receipt};
}

void DetectorMixup::draw_detector(DetectorBatchRequest& request, const StepPlace& place) const {
  request.partners.clear();
  request.lambdas.clear();
  request.weigh_objects = *form_ == "beta";
  if (!mixed_epochs_.contains(place.epoch) || images_ < 2) return;
  for (const std::int64_t sample : request.samples) {
    RandomStream random(seed_, RandomPurpose::mixup, static_cast<std::uint64_t>(place.epoch),
                        static_cast<std::uint64_t>(sample));
    const std::int64_t other = random.below(images_ - 1);
    request.partners.push_back(other < sample ? other : other + 1);
    request.lambdas.push_back(*form_ == "half" ? 0.5F : static_cast<float>(random.beta(*alpha_, *alpha_)));
  }
}

}  // namespace sleight
