// What the traced programs look like: shapes at any image size, where the strides are, what fusion leaves over, and
// that every parameter gets a gradient.
#include <map>

#include "catch2_adapter.h"
#include "engine/program/fuse.h"
#include "models/resnet.h"
#include "tests/base/error_message.h"
#include "tests/models/traced_network.h"

namespace sleight::test {

namespace {

std::map<std::string, int> count_operations(const Program& program) {
  std::map<std::string, int> counts;
  for (const Step& step : program.steps)
    ++counts[std::string(step.operation->name)];
  return counts;
}

// The output of the step of this operation and layer.
Shape output_shape(const Program& program, const Operation& operation, const std::string& layer) {
  for (const Step& step : program.steps) {
    if (step.operation == &operation && step.name == layer) return program.value(step.outputs[0]).type.shape;
  }
  FAIL("no step " << operation.name << " '" << layer << "'");
  return {};
}

}  // namespace

TEST_CASE("resnet: logits have one row per image at any image size") {
  const std::vector<ImageBatch> sizes = {{1, 224, 224}, {3, 33, 57}, {2, 17, 64}, {1, 31, 19}, {2, 288, 255}};
  for (const ClassifierModel& model : classifiers()) {
    // The deepest add nothing here but time.
    if (model.name.find("152") != std::string::npos || model.name.find("110") != std::string::npos) continue;
    CAPTURE(model.name);
    for (const ImageBatch& size : sizes) {
      const Tracer trace = trace_forward(model.name, size, 5, Mode::inference);
      Tracer copy = trace;
      CHECK(copy.shape(copy.program().find("logits")) == Shape{size.count, 5});
    }
  }
}

TEST_CASE("resnet: the last feature map has ceil(side / 32) pixels, for the small networks ceil(side / 4)") {
  const ImageBatch size{1, 225, 193};
  for (const std::string version : {"", "_v1", "_v1c", "_v1d"}) {
    CAPTURE(version);
    CHECK(output_shape(trace_forward("resnet50" + version, size, 5, Mode::inference).program(), operations::convolution,
                       "layer4.2.conv3") == Shape{1, 8, 7, 2048});
  }
  CHECK(output_shape(trace_forward("resnet34_v2", size, 5, Mode::inference).program(), operations::convolution,
                     "layer4.2.conv2") == Shape{1, 8, 7, 512});
  CHECK(output_shape(trace_forward("cifar_resnet20", {1, 33, 30}, 5, Mode::inference).program(),
                     operations::convolution, "layer3.2.conv2") == Shape{1, 9, 8, 64});
}

TEST_CASE("resnet: images of one pixel work, and v1d says where its pool has nothing left") {
  const auto trace = [](const std::string& model, std::int64_t side) {
    trace_forward(model, {1, side, side}, 5, Mode::inference);
  };
  for (const std::string model : {"resnet18", "resnet50_v1", "resnet50_v1c", "resnet50_v2", "cifar_resnet20"}) {
    CHECK(error_message([&] { trace(model, 1); }) == "");
  }
  CHECK(error_message([&] { trace("resnet50_v1d", 17); }) == "");
  CHECK(contains(error_message([&] { trace("resnet50_v1d", 16); }), "average_pool 'layer4.0.downsample'"));
}

TEST_CASE("resnet: v1 strides in the first 1x1, v1b in the 3x3") {
  const auto shape = [](const std::string& model, const std::string& layer) {
    return output_shape(trace_forward(model, {1, 64, 64}, 5, Mode::inference).program(), operations::convolution,
                        layer);
  };
  for (const std::string later : {"resnet50", "resnet50_v1b", "resnet50_v1c", "resnet50_v1d", "resnet50_v2"}) {
    CAPTURE(later);
    CHECK(shape(later, "layer2.0.conv1") == Shape{1, 16, 16, 128});
    CHECK(shape(later, "layer2.0.conv2") == Shape{1, 8, 8, 128});
  }
  CHECK(shape("resnet50_v1", "layer2.0.conv1") == Shape{1, 8, 8, 128});
  CHECK(shape("resnet50_v1", "layer2.0.conv2") == Shape{1, 8, 8, 128});
}

TEST_CASE("resnet: only v1d pools its shortcuts, and only the striding ones") {
  CHECK(count_operations(trace_forward("resnet50_v1d", {1, 64, 64}, 5, Mode::inference).program())["average_pool"] ==
        3);
  CHECK(count_operations(trace_forward("resnet50_v1c", {1, 64, 64}, 5, Mode::inference).program())["average_pool"] ==
        0);
}

TEST_CASE("resnet: no classes, or a deep stem on small images, is an error") {
  CHECK(contains(error_message([] {
                   trace_forward("resnet18", {1, 32, 32}, 0, Mode::inference);
                 }),
                 "at least one class, got 0"));
  Tracer trace(Mode::inference);
  const ValueId images = trace.input("images", {1, 32, 32, 3}, DataType::float32);
  const Resnet deep{.version = ResnetVersion::v1d, .small_images = true, .blocks = {1}};
  CHECK(contains(error_message([&] { resnet(trace, images, 5, deep); }), "a stem for large images"));
}

TEST_CASE("resnet: every trainable parameter gets a gradient of its own shape") {
  for (const std::string model : {"resnet18", "resnet50_v1", "resnet50", "resnet50_v1d", "resnet18_v2", "resnet50_v2",
                                  "cifar_resnet20", "cifar_resnet20_v2"}) {
    CAPTURE(model);
    const Program program = trace_step(model, {2, 35, 41}, 5);
    for (const Parameter& parameter : program.parameters) {
      if (!parameter.trainable()) continue;
      const Value& value = program.value(parameter.value);
      const std::string name = "gradient of " + value.name;
      CAPTURE(name);
      REQUIRE(error_message([&] { program.find(name); }) == "");
      CHECK(program.value(program.find(name)).type.shape == value.type.shape);
    }
  }
}

TEST_CASE("resnet: fusion leaves no pass over memory that a batch norm could do") {
  // What stays. v1: where the stem's pool hands the gradient on there is no batch norm to add the two gradients of its
  // output. v2: the sum of a block feeds a convolution's batch norm and the next sum, so both have to be in memory.
  struct Case {
    std::string model;
    int forward_adds;
    int backward_adds;
  };
  for (const Case& c : {Case{"resnet18", 0, 1}, Case{"resnet50", 0, 1}, Case{"resnet50_v1", 0, 1},
                        Case{"resnet50_v1d", 0, 1}, Case{"cifar_resnet20", 0, 0}, Case{"resnet18_v2", 8, 5},
                        Case{"resnet50_v2", 16, 12}, Case{"cifar_resnet20_v2", 9, 7}}) {
    CAPTURE(c.model);
    Program program = trace_step(c.model, {2, 64, 64}, 5);
    const std::map<std::string, int> before = count_operations(program);
    REQUIRE(before.contains("activation"));
    REQUIRE(before.contains("activation_backward"));
    fuse(program);
    const std::map<std::string, int> after = count_operations(program);
    CHECK_FALSE(after.contains("activation"));
    CHECK_FALSE(after.contains("activation_backward"));
    int forward_adds = 0;
    int backward_adds = 0;
    for (const Step& step : program.steps) {
      if (step.operation != &operations::add) continue;
      ++(step.phase == Phase::forward ? forward_adds : backward_adds);
    }
    CHECK(forward_adds == c.forward_adds);
    CHECK(backward_adds == c.backward_adds);
    // Fusion removes only what it takes over.
    CHECK(after.at("batch_norm_apply") == before.at("batch_norm_apply"));
    CHECK(after.at("convolution_backward_weights") == before.at("convolution"));
  }
}

}  // namespace sleight::test
