#include "tricks/label_smoothing.h"

#include <sstream>

#include "engine/ops/ops.h"

namespace sleight {

void LabelSmoothing::declare(OptionList& options, LearningTask) {
  options.add("label-smoothing", epsilon_, "Epsilon; 0 turns it off")
      .unit("EPSILON")
      .not_negative()
      .below(1.0)
      .default_text("0.1; 0 with --tricks none, and for CIFAR models unless --tricks all");
  options.add("smoothing", convention_, "Convention: others (eps/(K-1) on the other classes) or uniform (eps/K on all)")
      .one_of({"others", "uniform"})
      .default_text("others");
}

void LabelSmoothing::resolve(const TrainingKind& kind) {
  const bool by_default = kind.tricks == TrickSet::all || (kind.tricks == TrickSet::standard && !kind.small_images);
  if (!epsilon_) epsilon_ = by_default ? 0.1 : 0.0;
  if (!convention_) convention_ = "others";
}

std::vector<std::string> LabelSmoothing::description() const {
  if (!is_on()) return {"label smoothing: off"};
  std::ostringstream text;
  if (*convention_ == "others") {
    text << "label smoothing: others, 1 - " << *epsilon_ << " at the label and " << *epsilon_
         << " / (K - 1) elsewhere (Bag of Tricks)";
  } else {
    text << "label smoothing: uniform, (1 - " << *epsilon_ << ") * onehot + " << *epsilon_ << " / K (PyTorch)";
  }
  return {text.str()};
}

ops::LossParameters LabelSmoothing::loss_parameters() const {
  return {*epsilon_, *convention_ == "others" ? kernels::Smoothing::others : kernels::Smoothing::uniform};
}

void LabelSmoothing::count(const CountedStep& counted) {
  const ops::LossParameters wanted = loss_parameters();
  for (const Step& step : counted.program.steps) {
    // The traced step, or the one with its gradient fused into it.
    if (step.operation != &operations::softmax_cross_entropy &&
        step.operation != &operations::softmax_cross_entropy_with_gradient) {
      continue;
    }
    const bool smoothed = step.attributes.number("smoothing") == wanted.smoothing &&
                          step.attributes.integer("convention") == static_cast<std::int64_t>(wanted.convention);
    if (smoothed) targets_ += counted.images;
  }
}

std::vector<Receipt> LabelSmoothing::receipts() const {
  return {{name(), {{"targets smoothed", static_cast<double>(targets_)}}, targets_}};
}

void LabelSmoothing::restore(std::span<const Receipt> receipts) {
  targets_ = find_receipt(receipts, name()).fired;
}

}  // namespace sleight
