// Mixup for detection: blends each image with another one of the dataset. Each keeps its own geometry, and the targets
// are the objects of both.
//
//   lambda ~ Beta(1.5, 1.5),  x = lambda * x_i + (1 - lambda) * x_j;  an object's weight is its image's share
//
// Source: Zhang et al., arXiv 1902.04103, section 3.1. engine/data/detector/loader.h blends the raw images, before all
// other augmentation; the weight multiplies the object's terms in the loss.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tricks/mixup_counts.h"

namespace sleight {

class DetectorMixup : public Trick {
 public:
  std::unique_ptr<Trick> clone() const override { return std::make_unique<DetectorMixup>(*this); }
  std::string name() const override { return "detection mixup"; }

  // --mixup, --mixup-off-epochs, --mixup-form. beta: as above; half: lambda is 1/2 and every object counts fully
  // (darknet).
  void declare(OptionList& options, LearningTask task) override;
  void resolve(const TrainingKind& kind) override;
  bool is_on() const override { return *alpha_ > 0.0; }
  bool mixes_images() const override { return true; }
  std::vector<std::string> description() const override;

  // Throws Error for a dataset of one image where mixup was asked for. Where it is the default, the run goes on
  // without.
  void begin(const TrainingPlan& plan) override;

  // Sets partners, lambdas and weigh_objects for request.samples; partners and lambdas are empty (plain images) in the
  // last epochs and for a dataset of one image. A partner is any other image of the dataset, each equally likely. A
  // sample's draws are a function of seed, epoch, sample and the dataset's size, independent of the batch.
  void draw_detector(DetectorBatchRequest& request, const StepPlace& place) const override;

  void count(const CountedStep& step) override { counts_.count(step, mixed_epochs_); }
  // See MixupCounts.
  std::vector<Receipt> receipts() const override;
  void restore(std::span<const Receipt> receipts) override { counts_.restore(find_receipt(receipts, name())); }

 private:
  std::optional<double> alpha_;
  std::optional<std::int64_t> off_epochs_;
  std::optional<std::string> form_;

  MixedEpochs mixed_epochs_;
  std::uint64_t seed_ = 0;
  std::int64_t images_ = 0;
  bool was_asked_for_ = false;  // against the default
  std::string excuse_;
  MixupCounts counts_;
};

}  // namespace sleight
