#include "tricks/class_smoothing.h"

#include <cmath>

#include "engine/base/error.h"

namespace sleight {

ClassSmoothingForm parse_class_smoothing(const std::string& text) {
  if (text == "none") return ClassSmoothingForm::none;
  if (text == "gluon") return ClassSmoothingForm::gluon;
  if (text == "darknet") return ClassSmoothingForm::darknet;
  fail("the smoothing of classes is 'none', 'gluon' or 'darknet', got '", text, "'");
}

std::string to_string(ClassSmoothingForm form) {
  switch (form) {
    case ClassSmoothingForm::gluon:
      return "gluon";
    case ClassSmoothingForm::darknet:
      return "darknet";
    case ClassSmoothingForm::none:
      break;
  }
  return "none";
}

double class_smoothing_epsilon(ClassSmoothingForm form) {
  return form == ClassSmoothingForm::darknet ? 0.1 : 1.0 / 40;
}

ClassSmoothing::ClassSmoothing(ClassSmoothingForm form) : form_(form) {
  check(form != ClassSmoothingForm::none, "the smoothing of classes was made without a form");
}

void ClassSmoothing::apply(DetectorLossOptions& options) const {
  options.class_smoothing = form_;
  options.class_smoothing_epsilon = class_smoothing_epsilon(form_);
}

void ClassSmoothing::count(const Program& program, std::int64_t objects) {
  std::int64_t losses = 0;
  std::int64_t smoothed = 0;
  for (const Step& step : program.steps) {
    if (step.phase != Phase::forward || !step.attributes.has("class_smoothing")) continue;
    ++losses;
    if (step.attributes.integer("class_smoothing") == static_cast<std::int64_t>(form_) &&
        step.attributes.number("class_smoothing_epsilon") == class_smoothing_epsilon(form_))
      ++smoothed;
  }
  if (losses > 0 && smoothed == losses) objects_ += objects;
}

Receipt ClassSmoothing::receipt() const {
  return {"class smoothing", {{"objects smoothed", static_cast<double>(objects_)}}, objects_};
}

void ClassSmoothing::restore(const Receipt& receipt) {
  objects_ = std::llround(receipt.count("objects smoothed"));
}

}  // namespace sleight
