#include "tools/classifier/file.h"

#include "engine/base/error.h"
#include "engine/run/classifier/last_layer.h"
#include "models/classifier.h"

namespace sleight {

ClassifierDescription describe_weights(const std::filesystem::path& path, const std::string& model,
                                       std::int64_t image_size, EvaluationCropOptions crop) {
  const SafetensorsFile file(path);
  check(!file.metadata().contains("family"), path.string(),
        " holds a detector; detect and evaluate_detector read it, or give weights of train_classifier");
  ClassifierDescription description;
  if (file.metadata().contains("class_names")) {
    description = classifier_description_in(path, file.metadata());
    check(model.empty() || find_classifier(model).name == find_classifier(description.model).name, path.string(),
          " holds a ", description.model, ", not a ", model);
  } else {
    check(!model.empty(), path.string(), " does not say which classifier it holds; name it with --model");
    description.model = model;
    description.names_classes = false;
    const ClassifierModel& found = find_classifier(model);
    const std::optional<std::int64_t> classes = classes_in(file, found);
    check(classes.has_value(), path.string(), " has no '", layer_names(found).last.front(), "', the last layer of ",
          found.name, ", to count its classes by; check that the file belongs to this model");
    for (std::int64_t i = 0; i < *classes; ++i)
      description.class_names.push_back("class " + std::to_string(i));
    description.image_size = found.image_size;
  }
  description.evaluation = crop.resolve(evaluation_recipe_of(description, find_classifier(description.model)));
  if (image_size > 0) description.image_size = image_size;
  return description;
}

}  // namespace sleight
