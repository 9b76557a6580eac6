// Smoothed classes of a detector: the forms, and a receipt that only counts what stands in the program.
#include "tricks/class_smoothing.h"

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "tests/base/error_message.h"

using namespace sleight;

namespace {

// One scale's loss on two objects with three classes, with these options.
Program loss_program(const kernels::YoloLossOptions& options) {
  Tracer trace(Mode::training);
  std::array<ValueId, 3> predictions = {};
  for (std::size_t scale = 0; scale < 3; ++scale) {
    const std::int64_t side = 8 >> scale;
    predictions[scale] = trace.parameter("prediction" + std::to_string(scale), {1, side, side, 3 * 8},
                                         ParameterRole::weight, Initializer::zeros);
  }
  const ops::YoloObjects objects{.boxes = trace.input("boxes", {1, 2, 4}, DataType::float32),
                                 .classes = trace.input("classes", {1, 2}, DataType::int32),
                                 .weights = trace.input("weights", {1, 2}, DataType::float32)};
  ops::YoloAnchors anchors = {};
  for (std::size_t i = 0; i < anchors.size(); ++i)
    anchors[i] = {10.0F * static_cast<float>(i + 1), 12.0F * static_cast<float>(i + 1)};
  ops::yolo_loss(trace, predictions, objects, {.anchors = anchors, .options = options});
  return trace.program();
}

}  // namespace

TEST_CASE("class smoothing counts objects only when every scale's loss carries it") {
  for (const kernels::ClassSmoothing form : {kernels::ClassSmoothing::gluon, kernels::ClassSmoothing::darknet}) {
    ClassSmoothing trick(form);
    kernels::YoloLossOptions options;
    trick.count(loss_program(options), 7);  // switched on and never applied: the trap
    CHECK(trick.receipt().fired == 0);
    trick.apply(options);
    CHECK(options.epsilon == class_smoothing_epsilon(form));
    Program program = loss_program(options);
    trick.count(program, 7);
    trick.count(program, 4);
    CHECK(trick.receipt().fired == 11);
    for (Step& step : program.steps) {
      if (step.operation == &operations::yolo_loss) {
        step.attributes.set("smoothing", 0.0);
        break;
      }
    }
    trick.count(program, 100);
    CHECK(trick.receipt().fired == 11);

    ClassSmoothing resumed(form);
    resumed.restore(trick.receipt());
    CHECK((resumed.receipt() == trick.receipt()));
  }
  CHECK_THROWS_AS(ClassSmoothing(kernels::ClassSmoothing::none), Error);
}

TEST_CASE("the forms of class smoothing have names") {
  for (const char* name : {"none", "gluon", "darknet"})
    CHECK(to_string(parse_class_smoothing(name)) == name);
  CHECK(error_message([] { parse_class_smoothing("0.1"); }).find("'0.1'") != std::string::npos);
}
