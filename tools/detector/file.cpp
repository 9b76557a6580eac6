#include "tools/detector/file.h"

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/run/detector/normalization.h"
#include "engine/run/detector/options.h"
#include "models/detector.h"

namespace sleight {

DetectorDescription detector_in(const std::filesystem::path& path, const SafetensorsMetadata& metadata) {
  const std::string family = detector_family_in(metadata);
  check(
      metadata.contains("model") && !family.empty(), path.string(),
      " does not say which detector it holds; it must be best.safetensors or last.safetensors of train_detector, or a "
      "file of convert_weights");
  const DetectorModel& model = with_context(path.string(), [&]() -> const DetectorModel& {
    find_detector_family(family);
    return find_detector(metadata.at("model"));
  });
  check(model.family == family, path.string(), ": its description of the detector is damaged (", model.name,
        " is not of the family ", family, "); train it again");
  return detector_description_in(path, metadata, model, default_configuration(model));
}

void DetectorWeights::declare(OptionList& options) {
  options.add("weights", path, "best.safetensors of a run, or darknet's .weights").unit("FILE").required();
  options.add("model", model, "For darknet's files: which detector they hold").unit("MODEL");
  options.add("classes", classes, "For darknet's files: a file with one class name per line").unit("FILE");
  options.add("image-size", image_size, "Side of the network's images; 0: that of the training")
      .unit("PIXELS")
      .range(0, 4096);
}

DetectorDescription DetectorWeights::describe() const {
  DetectorDescription description =
      std::filesystem::path(path).extension() == ".safetensors" ? describe_own() : describe_darknet();
  if (image_size > 0) {
    check_image_size(*description.model, image_size, "--image-size");
    description.image_size = image_size;
  }
  return description;
}

DetectorDescription DetectorWeights::describe_own() const {
  DetectorDescription description = detector_in(path, SafetensorsFile(path).metadata());
  check(model.empty() || model == description.model->name, path, " holds a ", description.model->name, ", not a ",
        model);
  if (!classes.empty()) {
    const std::vector<std::string> names = read_class_names(classes);
    check(names.size() == description.class_names.size(), path, " knows ",
          count_of(std::ssize(description.class_names), "class", "classes"), ", but ", classes, " names ",
          names.size());
    description.class_names = names;
  }
  return description;
}

DetectorDescription DetectorWeights::describe_darknet() const {
  check(!model.empty() && !classes.empty(), path,
        " is not safetensors, so it must be darknet's, which names neither the network nor its classes; give --model "
        "and --classes");
  const DetectorModel& found = find_detector(model);
  return {.model = &found,
          .configuration = default_configuration(found),
          .class_names = read_class_names(classes),
          .image_size = found.image_size,
          .letterbox = true,  // darknet's own evaluation
          .normalization = darknet_normalization};
}

}  // namespace sleight
