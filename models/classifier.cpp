#include "models/classifier.h"

#include <algorithm>
#include <numeric>

#include "engine/base/error.h"
#include "models/resnet.h"

namespace sleight {

namespace {

// Insertions, deletions and replacements that turn one text into the other (Levenshtein 1966).
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::span<const ClassifierModel> classifiers() {
  static const std::vector<ClassifierModel> models = resnet_classifiers();
  return models;
}

std::vector<std::string> classifier_names() {
  std::vector<std::string> names;
  for (const ClassifierModel& model : classifiers())
    names.push_back(model.name);
  return names;
}

const ClassifierModel& find_classifier(std::string_view name) {
  const ClassifierModel* nearest = nullptr;
  std::size_t smallest = 0;
  std::string list;
  for (const ClassifierModel& model : classifiers()) {
    const std::size_t distance = edit_distance(name, model.name);
    if (distance == 0) return model;
    if (nearest == nullptr || distance < smallest) {
      nearest = &model;
      smallest = distance;
    }
    list += (list.empty() ? "" : ", ") + model.name;
  }
  fail("there is no classifier '", name, "'; did you mean '", nearest->name, "'? There are: ", list);
}

}  // namespace sleight
