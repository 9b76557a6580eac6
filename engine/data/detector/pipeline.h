// One sample of a detector, from stored bytes to its place in a batch. The steps are separate functions, because a
// sample may consist of two images, and the caller must know which of them is broken.
//
//   stored_image(k), open(k)   for each image: its bytes, its size
//   draw_detection             (augmentation.h) the random draws of the sample: needs all sizes and objects
//   decode(k, ...)             for each image: the pixels that the sample needs
//   compose(...)               all other steps in one pass
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

  // The memory for the bytes of image k; the dataset reads into it.
  StoredImage& stored_image(std::size_t k) { return images_[k].stored; }

  // Reads the header of stored_image(k). Throws Error for a broken image; the message does not name it.
  ImageSize open(std::size_t k);

  // Decodes the part of image k that lies in `part`, with the image's upper left corner at (0, 0). A JPEG is decoded at
  // the smallest of 1/1, 1/2, 1/4, 1/8 of its size that still has as many pixels as the output needs. Once per open.
  // Throws Error for a broken image.
  void decode(std::size_t k, const CropBox& part, const PartPlacement& placement);

  // Writes the sample: the first decoded image with share lambda and the second, if any, with 1 - lambda. Not mirrored:
  // the normalization does that.
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
