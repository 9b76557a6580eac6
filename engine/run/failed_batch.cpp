#include "engine/run/failed_batch.h"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/error.h"
#include "engine/train/detector_program.h"

namespace sleight {

namespace {

void check_range(const SafetensorsEntry& entry, std::int64_t first, std::int64_t end) {
  std::vector<std::int32_t> values(entry.bytes.size() / sizeof(std::int32_t));
  copy_values(entry, std::span(values));
  for (const std::int32_t value : values)
    check(value >= first && value < end, "'", entry.name, "' holds ", value, ", which is not in ", first, " .. ",
          end - 1);
}

}  // namespace

BatchShape batch_shape_in(const SafetensorsContent& file) {
  const std::vector<std::int64_t>& shape = file.at(failed_batch_tensors::images).shape;
  check(shape.size() == 4 && shape[0] > 0 && shape[1] > 0 && shape[2] > 0 && shape[3] == 3,
        "'images' must be images [N, H, W, 3]");
  return {shape[0], shape[1], shape[2]};
}

std::int64_t maximum_objects_in(const SafetensorsContent& file, std::int64_t images) {
  const std::vector<std::int64_t>& shape = file.at(detector_value_names::object_classes).shape;
  // Of no images, M could be any number: nothing in the file would have to be that long.
  check(shape.size() == 2 && shape[0] == images && shape[1] >= 1, "'", detector_value_names::object_classes,
        "' must be [N, M], N as in 'images'");
  return shape[1];
}

void check_indices(const SafetensorsContent& file, std::int64_t images, std::int64_t classes) {
  for (const SafetensorsEntry& entry : file.tensors()) {
    if (entry.name == "labels" || entry.name == "partner_labels" || entry.name == "ranked_labels")
      check_range(entry, 0, classes);
    if (entry.name == "object_classes") check_range(entry, -1, classes);
    if (entry.name == "flips") check_range(entry, 0, 2);
    if (entry.name == "partners") check_range(entry, 0, images);
  }
}

BatchInputs inputs_in(const SafetensorsContent& file, const BatchShape& shape, const Program& program) {
  BatchInputs inputs{.shape = shape, .values = {}, .owner = nullptr};
  const auto memory = std::make_shared<std::vector<std::vector<std::byte>>>();
  for (const Value& value : program.values) {
    if (value.storage != Storage::input) continue;
    const SafetensorsEntry& entry = file.at(value.name);
    check(entry.type == value.type.element && Shape(entry.shape) == value.type.shape, "'", entry.name,
          "' does not have the type and the shape that the program of the run takes");
    // A tensor in a file may be unaligned.
    memory->emplace_back(entry.bytes.begin(), entry.bytes.end());
    inputs.values.push_back({value.name, memory->back(), false});
  }
  inputs.owner = memory;
  return inputs;
}

}  // namespace sleight
