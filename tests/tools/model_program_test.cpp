// Programs by the name of a model, and show_program, which shows them.
#include "tools/models/model_program.h"

#include <algorithm>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/train/classifier_program.h"
#include "engine/train/detector_program.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace {

bool has_step(const Program& program, const std::string& operation) {
  return std::any_of(program.steps.begin(), program.steps.end(),
                     [&](const Step& step) { return step.operation->name == operation; });
}

std::int64_t trainable_parameters(const Program& program) {
  std::int64_t count = 0;
  for (const Parameter& parameter : program.parameters)
    count += parameter.trainable() ? program.value(parameter.value).type.count() : 0;
  return count;
}

}  // namespace

TEST_CASE("every model's programs are found by its name, in its own size and for its own classes") {
  const std::vector<std::string> names = model_names();
  for (const char* name : {"resnet50", "cifar_resnet20", "darknet53", "yolov3", "yolov3_small"})
    CHECK(std::count(names.begin(), names.end(), name) == 1);

  struct Wanted {
    const char* name;
    std::int64_t size, classes;
    const char *last_of_training, *last_of_evaluation;
  };
  for (const Wanted& wanted :
       {Wanted{"cifar_resnet20", 32, 10, "sgd", "label_rank"}, Wanted{"resnet18", 224, 1000, "sgd", "label_rank"},
        Wanted{"darknet_small", 256, 1000, "sgd", "label_rank"},
        Wanted{"yolov3_small", 416, 80, "sgd", "non_maximum_suppression"}}) {
    CAPTURE(std::string(wanted.name));
    for (const bool evaluation : {false, true}) {
      const ModelProgram traced = model_program({.model = wanted.name, .batch_size = 3, .evaluation = evaluation});
      CHECK(traced.image_size == wanted.size);
      CHECK(traced.classes == wanted.classes);
      const Shape& images = traced.program.value(traced.program.find(classifier_value_names::images)).type.shape;
      CHECK(images == Shape{3, wanted.size, wanted.size, 3});
      CHECK(has_step(traced.program, wanted.last_of_training) == !evaluation);
      CHECK(has_step(traced.program, wanted.last_of_evaluation) ==
            (evaluation || std::string(wanted.last_of_evaluation) == "label_rank"));
    }
  }
}

TEST_CASE("a detector's program has room for as many objects, and as many parameters, as were asked for") {
  const ModelProgram traced = model_program(
      {.model = "yolov3", .batch_size = 2, .image_size = 64, .maximum_objects = 5, .element = DataType::bfloat16});
  CHECK(trainable_parameters(traced.program) == 61'949'149);
  const auto shape_of = [&](const char* name) { return traced.program.value(traced.program.find(name)).type.shape; };
  CHECK(shape_of(detector_value_names::object_boxes) == Shape{2, 5, 4});
  CHECK(shape_of(detector_value_names::object_classes) == Shape{2, 5});
  CHECK(has_step(traced.program, "cast"));

  const ModelProgram two = model_program({.model = "yolov3_small", .image_size = 64, .classes = 2});
  CHECK(two.classes == 2);
  CHECK(two.program.value(two.program.find("heads.stride8.prediction.bias")).type.shape == Shape{3 * (5 + 2)});
}

TEST_CASE("a name that is neither a classifier nor a detector is answered with the nearest of both") {
  const auto message_of = [](const std::string& name) {
    try {
      model_program({.model = name});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(contains(message_of("yolov3_smal"), "yolov3_small"));
  CHECK(contains(message_of("resnet51"), "resnet50"));
  CHECK(contains(message_of("resnet51"), "yolov3"));
}

TEST_CASE("show_program shows a detector") {
  const TemporaryFolder scratch;
  const auto svg = scratch / "arena.svg";
  const auto dot = scratch / "graph.dot";
  const std::vector<std::string> arguments = {"--model", "yolov3_small", "--classes", "80",    "--image-size",
                                              "64",      "--batch-size", "2",         "--svg", svg.string(),
                                              "--dot",   dot.string(),   "--text",    "-"};
  const ToolResult training = run_tool_process("show_program", arguments);
  require_success(training);
  for (const char* words : {"yolo_loss_backward", "heads.stride16", "MB moved per image", "parameters and optimizer"}) {
    CAPTURE(std::string(words));
    CHECK(contains(training.output, words));
  }
  CHECK(std::filesystem::file_size(svg) > 500);
  CHECK(std::filesystem::file_size(dot) > 500);

  const ToolResult evaluation = run_tool_process(
      "show_program", {"--model", "yolov3_small", "--image-size", "64", "--batch-size", "2", "--evaluation"});
  require_success(evaluation);
  CHECK(contains(evaluation.output, "non_maximum_suppression"));
  CHECK(!contains(evaluation.output, "yolo_loss"));
}
