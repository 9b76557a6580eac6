// The programs of any model by its name, classifier or detector, without a run: to look at and to measure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/program/program.h"

namespace sleight {

struct ModelProgramOptions {
  std::string model;
  std::int64_t batch_size = 8;
  std::int64_t image_size = 0;  // side of the images in pixels; 0: the model's own
  std::int64_t classes = 0;     // 0: the model's own: 10 for CIFAR's, 1000 for ImageNet's, 80 (COCO's) for detectors
  std::int64_t maximum_objects = 8;      // of an image; detectors
  DataType element = DataType::float32;  // of activations and their gradients
  bool evaluation = false;               // instead of the training step
};

struct ModelProgram {
  Program program;
  std::int64_t image_size = 0;
  std::int64_t classes = 0;
};

// With the losses and the update of the bare recipe: no trick is in it. Throws Error for a name that is neither a
// classifier nor a detector, suggesting the nearest of both.
ModelProgram model_program(const ModelProgramOptions& options);

// Classifiers, then detectors, in the order of their own lists.
std::vector<std::string> model_names();

}  // namespace sleight
