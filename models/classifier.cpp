#include "models/classifier.h"

#include "models/darknet.h"
#include "models/nearest_name.h"
#include "models/resnet.h"

namespace sleight {

namespace {

std::vector<ClassifierModel> all_classifiers() {
  std::vector<ClassifierModel> models = resnet_classifiers();
  for (ClassifierModel& model : darknet_classifiers())
    models.push_back(std::move(model));
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
