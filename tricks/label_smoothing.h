// Label smoothing: moves a little of the target to the wrong classes, so that training drives no logit to infinity.
//
//   others   1 - eps at the label, eps / (K - 1) elsewhere      He et al., arXiv 1812.01187, eq. 4 (the default)
//   uniform  (1 - eps) * onehot + eps / K                       Szegedy et al., arXiv 1512.00567; PyTorch, timm
//
// With mixup it applies to both targets before they are blended. kernels/softmax_cross_entropy.h computes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/train/trick.h"

namespace sleight {

class LabelSmoothing : public Trick {
 public:
  std::unique_ptr<Trick> clone() const override { return std::make_unique<LabelSmoothing>(*this); }
  std::string name() const override { return "label smoothing"; }

  // --label-smoothing, --smoothing
  void declare(OptionList& options, LearningTask task) override;
  void resolve(const TrainingKind& kind) override;
  bool is_on() const override { return *epsilon_ > 0.0; }
  std::vector<std::string> description() const override;

  void change_classifier(ClassifierProgramOptions& options) override { options.loss = loss_parameters(); }

  // Counts 0 unless the program's loss carries this smoothing. Evaluation does not count: its loss is plain.
  void count(const CountedStep& step) override;
  // targets smoothed
  std::vector<Receipt> receipts() const override;
  void restore(std::span<const Receipt> receipts) override;

 private:
  ops::LossParameters loss_parameters() const;

  std::optional<double> epsilon_;
  std::optional<std::string> convention_;

  std::int64_t targets_ = 0;
};

}  // namespace sleight
