// The classifiers that can be requested by name.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/program/trace.h"

namespace sleight {

// What a classifier was designed for; it decides the tools' default recipe (augmentation, schedule, weight decay).
enum class ClassifierFamily : std::uint8_t { imagenet, cifar };

struct ClassifierModel {
  std::string name;
  // The side in pixels of the images that it was designed for. Other sizes, square or not, work too, because it ends
  // with a global pool.
  std::int64_t image_size = 224;
  ClassifierFamily family = ClassifierFamily::imagenet;
  // Writes the network: images [N,H,W,3] of the tracer's element type -> logits [N, classes]. classes >= 1.
  std::function<ValueId(Tracer& trace, ValueId images, std::int64_t classes)> trace;
};

// Every classifier, in the order in which help texts list them.
std::span<const ClassifierModel> classifiers();
std::vector<std::string> classifier_names();

// Throws Error that suggests the nearest name and lists all of them.
const ClassifierModel& find_classifier(std::string_view name);

}  // namespace sleight
