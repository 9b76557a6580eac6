// No bias decay: weight decay pulls the weights of convolutions and linear layers toward 0, but not biases or the
// scales and shifts of batch norm. Those few numbers cannot overfit, and pulling them does harm. Source: Jia et al.,
// arXiv 1807.11205; He et al., arXiv 1812.01187, section 3.1.
#pragma once

#include <optional>
#include <string>

#include "engine/train/trick.h"

namespace sleight {

class NoBiasDecay : public Trick {
 public:
  std::unique_ptr<Trick> clone() const override { return std::make_unique<NoBiasDecay>(*this); }
  std::string name() const override { return "no bias decay"; }

  // --no-bias-decay
  void declare(OptionList& options, LearningTask task) override;
  void resolve(const TrainingKind& kind) override;
  bool is_on() const override { return *on_; }
  std::vector<std::string> description() const override;

  void change_update(UpdateOptions& options) override;

  // Reads the program's SGD steps once: the tensors whose decay multiplier is 0, not the requested ones.
  void count(const CountedStep& step) override;
  // tensors without decay, elements without decay, tensors with decay
  std::vector<Receipt> receipts() const override;
  void restore(std::span<const Receipt> receipts) override;

 private:
  std::optional<bool> on_;
  bool was_asked_for_ = false;  // against the default

  std::optional<Receipt> receipt_;  // a fact about the program, not about its steps
};

}  // namespace sleight
