#include "engine/run/classifier/last_layer.h"

#include "engine/base/error.h"
#include "engine/program/persistent_store.h"
#include "engine/program/trace.h"

namespace sleight {

Program traced_network(const ClassifierModel& model, std::int64_t classes) {
  Tracer trace(Mode::inference);
  model.trace(trace, trace.input("images", {1, model.image_size, model.image_size, 3}, DataType::float32), classes);
  return std::move(trace.program());
}

LayerNames layer_names(const ClassifierModel& model) {
  const Program two = traced_network(model, 2), three = traced_network(model, 3);
  check(two.parameters.size() == three.parameters.size(), "the parameters of ", model.name,
        " depend on the number of classes");
  LayerNames names;
  for (std::size_t i = 0; i < two.parameters.size(); ++i) {
    const Value& value = two.value(two.parameters[i].value);
    const Shape shape = PersistentStore::interface_shape(value.type);
    const bool follows = shape != PersistentStore::interface_shape(three.value(three.parameters[i].value).type);
    check(!follows || shape.front() == 2, "'", value.name, "' of ", model.name,
          " follows the number of classes, but not in its first extent");
    (follows ? names.last : names.rest).push_back(value.name);
  }
  check(!names.last.empty(), "no parameter of ", model.name, " follows the number of classes");
  return names;
}

std::optional<std::int64_t> classes_in(const SafetensorsFile& file, const ClassifierModel& model) {
  const SafetensorsEntry* const weight = file.find(layer_names(model).last.front());
  if (weight == nullptr || weight->shape.empty()) return std::nullopt;
  return weight->shape.front();
}

}  // namespace sleight
