// Any bytes as the batch that a failed training left: read or refused with an Error. What is read holds no number that
// points outside of a table, and no more than the file has bytes for.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "engine/base/error.h"
#include "engine/run/failed_batch.h"
#include "engine/run/training_entry.h"

namespace {

using namespace sleight;

constexpr std::int64_t classes = 3;

// The inputs of a classifier's program with mixup, or of a detector's: as both are traced for this batch.
Program program_for(const SafetensorsContent& file, const BatchShape& shape) {
  const std::int64_t n = shape.size;
  Program program;
  const auto add = [&](const char* name, Shape extents, DataType type) {
    program.values.push_back({name, {std::move(extents), type}, Storage::input});
  };
  add("images", {n, shape.height, shape.width, 3}, DataType::uint8);
  add("flips", {n}, DataType::int32);
  if (file.find("object_classes") != nullptr) {
    const std::int64_t m = maximum_objects_in(file, n);
    add("object_boxes", {n, m, 4}, DataType::float32);
    add("object_classes", {n, m}, DataType::int32);
    add("object_weights", {n, m}, DataType::float32);
  } else {
    for (const char* name : {"labels", "partners", "partner_labels", "ranked_labels"})
      add(name, {n}, DataType::int32);
    add("lambdas", {n}, DataType::float32);
  }
  return program;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const SafetensorsContent file({reinterpret_cast<const std::byte*>(data), size}, "input");
    if (training_count("input", file.metadata(), "step") < 0) std::abort();
    training_entry("input", file.metadata(), "observed");
    const BatchShape shape = batch_shape_in(file);
    check_indices(file, shape.size, classes);
    const Program program = program_for(file, shape);
    for (const Value& value : program.values)
      if (static_cast<std::size_t>(value.type.count()) > size) std::abort();
    const BatchInputs inputs = inputs_in(file, shape, program);
    if (inputs.values.size() != program.values.size()) std::abort();
    for (std::size_t value = 0; value < inputs.values.size(); ++value) {
      const StagedInput& input = inputs.values[value];
      const ValueType& type = program.values[value].type;
      if (input.bytes.size() != static_cast<std::size_t>(type.bytes())) std::abort();
      if (type.element != DataType::int32) continue;
      const std::int64_t end = input.name == "partners" ? shape.size : classes;
      for (std::size_t i = 0; i < input.bytes.size(); i += sizeof(std::int32_t)) {
        std::int32_t number = 0;
        std::memcpy(&number, input.bytes.data() + i, sizeof number);
        if (number < (input.name == "object_classes" ? -1 : 0) || number >= end) std::abort();
      }
    }
  } catch (const Error&) {
  }
  return 0;
}
