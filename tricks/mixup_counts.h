// The counts of both kinds of mixup (mixup.h, detector_mixup.h), with one definition of "mixed": an image is mixed if
// its partner is another image and lambda < 1.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/train/trick.h"

namespace sleight {

// The epochs with mixup: all but the last ones, which train on plain images.
struct MixedEpochs {
  std::int64_t epochs = 0;  // of the whole training
  std::int64_t off_epochs = 0;

  bool contains(std::int64_t epoch) const { return epoch < epochs - off_epochs; }
  // Throws Error, naming the flag, if mixup would never run.
  void check() const;
};

class MixupCounts {
 public:
  // Throws Error for a mixed batch in an epoch that should be plain.
  void count(const CountedStep& step, const MixedEpochs& epochs);
  // batches mixed; images in them; images mixed; the sum of the mixed images' lambdas and its mean; plain batches in
  // the last epochs.
  // Excused where every draw left the images as they were, which happens by chance in a run of a few steps.
  Receipt receipt(const std::string& trick) const;
  void restore(const Receipt& receipt);

 private:
  std::int64_t batches_ = 0;
  std::int64_t images_ = 0;
  std::int64_t images_mixed_ = 0;
  double lambda_sum_ = 0.0;  // over the mixed images
  std::int64_t batches_plain_ = 0;
  bool drew_in_vain_ = false;  // partners and lambdas arrived, and no image was mixed
};

}  // namespace sleight
