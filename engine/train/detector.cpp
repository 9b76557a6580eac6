#include "engine/train/detector.h"

#include <sstream>
#include <string_view>

#include "engine/base/error.h"

namespace sleight {

namespace names = detector_value_names;

namespace {

constexpr std::size_t row_length = 6;

// The network knows no more of an edge, and such edges come back bit for bit from a file that holds left, top, width
// and height in float64: what was measured here is what is measured from the file.
Box in_single_precision(const Box& box) {
  const auto rounded = [](double edge) { return static_cast<double>(static_cast<float>(edge)); };
  return {rounded(box.left), rounded(box.top), rounded(box.right), rounded(box.bottom)};
}

}  // namespace

std::vector<LossPart> loss_parts_of(const Executable& executable) {
  std::vector<LossPart> parts;
  const std::string_view prefix = names::loss_parts;
  const Program& program = executable.program();
  for (const ValueId id : program.results) {
    const std::string& name = program.value(id).name;
    if (!name.starts_with(prefix)) continue;
    std::istringstream part_names(name.substr(prefix.size()));
    for (const float value : executable.result<float>(name)) {
      LossPart& part = parts.emplace_back(LossPart{.name = {}, .value = static_cast<double>(value)});
      std::getline(part_names, part.name, ',');
    }
  }
  return parts;
}

void FoundObjects::append(std::int64_t i, const BoxTransform& transform, const ImageSize& size, std::int64_t image,
                          std::vector<Detection>& detections) const {
  const std::size_t most = rows.size() / (row_length * counts.size());
  const auto place = static_cast<std::size_t>(i);
  const Box whole{0.0, 0.0, static_cast<double>(size.width), static_cast<double>(size.height)};
  for (std::size_t k = 0; k < static_cast<std::size_t>(counts[place]); ++k) {
    const auto row = rows.subspan((place * most + k) * row_length, row_length);
    const auto number = [&](std::size_t column) { return static_cast<double>(row[column]); };
    const Box box =
        in_single_precision(intersection(transform.to_image({number(2), number(3), number(4), number(5)}), whole));
    if (box.area() > 0.0)
      detections.push_back(
          {.image = image, .class_index = static_cast<std::int32_t>(row[0]), .score = number(1), .box = box});
  }
}

Detector::Detector(Context& context, DetectorFunction model, DetectorProgramOptions options)
    : model_(std::move(model)),
      options_(std::move(options)),
      learner_(context, [this](ProgramUse use, const BatchShape& shape) {
        DetectorProgramOptions shaped = options_;
        shaped.batch_size = shape.size;
        shaped.height = shape.height;
        shaped.width = shape.width;
        return use == ProgramUse::training ? detector_training_program(model_, shaped)
                                           : detector_evaluation_program(model_, shaped);
      }) {}

BatchInputs Detector::training_inputs(const DetectorBatchView& batch, std::shared_ptr<const void> owner) {
  return {.shape = {batch.size, batch.height, batch.width},
          .values = {staged_input(names::images, batch.images, batch.images_pinned),
                     staged_input(names::flips, batch.flips), staged_input(names::object_boxes, batch.object_boxes),
                     staged_input(names::object_classes, batch.object_classes),
                     staged_input(names::object_weights, batch.object_weights)},
          .owner = std::move(owner)};
}

BatchInputs Detector::evaluation_inputs(const DetectorBatchView& batch, std::shared_ptr<const void> owner) {
  return {.shape = {batch.size, batch.height, batch.width},
          .values = {staged_input(names::images, batch.images, batch.images_pinned)},
          .owner = std::move(owner)};
}

FoundObjects Detector::found_by(const Executable& executable) {
  return {.rows = executable.result<float>(names::detections),
          .counts = executable.result<std::int32_t>(names::detection_counts)};
}

}  // namespace sleight
