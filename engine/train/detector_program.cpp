#include "engine/train/detector_program.h"

#include <algorithm>
#include <set>

#include "engine/base/error.h"

namespace sleight {

namespace names = detector_value_names;

namespace {

void check_options(const DetectorProgramOptions& options) {
  check(options.batch_size >= 1 && options.height >= 1 && options.width >= 1 && options.classes >= 1,
        "a detector needs a batch of at least 1 image, sides of at least 1 pixel and at least 1 class, got batch ",
        options.batch_size, ", ", options.height, "x", options.width, " and ", options.classes, " classes");
}

bool is_part_name(const std::string& name) {
  // "scale" would be logged where float16's loss scale is.
  return !name.empty() && name != "scale" && std::ranges::all_of(name, [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_';
  });
}

void trace_loss_parts(Tracer& trace, const DetectorLoss& loss) {
  check(loss.total != no_value && trace.type(loss.total).count() == 1,
        "the loss of a detector must be one number for the whole batch");
  std::set<std::string> taken;
  for (const LossParts& parts : loss.parts) {
    check(trace.type(parts.value).count() == std::ssize(parts.names), "a detector names ", parts.names.size(),
          " parts of its loss in ", to_string(trace.type(parts.value)));
    std::string result = names::loss_parts;
    for (const std::string& name : parts.names) {
      check(is_part_name(name) && taken.insert(name).second, "a part of a detector's loss cannot be called '", name,
            "': take lower case, digits and underscores, each name once and not 'scale'");
      if (&name != &parts.names.front()) result += ',';
      result += name;
    }
    trace.result(parts.value, result);
  }
}

}  // namespace

Program detector_training_program(const DetectorFunction& model, const DetectorProgramOptions& options) {
  check_options(options);
  const std::int64_t n = options.batch_size;
  const std::int64_t m = options.maximum_objects;
  check(m >= 1, "a detector's batch needs room for at least 1 object in an image, got ", m);
  Tracer trace(Mode::training, options.element);
  const ValueId bytes = trace.input(names::images, {n, options.height, options.width, 3}, DataType::uint8);
  const ValueId flips = trace.input(names::flips, {n}, DataType::int32);
  const DetectorTargets targets{.boxes = trace.input(names::object_boxes, {n, m, 4}, DataType::float32),
                                .classes = trace.input(names::object_classes, {n, m}, DataType::int32),
                                .weights = trace.input(names::object_weights, {n, m}, DataType::float32)};
  const ValueId images = ops::image_prepare(trace, bytes, flips, no_value, no_value, options.normalization);
  const DetectorLoss loss = model(trace, images, options.classes)->loss(trace, targets, options.loss);
  trace_loss_parts(trace, loss);
  trace_update(trace, loss.total, options.element, options.update);
  return std::move(trace.program());
}

Program detector_evaluation_program(const DetectorFunction& model, const DetectorProgramOptions& options) {
  check_options(options);
  Tracer trace(Mode::inference, options.element);
  const ValueId bytes =
      trace.input(names::images, {options.batch_size, options.height, options.width, 3}, DataType::uint8);
  const ValueId images = ops::image_prepare(trace, bytes, no_value, no_value, no_value, options.normalization);
  const ops::ScoredBoxes boxes = model(trace, images, options.classes)->decode(trace);
  const ops::Detections found = ops::non_maximum_suppression(trace, boxes, options.detections);
  trace.result(found.rows, names::detections);
  trace.result(found.counts, names::detection_counts);
  return std::move(trace.program());
}

}  // namespace sleight
