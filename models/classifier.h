// The classifiers that can be asked for by name. A family of them is a file of its own (resnet.cpp), its declaration
// below and its line in classifier.cpp.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/program/trace.h"

namespace sleight {

// What a classifier was made for: tells the tools which recipe (augmentation, schedule, weight decay) is sensible.
enum class ClassifierFamily : std::uint8_t { imagenet, cifar };

struct ClassifierModel {
  std::string name;
  // Side in pixels of the images it was made for. Other sizes, not square ones too, work: a global pool ends it.
  std::int64_t image_size = 224;
  ClassifierFamily family = ClassifierFamily::imagenet;
  // Writes the network: images [N,H,W,3] of the tracer's element type -> logits [N, classes]. classes >= 1.
  std::function<ValueId(Tracer& trace, ValueId images, std::int64_t classes)> trace;
};

// resnet18, 34, 50, 101, 152 and cifar_resnet20, 32, 44, 56, 110 in all their versions.
std::vector<ClassifierModel> resnet_classifiers();
// darknet53 and darknet_small.
std::vector<ClassifierModel> darknet_classifiers();

// Every classifier, in the order in which help texts list them.
std::span<const ClassifierModel> classifiers();
std::vector<std::string> classifier_names();

// Throws Error that suggests the nearest name and lists all of them.
const ClassifierModel& find_classifier(std::string_view name);

}  // namespace sleight
