#include "models/classifier.h"

#include "models/nearest_name.h"

namespace sleight {

namespace {

std::vector<ClassifierModel> all_classifiers() {
  // clang-format off
  const auto families = {
      resnet_classifiers,
      darknet_classifiers,
  };
  // clang-format on
  std::vector<ClassifierModel> models;
  for (const auto family : families) {
    for (ClassifierModel& model : family())
      models.push_back(std::move(model));
  }
  return models;
}

}  // namespace

std::span<const ClassifierModel> classifiers() {
  static const std::vector<ClassifierModel> models = all_classifiers();
  return models;
}

std::vector<std::string> classifier_names() {
  std::vector<std::string> names;
  for (const ClassifierModel& model : classifiers())
    names.push_back(model.name);
  return names;
}

const ClassifierModel& find_classifier(std::string_view name) {
  return classifiers()[position_of_name("classifier", name, classifier_names())];
}

}  // namespace sleight
