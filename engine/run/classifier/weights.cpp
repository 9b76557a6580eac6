#include "engine/run/classifier/weights.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/data/classifier/class_order.h"
#include "engine/run/classifier/description.h"
#include "engine/run/classifier/last_layer.h"

namespace sleight {

namespace {

// positions: of each class among the rows as they are.
void reorder_rows(PersistentStore& store, const std::string& name, std::span<const std::int32_t> positions) {
  const std::vector<std::byte> before = store.read(name);
  const std::size_t row_bytes = before.size() / positions.size();
  std::vector<std::byte> after;
  after.reserve(before.size());
  for (const std::int32_t position : positions) {
    const auto row = before.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(position) * row_bytes);
    after.insert(after.end(), row, row + static_cast<std::ptrdiff_t>(row_bytes));
  }
  store.write(name, after);
}

// Some networks differ in nothing that a file of weights shows: resnet50_v1 and _v1b have their strides in other places.
void warn_of_other_model(const ClassifierModel& model, const std::string& weights) {
  const SafetensorsMetadata metadata = SafetensorsFile(weights).metadata();
  const auto found = metadata.find("model");
  if (found == metadata.end() || found->second == model.name) return;
  log_warning(weights, " was trained as ", found->second, ", and this is ", model.name,
              ": all its tensors fit, but the two may compute different things from them");
}

void follow_class_names(const ClassifierModel& model, const std::vector<std::string>& class_names,
                        const std::string& weights, const SafetensorsMetadata& metadata, PersistentStore& store) {
  if (!metadata.contains("class_names") || !metadata.contains("model")) return;  // of another program
  const std::vector<std::string> names = classifier_description_in(weights, metadata).class_names;
  if (names == class_names) return;
  const auto positions = positions_in(names, class_names);
  if (!positions) {
    log_warning("the last layer of ", weights,
                " was trained on other classes: ", differing_classes("the dataset", class_names, weights, names),
                ". If these are not the same things renamed, --backbone-weights ", weights,
                " starts the last layer anew");
    return;
  }
  for (const std::string& name : layer_names(model).last)
    reorder_rows(store, name, *positions);
  log_info("the classes of ", weights, " are in another order; the rows of the last layer were put into this one");
}

}  // namespace

void load_classifier_weights(const ClassifierModel& model, const std::vector<std::string>& class_names,
                             const std::string& weights, const std::string& backbone, PersistentStore& store) {
  if (!weights.empty()) {
    const SafetensorsFile file(weights);
    const std::optional<std::int64_t> classes = classes_in(file, model);
    check(!classes || *classes == std::ssize(class_names), weights, " was trained on ",
          count_of(classes.value_or(0), "class", "classes"), ", but the dataset has ", class_names.size(),
          "; --backbone-weights ", weights, " takes all of it but the last layer, which starts anew");
    load_weights(weights, store);
    warn_of_other_model(model, weights);
    log_info("started from ", weights);
    follow_class_names(model, class_names, weights, file.metadata(), store);
  }
  if (!backbone.empty()) {
    const LayerNames names = layer_names(model);
    load_weights(backbone, store, names.rest);
    warn_of_other_model(model, backbone);
    log_info("started from ", backbone, ", all ", count_of(std::ssize(names.rest), "tensor"),
             " but those of the last layer (", joined(names.last), "), which starts anew");
  }
}

}  // namespace sleight
