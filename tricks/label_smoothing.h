// Label smoothing: the target gives a little of its weight to the wrong classes, so that no logit is driven to
// infinity.
//
//   others   1 - eps at the label, eps / (K - 1) elsewhere      He et al., arXiv 1812.01187, eq. 4 (the default)
//   uniform  (1 - eps) * onehot + eps / K                       Szegedy et al., arXiv 1512.00567; PyTorch, timm
//
// With mixup it is applied to both targets before they are blended. kernels/softmax_cross_entropy.h computes it.
#pragma once

#include <cstdint>
#include <string>

#include "engine/ops/ops.h"
#include "engine/train/receipt.h"

namespace sleight {

// "others" or "uniform"; throws Error for anything else.
kernels::Smoothing parse_smoothing(const std::string& text);
std::string to_string(kernels::Smoothing convention);

class LabelSmoothing {
 public:
  // 0 < epsilon < 1, else Error.
  explicit LabelSmoothing(double epsilon, kernels::Smoothing convention = kernels::Smoothing::others);

  ops::LossParameters loss_parameters() const { return {epsilon_, convention_}; }

  // After a step of this program over `rows` samples; counts nothing when the program's loss does not carry this
  // smoothing. Evaluation is not counted: its loss is plain.
  void count(const Program& program, std::int64_t rows);
  // targets smoothed
  Receipt receipt() const;
  void restore(const Receipt& receipt);

 private:
  double epsilon_;
  kernels::Smoothing convention_;
  std::int64_t targets_ = 0;
};

}  // namespace sleight
