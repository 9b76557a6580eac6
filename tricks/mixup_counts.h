// What both kinds of mixup (mixup.h, detector_mixup.h) count: one definition of how much was mixed. An image is mixed
// when it has another one as its partner and lambda < 1.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/train/trick.h"

namespace sleight {

// Which epochs are mixed: all but the last ones, which are trained on plain images.
struct MixedEpochs {
  std::int64_t epochs = 0;  // of the whole training
  std::int64_t off_epochs = 0;

  bool contains(std::int64_t epoch) const { return epoch < epochs - off_epochs; }
  // Throws Error, naming the flag, where mixup would never run.
  void check() const;
};

class MixupCounts {
 public:
  // Throws Error for an epoch that is mixed and should be plain.
  void count(const CountedStep& step, const MixedEpochs& epochs);
  // batches mixed; images in them; images mixed; the sum of the mixed images' lambdas and its mean; batches plain in the
  // last epochs.
  Receipt receipt(const std::string& trick) const;
  void restore(const Receipt& receipt);

 private:
  std::int64_t batches_ = 0;
  std::int64_t images_ = 0;
  std::int64_t images_mixed_ = 0;
  double lambda_sum_ = 0.0;  // over the mixed images
  std::int64_t batches_plain_ = 0;
};

}  // namespace sleight
