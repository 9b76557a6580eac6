#include "tricks/class_smoothing.h"

#include <array>
#include <cmath>

#include "engine/base/choice.h"
#include "engine/base/error.h"

namespace sleight {

namespace {

constexpr std::array<Named<kernels::ClassSmoothing>, 3> forms = {{{kernels::ClassSmoothing::none, "none"},
                                                                  {kernels::ClassSmoothing::gluon, "gluon"},
                                                                  {kernels::ClassSmoothing::darknet, "darknet"}}};

}  // namespace

kernels::ClassSmoothing parse_class_smoothing(const std::string& text) {
  return parse_choice(forms, "the smoothing of classes", text);
}

std::string to_string(kernels::ClassSmoothing form) {
  return name_in(forms, form);
}

double class_smoothing_epsilon(kernels::ClassSmoothing form) {
  return form == kernels::ClassSmoothing::darknet ? 0.1 : 1.0 / 40;
}

ClassSmoothing::ClassSmoothing(kernels::ClassSmoothing form) : form_(form) {
  check(form != kernels::ClassSmoothing::none, "the smoothing of classes was made without a form");
}

void ClassSmoothing::apply(kernels::YoloLossOptions& options) const {
  options.smoothing = form_;
  options.epsilon = class_smoothing_epsilon(form_);
}

void ClassSmoothing::count(const Program& program, std::int64_t objects) {
  std::int64_t losses = 0;
  std::int64_t smoothed = 0;
  for (const Step& step : program.steps) {
    if (step.operation != &operations::yolo_loss) continue;
    ++losses;
    if (step.attributes.get<kernels::ClassSmoothing>("smoothing") == form_ &&
        step.attributes.number("epsilon") == class_smoothing_epsilon(form_))
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
