#include "tools/classifier/file.h"

#include "engine/base/error.h"
#include "models/classifier.h"

namespace sleight {

ClassifierDescription describe_weights(const std::filesystem::path& path, const std::string& model,
                                       std::int64_t image_size) {
  const SafetensorsFile file(path);
  ClassifierDescription description;
  if (file.metadata().contains("class_names")) {
    description = classifier_description_in(path, file.metadata());
    check(model.empty() || find_classifier(model).name == find_classifier(description.model).name, path.string(),
          " holds a ", description.model, ", not a ", model);
  } else {
    check(!model.empty(), path.string(), " does not say which classifier it holds; name it with --model");
    description.model = model;
    const SafetensorsEntry& last = file.at("fc.weight");
    check(last.shape.size() == 2, path.string(), ": 'fc.weight' must have two extents, classes and features");
    for (std::int64_t i = 0; i < last.shape[0]; ++i)
      description.class_names.push_back("class " + std::to_string(i));
    description.image_size = find_classifier(model).image_size;
  }
  if (image_size > 0) description.image_size = image_size;
  return description;
}

}  // namespace sleight
