// Images have three channels, and tensor cores read eight numbers of 16 bits at a time. A library that is given three
// makes a copy with eight before it multiplies, in each direction. The step that prepares the images can write eight
// at once:
//
//   convolution(prepare(3), w)                  ->  convolution(prepare(8), resize(w, 8))
//   convolution_backward_weights(prepare(3), g) ->  resize(convolution_backward_weights(prepare(8), g), 3)
//
// The new channels are zero on both sides of every product, so they add nothing to a sum.
#include "engine/ops/pad_image_channels.h"

#include <algorithm>

#include "engine/ops/ops.h"
#include "engine/program/fuse.h"

namespace sleight {

namespace {

constexpr std::int64_t image_channels = 3;
constexpr std::int64_t padded_channels = 8;

bool is_convolution(const Step& step) {
  return step.operation == &operations::convolution || step.operation == &operations::convolution_with_statistics;
}

// Whether only this convolution reads the weights before they are updated. (Others would read them, and add their
// gradient to this one, in the layout of a convolution, which resize_channels does not speak.)
bool has_weights_alone(const Program& program, const Uses& uses, std::size_t convolution) {
  return std::ranges::all_of(uses.readers(program.steps[convolution].inputs[1]), [&](std::int32_t reader) {
    return static_cast<std::size_t>(reader) == convolution || program.steps[reader].phase == Phase::update;
  });
}

// The steps that read the images, when all are convolutions or their gradients by the weights; else none.
std::vector<std::int32_t> find_first_layer(const Program& program, std::size_t index) {
  const ValueId images = program.steps[index].outputs[0];
  if (program.value(images).type.shape.back() != image_channels) return {};
  if (program.is_result(images)) return {};
  const Uses uses(program);
  const std::vector<std::int32_t>& readers = uses.readers(images);
  for (const std::int32_t i : readers) {
    const Step& reader = program.steps[i];
    const bool gains = (is_convolution(reader) && has_weights_alone(program, uses, static_cast<std::size_t>(i))) ||
                       reader.operation == &operations::convolution_backward_weights;
    if (!gains || reader.inputs[0] != images || reader.inputs[1] == images) return {};
  }
  return readers;
}

// A value like this one, with other channels.
ValueId add_resized(Program& program, ValueId like, std::int64_t channels) {
  Value value{.name = {}, .type = program.value(like).type, .storage = Storage::arena};
  value.type.shape.back() = channels;
  return program.add_value(std::move(value));
}

void insert_resize(Program& program, std::size_t index, const Step& beside, ValueId from, ValueId to) {
  const std::int64_t channels = program.value(to).type.shape.back();
  program.steps.insert(program.steps.begin() + static_cast<std::ptrdiff_t>(index),
                       Step{.operation = &operations::resize_channels,
                            .attributes = {{"channels", channels}},
                            .inputs = {from},
                            .outputs = {to},
                            .name = beside.name,
                            .phase = beside.phase});
}

bool pad_channels(Program& program, std::size_t index) {
  std::vector<std::int32_t> readers = find_first_layer(program, index);
  if (readers.empty()) return false;
  program.steps[index].attributes.set("channels", padded_channels);
  program.value(program.steps[index].outputs[0]).type.shape.back() = padded_channels;
  // The last first, so that the places of the others stay what they are.
  std::reverse(readers.begin(), readers.end());
  for (const std::int32_t i : readers) {
    const auto place = static_cast<std::size_t>(i);
    const Step reader = program.steps[place];
    if (is_convolution(reader)) {
      const ValueId weights = add_resized(program, reader.inputs[1], padded_channels);
      program.steps[place].inputs[1] = weights;
      insert_resize(program, place, reader, reader.inputs[1], weights);
    } else {
      const ValueId gradient = add_resized(program, reader.outputs[0], padded_channels);
      program.steps[place].outputs[0] = gradient;
      insert_resize(program, place + 1, reader, gradient, reader.outputs[0]);
    }
  }
  return true;
}

bool padding_offered(const Program& program, std::size_t index, const Device& device) {
  const DataType element = program.value(program.steps[index].outputs[0]).type.element;
  return device.prefers_padded_channels(element);
}

ValueId example_convolution(Tracer& trace, ValueId images) {
  const ValueId weights =
      trace.parameter("weight", {16, 3, 3, image_channels}, ParameterRole::weight, Initializer::he_normal_fan_in);
  return ops::convolution(trace, images, weights, 2, 1);
}

constexpr ops::Normalization example_normalization = {.mean = {1.0, 0.5, 2.0}, .deviation = {2.0, 4.0, 0.5}};

ValueId example_prepare(Tracer& trace) {
  const ValueId images = trace.input("images", {3, 7, 5, 3}, DataType::uint8);
  return example_convolution(trace,
                             ops::image_prepare(trace, images, no_value, no_value, no_value, example_normalization));
}

ValueId example_prepare_resident(Tracer& trace) {
  const ops::ResidentBatch batch = {.images = trace.input("resident", {3, 6, 7, 3}, DataType::uint8),
                                    .indices = trace.input("indices", {4}, DataType::int32),
                                    .windows = trace.input("windows", {4, 2}, DataType::int32),
                                    .flips = no_value};
  return example_convolution(trace, ops::image_prepare_resident(trace, batch, 5, 4, example_normalization));
}

constexpr std::string_view name = "first convolution on eight channels";
constexpr FusionRule rules[] = {{name, pad_channels, example_prepare, padding_offered}};
constexpr FusionRule resident_rules[] = {{name, pad_channels, example_prepare_resident, padding_offered}};

}  // namespace

std::span<const FusionRule> image_prepare_rules() {
  return rules;
}
std::span<const FusionRule> image_prepare_resident_rules() {
  return resident_rules;
}

}  // namespace sleight
