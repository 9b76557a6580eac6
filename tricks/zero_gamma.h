// Zero gamma: the last batch-norm scale of each residual branch starts at 0, so each block starts as its shortcut, and
// the network starts as a shallow one, which is easier to train.
//
// The model marks the scales (Parameter::ends_residual_branch), in basic blocks and bottlenecks alike.
// Source: Goyal et al., arXiv 1706.02677, section 5.1; He et al., arXiv 1812.01187, section 3.1.
#pragma once

#include <optional>
#include <string>

#include "engine/train/trick.h"

namespace sleight {

class ZeroGamma : public Trick {
 public:
  std::unique_ptr<Trick> clone() const override { return std::make_unique<ZeroGamma>(*this); }
  std::string name() const override { return "zero gamma"; }

  // --zero-gamma. A set of tricks skips models that mark no scale (pre-activation networks). The explicit flag for such
  // a model is an Error when the program is traced.
  void declare(OptionList& options, LearningTask task) override;
  void resolve(const TrainingKind& kind) override;
  bool is_on() const override { return *on_; }
  std::vector<std::string> description() const override;

  // Changes the initializers of the marked scales in every traced program, before its parameters are created in the
  // store. It has no effect later, or if weights are loaded.
  void change_update(UpdateOptions& options) override;

  // gammas zeroed (tensors) and their elements
  std::vector<Receipt> receipts() const override;
  void restore(std::span<const Receipt> receipts) override { receipt_ = find_receipt(receipts, name()); }

 private:
  void zero(Program& program);

  std::optional<bool> on_;

  std::optional<Receipt> receipt_;  // a fact about the program, not about its steps
};

}  // namespace sleight
