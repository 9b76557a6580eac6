// The classifiers that can be requested by name. A family of them is a file of its own (resnet.cpp), its declaration
// below and its line in classifier.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/train/classifier_model.h"

namespace sleight {

// resnet18, 34, 50, 101, 152 and cifar_resnet20, 32, 44, 56, 110 in all their versions.
std::vector<ClassifierModel> resnet_classifiers();
// darknet53 and darknet_small.
std::vector<ClassifierModel> darknet_classifiers();

// Every classifier, in the order in which help texts list them. Sizes other than their own, not square ones too, work:
// a global pool ends each.
std::span<const ClassifierModel> classifiers();
std::vector<std::string> classifier_names();

// Throws Error that suggests the nearest name and lists all of them.
const ClassifierModel& find_classifier(std::string_view name);

}  // namespace sleight
