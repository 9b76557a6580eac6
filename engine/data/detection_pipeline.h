// One sample of a detector from stored bytes to its place in a batch, as steps of their own: a sample may be made of
// two pictures, and whoever asks must know which of them turned out to be broken.
//
//   stored(k), open(k)   for each picture: its bytes, its size
//   draw_detection       (detection_augmentation.h) what happens to the sample: needs all sizes and objects
//   decode(k, ...)       for each picture: the pixels that are needed
//   compose(...)         everything else in one pass
#pragma once

#include <array>
#include <cstddef>

#include "engine/data/dataset.h"
#include "engine/data/decode_picture.h"
#include "engine/data/detection_augmentation.h"
#include "engine/data/picture_composer.h"

namespace sleight {

// One per thread; keeps its memory from sample to sample.
class DetectionPipeline {
 public:
  static constexpr std::size_t maximum_pictures = PictureComposer::maximum_layers;

  // Where the dataset reads picture k to.
  StoredPicture& stored(std::size_t k) { return pictures_[k].stored; }

  // Reads the header of what lies in stored(k). Throws Error for a broken picture; the message does not name it.
  PictureSize open(std::size_t k);

  // Decodes what of picture k, with its upper left corner at (0, 0), lies in `part`; a JPEG at the smallest of 1/1,
  // 1/2, 1/4, 1/8 of its size that still has as many pixels as it gets in the output. Once per open. Throws Error for a
  // broken picture.
  void decode(std::size_t k, const CropBox& part, const PartPlacement& placement);

  // Writes the sample of the decoded pictures, the first with share lambda and the second, if there are two, with
  // 1 - lambda. Not mirrored: that is left to whoever normalises it.
  void compose(std::size_t count, float lambda, const DetectionDraws& draws, const PartPlacement& placement,
               const DetectionRecipe& recipe, MutablePictureView destination);

 private:
  struct Source {
    PictureDecoder decoder;
    StoredPicture stored;
    PictureSize size;
  };

  std::array<Source, maximum_pictures> pictures_;
  std::array<PictureLayer, maximum_pictures> layers_;
  PictureComposer composer_;
};

}  // namespace sleight
