#include "tricks/label_smoothing.h"

#include <array>
#include <cmath>

#include "engine/base/choice.h"
#include "engine/base/error.h"

namespace sleight {

namespace {

constexpr std::array<Named<kernels::Smoothing>, 2> conventions = {
    {{kernels::Smoothing::others, "others"}, {kernels::Smoothing::uniform, "uniform"}}};

}  // namespace

kernels::Smoothing parse_smoothing(const std::string& text) {
  return parse_choice(conventions, "the convention of label smoothing", text);
}

std::string to_string(kernels::Smoothing convention) {
  return name_in(conventions, convention);
}

LabelSmoothing::LabelSmoothing(double epsilon, kernels::Smoothing convention)
    : epsilon_(epsilon), convention_(convention) {
  check(epsilon > 0.0 && epsilon < 1.0, "label smoothing needs an epsilon between 0 and 1, got ", epsilon,
        "; 0.1 is usual");
}

void LabelSmoothing::count(const Program& program, std::int64_t rows) {
  for (const Step& step : program.steps) {
    // As traced, or with its gradient fused into it.
    if (step.operation != &operations::softmax_cross_entropy &&
        step.operation != &operations::softmax_cross_entropy_with_gradient) {
      continue;
    }
    const bool smoothed = step.attributes.number("smoothing") == epsilon_ &&
                          step.attributes.get<kernels::Smoothing>("convention") == convention_;
    if (smoothed) targets_ += rows;
  }
}

Receipt LabelSmoothing::receipt() const {
  return {"label smoothing", {{"targets smoothed", static_cast<double>(targets_)}}, targets_};
}

void LabelSmoothing::restore(const Receipt& receipt) {
  targets_ = std::llround(receipt.count("targets smoothed"));
}

}  // namespace sleight
