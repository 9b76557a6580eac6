// One image from its stored bytes to its place in a batch: decode, crop, resize, change colors.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/data/classifier/augmentation.h"
#include "engine/data/classifier/dataset.h"
#include "engine/image/decode_image.h"
#include "engine/image/resize.h"
#include "engine/value/random.h"

namespace sleight {

// Nanoseconds since the start, for LoaderStatistics.
struct PipelineTimes {
  std::int64_t decoding = 0;
  std::int64_t augmenting = 0;
};

// A window of destination's size, with zeros outside the image.
void copy_window(ImageView image, PaddedWindow window, MutableImageView destination);

// One per thread; keeps its memory from image to image.
class ImagePipeline {
 public:
  // Prepares the image into destination (the batch's height and width). The draws are crop, flip, color, in this order.
  // Returns whether to mirror the image; the normalization does that. Throws Error for a broken image; the message does
  // not name it.
  bool prepare(const StoredImage& stored, const ClassifierAugmentation& recipe, RandomStream& random,
               MutableImageView destination);

  const PipelineTimes& times() const { return times_; }

 private:
  ImageDecoder decoder_;
  Resizer resizer_;
  Image resized_;
  PipelineTimes times_;
};

}  // namespace sleight
