// A classifier as a training takes it: a function that traces the network, and what it was made for.
// models/classifier.h has those that can be asked for by name; any other program brings its own.
#pragma once

#include <cstdint>
#include <string>

#include "engine/train/classifier_program.h"

namespace sleight {

// What a classifier was made for decides which recipe (augmentation, schedule, weight decay) is sensible. imagenet:
// photographs, random resized crops. cifar: images of about 32 pixels, padded crops.
enum class ClassifierFamily : std::uint8_t { imagenet, cifar };

struct ClassifierModel {
  std::string name;
  // Side in pixels of the images it was made for. Whether it takes other sizes, not square ones too, is up to it: with
  // a global pool at its end it does.
  std::int64_t image_size = 224;
  ClassifierFamily family = ClassifierFamily::imagenet;
  // Writes the network: images [N,H,W,3] of the tracer's element type -> logits [N, classes]. classes >= 1.
  ClassifierFunction trace;
};

}  // namespace sleight
