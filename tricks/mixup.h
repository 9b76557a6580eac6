// Mixup for classification: each picture is blended with a partner of its batch, and so are their targets.
//
//   lambda ~ Beta(alpha, alpha),  x = lambda * x_i + (1 - lambda) * x_j,  y likewise;  j = a random permutation of i
//
// Source: Zhang et al., arXiv 1710.09412, eq. 1; alpha 0.2 for ImageNet (He et al., arXiv 1812.01187, section 5.3), 1.0
// for CIFAR. The blend itself is kernels/image_prepare.h, the two targets kernels/softmax_cross_entropy.h.
#pragma once

#include <cstdint>
#include <span>

#include "engine/data/loader.h"
#include "engine/train/receipt.h"

namespace sleight {

// per_batch: one lambda for the whole batch (the code of He et al.). per_sample: each picture has its own.
enum class MixupLambda : std::uint8_t { per_batch, per_sample };

struct MixupOptions {
  double alpha = 0.2;           // > 0
  std::int64_t epochs = 0;      // of the whole training, > 0
  std::int64_t off_epochs = 0;  // the last epochs are trained on plain pictures
  MixupLambda lambda = MixupLambda::per_batch;
};

class Mixup {
 public:
  // Throws Error for alpha <= 0 and for off_epochs that leave no epoch to mix.
  Mixup(const MixupOptions& options, std::uint64_t seed);

  bool active(std::int64_t epoch) const { return epoch < options_.epochs - options_.off_epochs; }

  // Fills partners and lambdas for request.samples; leaves both empty (plain pictures) in the last epochs and for a
  // batch of one, which has no partner. A pure function of (options, seed, request.epoch, step_in_epoch, batch size).
  void fill(BatchRequest& request, std::int64_t step_in_epoch) const;

  // Of a batch that was trained on; what counts is what arrived there, not what was asked for.
  void count(std::int64_t epoch, std::span<const std::int32_t> partners, std::span<const float> lambdas);
  // batches mixed; images mixed (with another picture, lambda < 1); mean lambda over the images of the mixed batches;
  // batches plain in the last epochs.
  Receipt receipt() const;
  void restore(const Receipt& receipt);

 private:
  MixupOptions options_;
  std::uint64_t seed_;
  std::int64_t batches_ = 0;
  std::int64_t images_ = 0;
  std::int64_t images_mixed_ = 0;
  double lambda_sum_ = 0.0;
  std::int64_t batches_plain_ = 0;
};

}  // namespace sleight
