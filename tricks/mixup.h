// Mixup for classification: blends each image with a partner from its batch, and their targets with the same weights.
//
//   lambda ~ Beta(alpha, alpha),  x = lambda * x_i + (1 - lambda) * x_j,  y likewise;  j = a random permutation of i
//
// Source: Zhang et al., arXiv 1710.09412, eq. 1; alpha 0.2 for ImageNet (He et al., arXiv 1812.01187, section 5.3), 1.0
// for CIFAR. kernels/image_prepare.h blends the images, kernels/softmax_cross_entropy.h the two targets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tricks/mixup_counts.h"

namespace sleight {

class Mixup : public Trick {
 public:
  std::unique_ptr<Trick> clone() const override { return std::make_unique<Mixup>(*this); }
  std::string name() const override { return "mixup"; }

  // --mixup, --mixup-off-epochs, --mixup-lambda. batch: one lambda for the whole batch (the code of He et al.); sample:
  // each image has its own.
  void declare(OptionList& options, LearningTask task) override;
  void resolve(const TrainingKind& kind) override;
  bool is_on() const override { return *alpha_ > 0.0; }
  bool mixes_images() const override { return true; }
  std::vector<std::string> description() const override;

  // Throws Error for batches of one image where mixup was asked for. Where it is the default, the run goes on without.
  void begin(const TrainingPlan& plan) override;
  void change_classifier(ClassifierProgramOptions& options) override { options.mixup = true; }

  // Sets partners and lambdas for request.samples; both are empty (plain images) in the last epochs and for a batch of
  // one, which has no partner. A function of seed, epoch, step in the epoch and batch size: with several ranks, each
  // would pair images inside its own share.
  void draw_classifier(BatchRequest& request, const StepPlace& place) const override;

  // Counts 0 if the program blends no images, whatever the batch contains.
  void count(const CountedStep& step) override;
  // See MixupCounts.
  std::vector<Receipt> receipts() const override;
  void restore(std::span<const Receipt> receipts) override { counts_.restore(find_receipt(receipts, name())); }

 private:
  std::optional<double> alpha_;
  std::optional<std::int64_t> off_epochs_;
  std::optional<std::string> lambda_;

  MixedEpochs mixed_epochs_;
  std::uint64_t seed_ = 0;
  bool was_asked_for_ = false;  // against the default
  std::string excuse_;
  MixupCounts counts_;
};

}  // namespace sleight
