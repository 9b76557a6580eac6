// Smoothed classes of a detector: the forms, and a receipt that only counts what stands in the program.
#include "tricks/class_smoothing.h"

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/ops/ops.h"
#include "models/detector.h"
#include "tests/base/error_message.h"

using namespace sleight;

namespace {

// YOLOv3's loss on two objects with three classes, with these options.
Program loss_program(const DetectorLossOptions& options) {
  Tracer trace(Mode::training);
  const ValueId images = trace.input("images", {1, 64, 64, 3}, DataType::float32);
  const DetectorTargets targets{.boxes = trace.input("boxes", {1, 2, 4}, DataType::float32),
                                .classes = trace.input("classes", {1, 2}, DataType::int32),
                                .weights = trace.input("weights", {1, 2}, DataType::float32)};
  default_configuration(find_detector("yolov3_small"))->trace(trace, images, 3)->loss(trace, targets, options);
  return trace.program();
}

}  // namespace

TEST_CASE("class smoothing counts objects only when every scale's loss carries it") {
  for (const ClassSmoothingForm form : {ClassSmoothingForm::gluon, ClassSmoothingForm::darknet}) {
    ClassSmoothing trick(form);
    DetectorLossOptions options;
    trick.count(loss_program(options), 7);  // switched on and never applied: the trap
    CHECK(trick.receipt().fired == 0);
    trick.apply(options);
    CHECK(options.class_smoothing_epsilon == class_smoothing_epsilon(form));
    Program program = loss_program(options);
    trick.count(program, 7);
    trick.count(program, 4);
    CHECK(trick.receipt().fired == 11);
    for (Step& step : program.steps) {
      if (step.operation == &operations::yolo_loss) {
        step.attributes.set("class_smoothing", 0.0);
        break;
      }
    }
    trick.count(program, 100);
    CHECK(trick.receipt().fired == 11);

    ClassSmoothing resumed(form);
    resumed.restore(trick.receipt());
    CHECK((resumed.receipt() == trick.receipt()));
  }
  CHECK_THROWS_AS(ClassSmoothing(ClassSmoothingForm::none), Error);
}

TEST_CASE("the forms of class smoothing have names") {
  for (const char* name : {"none", "gluon", "darknet"})
    CHECK(to_string(parse_class_smoothing(name)) == name);
  CHECK(error_message([] { parse_class_smoothing("0.1"); }).find("'0.1'") != std::string::npos);
}
