// One picture from its stored bytes to its place in a batch: decode, crop, resize, change colours.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/data/augmentation.h"
#include "engine/data/dataset.h"
#include "engine/data/decode_picture.h"
#include "engine/data/resize.h"
#include "engine/tensor/random.h"

namespace sleight {

// Nanoseconds since the start, for LoaderStatistics.
struct PipelineTimes {
  std::int64_t decoding = 0;
  std::int64_t augmenting = 0;
};

// A window of destination's size; zeros where it reaches beyond the picture.
void copy_window(PictureView picture, PaddedWindow window, MutablePictureView destination);

// One per thread; keeps its memory from picture to picture.
class PicturePipeline {
 public:
  // Prepares the picture into destination (its height and width are the batch's). The draws are crop, flip, colour, in
  // this order. Returns whether the picture is to be mirrored, which is left to whoever normalises it.
  // Throws Error for a broken picture; the message does not name it.
  bool prepare(const StoredPicture& stored, const AugmentationRecipe& recipe, RandomStream& random,
               MutablePictureView destination);

  const PipelineTimes& times() const { return times_; }

 private:
  PictureDecoder decoder_;
  Resizer resizer_;
  Picture resized_;
  PipelineTimes times_;
};

}  // namespace sleight
