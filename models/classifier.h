// The classifiers that can be requested by name.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/train/classifier_model.h"

namespace sleight {

// Every classifier, in the order in which help texts list them. Sizes other than their own, not square ones too, work:
// a global pool ends each.
std::span<const ClassifierModel> classifiers();
std::vector<std::string> classifier_names();

// Throws Error that suggests the nearest name and lists all of them.
const ClassifierModel& find_classifier(std::string_view name);

}  // namespace sleight
