#include "tests/fake_driver/convolutions_of_models.h"

#include <array>
#include <set>

#include "engine/ops/ops.h"
#include "engine/program/fuse.h"
#include "models/classifier.h"
#include "tools/models/model_program.h"

namespace sleight::tests {

namespace {

// The values of a step that are the images, or the gradient by them, the weights, or the gradient by them, and the
// output, or its gradient: numbers of inputs; `result` is the first output.
constexpr int result = -1;
struct Roles {
  const Operation* operation;
  ConvolutionGraph graph;
  int images, weights, output;
};

const std::array<Roles, 5>& roles_of_operations() {
  static const std::array<Roles, 5> roles = {
      {{&operations::convolution, ConvolutionGraph::forward, 0, 1, result},
       {&operations::convolution_backward_data, ConvolutionGraph::backward_data, result, 1, 0},
       {&operations::convolution_backward_weights, ConvolutionGraph::backward_weights, 0, result, 1},
       {&operations::convolution_with_statistics, ConvolutionGraph::forward_with_statistics, 0, 1, result},
       {&operations::convolution_normalized_backward_weights, ConvolutionGraph::normalized_backward_weights, 0, result,
        1}}};
  return roles;
}

// Channels last, whatever the machine that this runs on prefers.
kernels::ActivationView view_of_images(const Shape& shape) {
  return {shape[0], shape[1], shape[2], 1, shape[3]};
}

AskedConvolution asked_by(const Program& program, const Step& step, const Roles& roles) {
  const auto shape_of = [&](int role) {
    return program.value(role == result ? step.outputs[0] : step.inputs[static_cast<std::size_t>(role)]).type.shape;
  };
  const Shape weights = shape_of(roles.weights);
  AskedConvolution asked{.graph = roles.graph,
                         .shape = {.input = view_of_images(shape_of(roles.images)),
                                   .output = view_of_images(shape_of(roles.output)),
                                   .kernel_height = weights[1],
                                   .kernel_width = weights[2],
                                   .stride = step.attributes.integer("stride"),
                                   .padding = step.attributes.integer("padding"),
                                   .weight_layout = kernels::layout_ohwi(weights[3]),
                                   .type = program.value(step.inputs[0]).type.element}};
  // With a batch norm before it, whose numbers follow the images and the weights.
  if (asked.graph == ConvolutionGraph::forward_with_statistics && step.inputs[2] != no_value)
    asked.graph = ConvolutionGraph::normalized_forward_with_statistics;
  return asked;
}

std::int64_t batch_size_of(const std::string& model) {
  for (const ClassifierModel& classifier : classifiers()) {
    if (classifier.name == model) return classifier.family == ClassifierFamily::cifar ? 128 : 256;
  }
  return 64;
}

}  // namespace

const char* name_of(ConvolutionGraph graph) {
  switch (graph) {
    case ConvolutionGraph::forward:
      return "forward";
    case ConvolutionGraph::backward_data:
      return "backward data";
    case ConvolutionGraph::backward_weights:
      return "backward weights";
    case ConvolutionGraph::forward_with_statistics:
      return "forward with statistics";
    case ConvolutionGraph::normalized_forward_with_statistics:
      return "normalized forward with statistics";
    default:
      return "normalized backward weights";
  }
}

std::string to_string(const AskedConvolution& convolution) {
  return std::string(name_of(convolution.graph)) + " " + kernels::to_string(convolution.shape);
}

std::vector<AskedConvolution> convolutions_of(const std::vector<std::string>& models, DataType type) {
  std::vector<AskedConvolution> list;
  std::set<std::string> known;
  for (const std::string& model : models) {
    Program program = model_program({.model = model, .batch_size = batch_size_of(model), .element = type}).program;
    for (const bool fused : {false, true}) {
      if (fused) fuse(program, {.everything = true});
      for (const Step& step : program.steps) {
        for (const Roles& roles : roles_of_operations()) {
          if (step.operation != roles.operation) continue;
          const AskedConvolution asked = asked_by(program, step, roles);
          if (known.insert(to_string(asked)).second) list.push_back(asked);
        }
      }
    }
  }
  return list;
}

}  // namespace sleight::tests
