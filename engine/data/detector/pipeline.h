// One sample of a detector from stored bytes to its place in a batch, as steps of their own: a sample may be made of
// two images, and whoever asks must know which of them turned out to be broken.
//
//   stored_image(k), open(k)   for each image: its bytes, its size
//   draw_detection       (detection_augmentation.h) what happens to the sample: needs all sizes and objects
//   decode(k, ...)       for each image: the pixels that are needed
//   compose(...)         everything else in one pass
#pragma once

#include <array>
#include <cstddef>

#include "engine/data/detector/augmentation.h"
#include "engine/data/loader/image_source.h"
#include "engine/image/decode_image.h"
#include "engine/image/image_composer.h"

namespace sleight {

// One per thread; keeps its memory from sample to sample.
class DetectorPipeline {
 public:
  static constexpr std::size_t maximum_images = ImageComposer::maximum_layers;

  // Where the dataset reads image k to.
  StoredImage& stored_image(std::size_t k) { return images_[k].stored; }

  // Reads the header of what lies in stored_image(k). Throws Error for a broken image; the message does not name it.
  ImageSize open(std::size_t k);

  // Decodes what of image k, with its upper left corner at (0, 0), lies in `part`; a JPEG at the smallest of 1/1,
  // 1/2, 1/4, 1/8 of its size that still has as many pixels as it gets in the output. Once per open. Throws Error for a
  // broken image.
  void decode(std::size_t k, const CropBox& part, const PartPlacement& placement);

  // Writes the sample of the decoded images, the first with share lambda and the second, if there are two, with
  // 1 - lambda. Not mirrored: that is left to whoever normalizes it.
  void compose(std::size_t count, float lambda, const DetectorDraws& draws, const PartPlacement& placement,
               const DetectorAugmentation& recipe, MutableImageView destination);

 private:
  struct Source {
    ImageDecoder decoder;
    StoredImage stored;
    ImageSize size;
  };

  std::array<Source, maximum_images> images_;
  std::array<ImageLayer, maximum_images> layers_;
  ImageComposer composer_;
};

}  // namespace sleight
