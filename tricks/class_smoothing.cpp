#include "tricks/class_smoothing.h"

#include <sstream>

namespace sleight {

void ClassSmoothing::declare(OptionList& options, LearningTask) {
  options.add("label-smoothing", form_, "Smoothing of the class targets")
      .one_of({"none", "gluon", "darknet"})
      .default_text("gluon, with --tricks none none");
}

void ClassSmoothing::resolve(const TrainingKind& kind) {
  const std::string by_default = kind.tricks == TrickSet::none ? "none" : "gluon";
  if (!form_) form_ = by_default;
  was_asked_for_ = *form_ != by_default;
}

ClassSmoothingForm ClassSmoothing::form() const {
  if (*form_ == "gluon") return ClassSmoothingForm::gluon;
  return *form_ == "darknet" ? ClassSmoothingForm::darknet : ClassSmoothingForm::none;
}

std::vector<std::string> ClassSmoothing::description() const {
  std::ostringstream text;
  switch (form()) {
    case ClassSmoothingForm::none:
      text << "class smoothing: off";
      break;
    case ClassSmoothingForm::gluon:
      text << "class smoothing: gluon, s = min(1/K, 1/40): 1 - s for the object's class, s for the others";
      break;
    case ClassSmoothingForm::darknet:
      text << "class smoothing: darknet, 1 - " << epsilon() / 2 << " and " << epsilon() / 2;
      break;
  }
  return {text.str()};
}

void ClassSmoothing::change_detector(DetectorProgramOptions& options) {
  options.loss.class_smoothing = form();
  options.loss.class_smoothing_epsilon = epsilon();
}

void ClassSmoothing::count(const CountedStep& counted) {
  std::int64_t losses = 0;
  std::int64_t smoothed = 0;
  for (const Step& step : counted.program.steps) {
    if (step.phase != Phase::forward || !step.attributes.has("class_smoothing")) continue;
    ++losses;
    if (step.attributes.integer("class_smoothing") == static_cast<std::int64_t>(form()) &&
        step.attributes.number("class_smoothing_epsilon") == epsilon())
      ++smoothed;
  }
  if (losses == 0 || smoothed != losses) return;
  objects_ += counted.objects;
  smooths_ = true;
}

std::vector<Receipt> ClassSmoothing::receipts() const {
  return {{name(),
           {{"objects smoothed", static_cast<double>(objects_)}},
           objects_,
           smooths_ && objects_ == 0 && !was_asked_for_ ? "no image that it was trained on had an object" : ""}};
}

void ClassSmoothing::restore(std::span<const Receipt> receipts) {
  const Receipt& receipt = find_receipt(receipts, name());
  objects_ = receipt.fired;
  smooths_ = objects_ > 0 || !receipt.excuse.empty();
}

}  // namespace sleight
