#include "models/detector.h"

#include <algorithm>

#include "engine/base/error.h"
#include "models/nearest_name.h"
#include "models/yolov3_family.h"

namespace sleight {

namespace {

using Families = std::vector<std::unique_ptr<const DetectorFamily>>;

bool has_model(const Families& families, const std::string& name) {
  return std::ranges::any_of(families, [&](const auto& family) {
    return std::ranges::find(family->models, name, &DetectorModel::name) != family->models.end();
  });
}

void add(Families& families, DetectorFamily family) {
  check(std::ranges::find(families, family.name, [](const auto& other) { return other->name; }) == families.end(),
        "there are two families of detectors called '", family.name, "'");
  for (DetectorModel& model : family.models) {
    check(!has_model(families, model.name), "there are two detectors called '", model.name, "'");
    check(model.size_multiple >= 1 && model.image_size >= 1 && model.image_size % model.size_multiple == 0,
          "the detector '", model.name, "' is made for images of ", model.image_size,
          " pixels, which is no multiple of ", model.size_multiple);
    model.family = family.name;
  }
  families.push_back(std::make_unique<const DetectorFamily>(std::move(family)));
}

// The product's families, one line each.
Families own_families() {
  Families families;
  add(families, yolov3_family());
  return families;
}

Families& families() {
  static Families all = own_families();
  return all;
}

}  // namespace

RegisteredDetectorFamily::RegisteredDetectorFamily(DetectorFamily family) : name_(family.name) {
  add(families(), std::move(family));
}

RegisteredDetectorFamily::~RegisteredDetectorFamily() {
  std::erase_if(families(), [&](const auto& family) { return family->name == name_; });
}

std::vector<const DetectorFamily*> detector_families() {
  std::vector<const DetectorFamily*> all;
  for (const auto& family : families())
    all.push_back(family.get());
  return all;
}

std::vector<const DetectorModel*> detectors() {
  std::vector<const DetectorModel*> all;
  for (const auto& family : families()) {
    for (const DetectorModel& model : family->models)
      all.push_back(&model);
  }
  return all;
}

std::vector<std::string> detector_names() {
  std::vector<std::string> names;
  for (const DetectorModel* model : detectors())
    names.push_back(model->name);
  return names;
}

const DetectorModel& find_detector(std::string_view name) {
  return *detectors()[position_of_name("detector", name, detector_names())];
}

const DetectorFamily& find_detector_family(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& family : families())
    names.push_back(family->name);
  return *families()[position_of_name("family of detectors", name, names)];
}

std::string detector_family_in(const DetectorConfiguration::Metadata& metadata) {
  if (const auto named = metadata.find("family"); named != metadata.end()) return named->second;
  for (const auto& family : families()) {
    if (!family->former_key.empty() && metadata.contains(family->former_key)) return family->name;
  }
  return "";
}

Copied<DetectorConfiguration> default_configuration(const DetectorModel& model) {
  Copied<DetectorConfiguration> configuration(find_detector_family(model.family).configuration());
  configuration->resolve(model);
  return configuration;
}

}  // namespace sleight
