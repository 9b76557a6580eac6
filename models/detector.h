// The detectors that can be asked for by name. A family is its own files in models/ (yolov3_family.h) and one line in
// detector.cpp; the tools know none by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/train/detector_family.h"

namespace sleight {

// Offers a family beside the product's own as long as it lives, which must be longer than all use of its models. From
// one thread.
class RegisteredDetectorFamily {
 public:
  // Throws Error if the name of the family or of a model is taken.
  explicit RegisteredDetectorFamily(DetectorFamily family);
  ~RegisteredDetectorFamily();
  RegisteredDetectorFamily(const RegisteredDetectorFamily&) = delete;
  RegisteredDetectorFamily& operator=(const RegisteredDetectorFamily&) = delete;

 private:
  std::string name_;
};

// In the order in which help texts list them.
std::vector<const DetectorFamily*> detector_families();
std::vector<const DetectorModel*> detectors();
std::vector<std::string> detector_names();

// Throw Error that suggests the nearest name and lists all of them.
const DetectorModel& find_detector(std::string_view name);
const DetectorFamily& find_detector_family(std::string_view name);

// The family of weights with this metadata, named or older; "" for weights of no detector. A named family need not
// exist.
std::string detector_family_in(const DetectorConfiguration::Metadata& metadata);

// The model with its family's defaults, resolved.
Copied<DetectorConfiguration> default_configuration(const DetectorModel& model);

}  // namespace sleight
