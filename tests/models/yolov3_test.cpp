// DarkNet and YOLOv3: parameters against darknet's own list of layers, shapes, errors, and what fusion leaves over.
#include "models/yolov3.h"

#include <map>

#include "catch2_adapter.h"
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

TEST_CASE("yolov3: every parameter starts as darknet starts it") {
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
        CHECK(parameter.initializer == Initializer::zeros);
        break;
      default:
        CHECK(parameter.initializer == (name.ends_with("running_var") ? Initializer::ones : Initializer::zeros));
    }
    const bool ends_block = contains(name, ".blocks.") && name.ends_with(".conv2.bn.weight");
    CHECK(parameter.ends_residual_branch == ends_block);
  }
  CHECK(predicting == 3);
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
  const ValueId pictures = trace.input("pictures", {1, 64, 64, 3}, DataType::float32);
  const Yolov3 shallow{.backbone = {.stem_channels = 8, .stages = {{16, 1}, {32, 1}, {64, 1}}}, .head_pairs = 1};
  CHECK(contains(error_message([&] { yolov3(trace, pictures, 3, shallow); }), "5 stages"));
  const Yolov3 headless{.backbone = darknet_small(), .head_pairs = 0};
  CHECK(contains(error_message([&] { yolov3(trace, pictures, 3, headless); }), "at least one pair"));
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
