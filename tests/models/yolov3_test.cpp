// DarkNet and YOLOv3: parameters against darknet's own list of layers, shapes, errors, and what fusion leaves over.
#include "models/yolov3.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/device/device.h"
#include "engine/program/fuse.h"
#include "engine/program/persistent_store.h"
#include "models/detector.h"
#include "models/yolov3_family.h"
#include "tests/base/error_message.h"
#include "tests/golden/golden.h"
#include "tests/models/darknet_table.h"
#include "tests/models/traced_detector.h"
#include "tests/models/traced_network.h"

namespace sleight::test {

namespace {

// Convolution weights in the order of the program, as checkpoints have them.
std::vector<std::pair<std::string, Shape>> weight_shapes(const Program& program) {
  std::vector<std::pair<std::string, Shape>> shapes;
  for (const Parameter& parameter : program.parameters) {
    const Value& value = program.value(parameter.value);
    if (parameter.role == ParameterRole::weight)
      shapes.emplace_back(value.name, PersistentStore::interface_shape(value.type));
  }
  return shapes;
}

std::map<std::string, int> count_operations(const Program& program) {
  std::map<std::string, int> counts;
  for (const Step& step : program.steps)
    ++counts[std::string(step.operation->name)];
  return counts;
}

// The objectness of a detector's places, and the largest of its other biases, before an image is seen.
struct FirstBiases {
  std::vector<double> objectness;
  double largest_other = 0.0;
};

FirstBiases first_biases(const Program& program, std::int64_t classes) {
  const Device cpu("cpu");
  PersistentStore store(cpu, 5);
  FirstBiases first;
  for (const Parameter& parameter : program.parameters) {
    const Value& value = program.value(parameter.value);
    if (parameter.role != ParameterRole::bias) continue;
    store.ensure(value.name, value.type, parameter);
    const std::vector<std::byte> bytes = store.read(value.name);
    std::vector<float> biases(bytes.size() / sizeof(float));
    std::memcpy(biases.data(), bytes.data(), bytes.size());
    REQUIRE(std::ssize(biases) == 3 * (5 + classes));
    for (std::int64_t i = 0; i < std::ssize(biases); ++i) {
      const double bias = static_cast<double>(biases[static_cast<std::size_t>(i)]);
      if (i % (5 + classes) == 4) {
        first.objectness.push_back(1.0 / (1.0 + std::exp(-bias)));
      } else {
        first.largest_other = std::max(first.largest_other, std::abs(bias));
      }
    }
  }
  return first;
}

}  // namespace

TEST_CASE("yolov3: darknet's list of layers sums up to the published counts") {
  std::int64_t parameters = 0, numbers = 0, backbone_parameters = 0, backbone_numbers = 0;
  for (std::size_t i = 0; i < std::size(yolov3_layers); ++i) {
    const DarknetLayer& layer = yolov3_layers[i];
    parameters += layer.parameters();
    numbers += layer.numbers();
    if (i < backbone_layers) {
      backbone_parameters += layer.parameters();
      backbone_numbers += layer.numbers();
    }
  }
  CHECK(std::size(yolov3_layers) == 75);
  CHECK(parameters == 61'949'149);
  CHECK(backbone_parameters + 1000 * 1024 + 1000 == 41'609'928);
  // The sizes of the files that darknet's author has published, with a header of 20 bytes.
  CHECK(20 + 4 * numbers == 248'007'048);           // yolov3.weights
  CHECK(20 + 4 * backbone_numbers == 162'482'580);  // darknet53.conv.74
}

TEST_CASE("yolov3: convolutions have darknet's shapes, strides and order") {
  const Program program = trace_detector("yolov3", {1, 64, 64}, 80, Mode::inference).program();
  const auto shapes = weight_shapes(program);
  REQUIRE(shapes.size() == std::size(yolov3_layers));
  std::size_t convolution = 0;
  for (const Step& step : program.steps) {
    if (step.operation != &operations::convolution) continue;
    const DarknetLayer& layer = yolov3_layers[convolution];
    CAPTURE(layer.index, step.name);
    // The steps run in the order in which the parameters are declared, so that files can be read without names.
    CHECK(program.value(step.inputs[1]).name == shapes[convolution].first);
    CHECK(shapes[convolution].second == Shape{layer.filters, layer.inputs, layer.size, layer.size});
    CHECK(step.attributes.integer("stride") == layer.stride);
    CHECK(step.attributes.integer("padding") == layer.size / 2);
    ++convolution;
  }
  CHECK(convolution == std::size(yolov3_layers));
  CHECK(find_detector("yolov3").darknet_backbone == static_cast<std::int64_t>(backbone_layers));
  CHECK(yolov3_darknet53().convolutions() == static_cast<std::int64_t>(std::size(yolov3_layers)));
  CHECK(trainable_numbers(program) == 61'949'149);
}

TEST_CASE("yolov3: parameter counts are those of the same networks in PyTorch") {
  int groups = 0;
  for (const auto& golden : golden_cases("darknet")) {
    if (golden.at("kind") != "counts") continue;
    ++groups;
    for (const auto& [name, count] : golden.at("classifiers").get<std::map<std::string, std::int64_t>>()) {
      CAPTURE(name);
      CHECK(trainable_numbers(trace_forward(name, {1, 33, 33}, 1000, Mode::training).program()) == count);
    }
    for (const auto& [name, count] : golden.at("detectors").get<std::map<std::string, std::int64_t>>()) {
      CAPTURE(name);
      CHECK(trainable_numbers(trace_detector(name, {1, 64, 64}, 80, Mode::training).program()) == count);
    }
  }
  CHECK(groups == 1);
  CHECK(trainable_numbers(trace_forward("darknet53", {1, 64, 64}, 1000, Mode::training).program()) == 41'609'928);
}

TEST_CASE("yolov3: predictions have a place per 8, 16 and 32 pixels and three anchors each") {
  for (const std::string& name : detector_names()) {
    for (const std::int64_t side : {32, 320, 416, 608}) {
      for (const std::int64_t classes : {1, 3, 11, 80}) {
        CAPTURE(name, side, classes);
        const std::int64_t width = side + 96;
        Tracer trace = trace_detector(name, {2, side, width}, classes, Mode::inference);
        for (const std::int64_t stride : {8, 16, 32}) {
          CHECK(trace.shape(trace.program().find("stride" + std::to_string(stride))) ==
                Shape{2, side / stride, width / stride, 3 * (5 + classes)});
        }
      }
    }
  }
}

TEST_CASE("yolov3: the backbone alone has the names and the order it has in the whole network") {
  for (const DetectorModel& model : yolov3_family().models) {
    CAPTURE(model.name);
    const Program whole = trace_detector(model.name, {1, 32, 32}, 4, Mode::training).program();
    const std::vector<std::string> names = backbone_parameter_names(model);
    REQUIRE(names.size() < whole.parameters.size());
    for (std::size_t i = 0; i < names.size(); ++i)
      CHECK(names[i] == whole.value(whole.parameters[i].value).name);
    // A weight and four vectors for each convolution.
    CHECK(names.size() == static_cast<std::size_t>(5 * model.darknet_backbone.value()));
    CHECK(whole.value(whole.parameters[names.size()].value).name == "heads.stride32.conv1.conv.weight");
  }
  // A classifier's weights can start a detector.
  const Program classifier = trace_forward("darknet53", {1, 32, 32}, 10, Mode::training).program();
  const std::vector<std::string> names = backbone_parameter_names(find_detector("yolov3"));
  for (std::size_t i = 0; i < names.size(); ++i)
    REQUIRE(names[i] == classifier.value(classifier.parameters[i].value).name);
}

TEST_CASE("yolov3: every parameter but the objectness starts as darknet starts it") {
  const Program program = trace_detector("yolov3_small", {1, 32, 32}, 4, Mode::training).program();
  int predicting = 0;
  for (const Parameter& parameter : program.parameters) {
    const std::string& name = program.value(parameter.value).name;
    CAPTURE(name);
    switch (parameter.role) {
      case ParameterRole::weight:
        CHECK(parameter.initializer == Initializer::he_normal_fan_in);
        break;
      case ParameterRole::norm_scale:
        CHECK(parameter.initializer == Initializer::ones);
        break;
      case ParameterRole::bias:
        ++predicting;
        CHECK(name.ends_with("prediction.bias"));
        CHECK(parameter.initializer == Initializer::repeated_values);
        break;
      default:
        CHECK(parameter.initializer == (name.ends_with("running_var") ? Initializer::ones : Initializer::zeros));
    }
    const bool ends_block = contains(name, ".blocks.") && name.ends_with(".conv2.bn.weight");
    CHECK(parameter.ends_residual_branch == ends_block);
  }
  CHECK(predicting == 3);
}

TEST_CASE("yolov3: a new head gives every place an objectness of 0.01, or what the network says") {
  const auto traced = [](const Yolov3& network, std::int64_t classes) {
    Tracer trace(Mode::training);
    yolov3(trace, trace.input("images", {1, 32, 32, 3}, DataType::float32), classes, network);
    return std::move(trace.program());
  };
  CHECK(yolov3_darknet_small().objectness_prior == 0.01);
  for (const std::int64_t classes : {1, 3, 20}) {
    for (const double prior : {0.01, 0.5, 0.2}) {
      CAPTURE(classes, prior);
      Yolov3 network = yolov3_darknet_small();
      network.objectness_prior = prior;
      const FirstBiases first = first_biases(traced(network, classes), classes);
      REQUIRE(first.objectness.size() == 9);
      for (const double objectness : first.objectness)
        CHECK(objectness == Approx(prior).epsilon(1e-6));
      CHECK(first.largest_other == 0.0);
    }
  }
  for (const double wrong : {0.0, 1.0, -0.1, std::nan("")}) {
    Yolov3 network = yolov3_darknet_small();
    network.objectness_prior = wrong;
    CHECK(contains(error_message([&] { traced(network, 2); }), "objectness prior"));
  }
}

TEST_CASE("yolov3: the anchors are the published ones") {
  const std::vector<BoxSize> anchors = default_configuration(find_detector("yolov3"))->anchors();
  const std::vector<std::pair<double, double>> published = {{10, 13},  {16, 30},  {33, 23},   {30, 61},  {62, 45},
                                                            {59, 119}, {116, 90}, {156, 198}, {373, 326}};
  REQUIRE(anchors.size() == published.size());
  for (std::size_t i = 0; i < published.size(); ++i) {
    CHECK(anchors[i].width == published[i].first);
    CHECK(anchors[i].height == published[i].second);
  }
}

TEST_CASE("yolov3: sizes that are not multiples of 32, no classes and unknown names are errors") {
  const auto message = [](std::int64_t height, std::int64_t width, std::int64_t classes) {
    return error_message([&] { trace_detector("yolov3_small", {1, height, width}, classes, Mode::inference); });
  };
  CHECK(message(32, 64, 1) == "");
  CHECK(contains(message(416, 400, 3), "multiples of 32"));
  CHECK(contains(message(400, 416, 3), "1x400x416x3"));
  CHECK(contains(message(64, 64, 0), "at least one class, got 0"));
  CHECK(contains(error_message([] { find_detector("yolo3"); }), "'yolo3'; did you mean 'yolov3'?"));
  Tracer trace(Mode::inference);
  const ValueId images = trace.input("images", {1, 64, 64, 3}, DataType::float32);
  const Yolov3 shallow{.backbone = {.stem_channels = 8, .stages = {{16, 1}, {32, 1}, {64, 1}}}, .head_pairs = 1};
  CHECK(contains(error_message([&] { yolov3(trace, images, 3, shallow); }), "5 stages"));
  const Yolov3 headless{.backbone = darknet_small(), .head_pairs = 0};
  CHECK(contains(error_message([&] { yolov3(trace, images, 3, headless); }), "at least one pair"));
}

TEST_CASE("yolov3: fusion leaves no activation alone, the sums of the residual blocks stay") {
  // A block's sum comes behind its activation, where no batch norm can take it: one add for each block forward.
  // Backward an add for each place where two gradients meet and the batch norm before it does not take it.
  struct Case {
    std::string model;
    int blocks;
    int convolutions;
  };
  for (const Case& c : {Case{"yolov3", 23, 75}, Case{"yolov3_small", 4, 25}}) {
    CAPTURE(c.model);
    Program program = trace_detector_step(c.model, {2, 64, 64}, 3);
    fuse(program);
    std::map<std::string, int> after = count_operations(program);
    CHECK(after["activation"] == 0);
    CHECK(after["activation_backward"] == 0);
    CHECK(after["batch_norm_apply"] == c.convolutions - 3);
    CHECK(after["bias"] == 3);
    CHECK(after["upsample_concatenate"] == 2 + 2);  // two are the test's own
    int forward_adds = 0;
    for (const Step& step : program.steps)
      forward_adds += step.operation == &operations::add && step.phase == Phase::forward;
    CHECK(forward_adds == c.blocks);
  }
}

}  // namespace sleight::test
