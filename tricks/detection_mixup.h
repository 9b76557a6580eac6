// Mixup for detection: each picture is blended with another one of the dataset, each with its own geometry, and the
// objects of both are to be found.
//
//   lambda ~ Beta(1.5, 1.5),  x = lambda * x_i + (1 - lambda) * x_j;  an object's weight is its picture's share
//
// Source: Zhang et al., arXiv 1902.04103, section 3.1. The blend itself is made by engine/data/detection_loader.h, on
// the raw pictures and before all other augmentation; the weight multiplies the object's terms in the loss.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/data/detection_loader.h"
#include "engine/train/receipt.h"

namespace sleight {

// beta: as above. half: lambda is 1/2 and every object counts fully (darknet).
enum class DetectionMixupForm : std::uint8_t { beta, half };

struct DetectionMixupOptions {
  double alpha = 1.5;            // > 0
  std::int64_t epochs = 0;       // of the whole training, > 0
  std::int64_t off_epochs = 20;  // the last epochs are trained on plain pictures
  DetectionMixupForm form = DetectionMixupForm::beta;
};

// For the head of a run: "detection mixup: Beta(1.5, 1.5), objects weighted, off for the last 20 of 200 epochs"
std::string to_string(const DetectionMixupOptions& options);

class DetectionMixup {
 public:
  // Throws Error for alpha <= 0 and for off_epochs that leave no epoch to mix.
  DetectionMixup(const DetectionMixupOptions& options, std::uint64_t seed);

  bool active(std::int64_t epoch) const { return epoch < options_.epochs - options_.off_epochs; }

  // Fills partners, lambdas and weigh_objects for request.samples, out of a dataset of this many pictures; leaves
  // partners and lambdas empty (plain pictures) in the last epochs and for a dataset of one. A partner is any other
  // picture of the dataset, each as likely. A sample's draws are a pure function of (options, seed, request.epoch,
  // sample, pictures): the batch it comes in does not matter.
  void fill(DetectionBatchRequest& request, std::int64_t pictures) const;

  // Of a batch that was trained on; what counts is what arrived there, not what was asked for: partners and lambdas of
  // the batch, -1 for no partner.
  void count(std::int64_t epoch, std::span<const std::int64_t> partners, std::span<const float> lambdas);
  // batches mixed; images in them; images mixed (with another picture, lambda < 1); mean lambda of the mixed images;
  // batches plain in the last epochs.
  Receipt receipt() const;
  void restore(const Receipt& receipt);

 private:
  DetectionMixupOptions options_;
  std::uint64_t seed_;
  std::int64_t batches_ = 0;
  std::int64_t images_ = 0;
  std::int64_t images_mixed_ = 0;
  double lambda_sum_ = 0.0;
  std::int64_t batches_plain_ = 0;
};

}  // namespace sleight
