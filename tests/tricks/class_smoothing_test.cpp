// Smoothed classes of a detector: the forms, and a receipt that only counts what stands in the program.
#include "tricks/class_smoothing.h"

#include "catch2_adapter.h"
#include "made_trick.h"
#include "models/detector.h"
#include "tests/base/error_message.h"

using namespace sleight;
using namespace sleight::test;

namespace {

ClassSmoothing smoothing_of(const std::string& form) {
  return made<ClassSmoothing>("label-smoothing = \"" + form + "\"");
}

// A training program of a detector, with what the trick changes, where there is one.
Program training_program_of(ClassSmoothing* trick) {
  DetectorProgramOptions options;
  options.batch_size = 1;
  options.height = options.width = 64;
  options.classes = 3;
  options.maximum_objects = 2;
  if (trick != nullptr) trick->change_detector(options);
  return detector_training_program(function_of(default_configuration(find_detector("yolov3_small"))), options);
}

void count(ClassSmoothing& trick, const Program& program, std::int64_t objects) {
  Arrived arrived;
  arrived.program = program;
  CountedStep step = arrived.step(0);
  step.objects = objects;
  trick.count(step);
}

}  // namespace

TEST_CASE("class smoothing counts objects only when every loss of classes carries it") {
  for (const char* form : {"gluon", "darknet"}) {
    CAPTURE(form);
    ClassSmoothing trick = smoothing_of(form);
    count(trick, training_program_of(nullptr), 7);  // switched on and never applied: the trap
    CHECK(only_receipt(trick).fired == 0);
    CHECK(contains(error_message([&] { check_receipts(trick.receipts()); }), "class smoothing"));
    Program program = training_program_of(&trick);
    count(trick, program, 7);
    count(trick, program, 4);
    CHECK(only_receipt(trick).fired == 11);
    // The other form in one of several losses.
    for (Step& step : program.steps) {
      if (step.attributes.has("class_smoothing")) {
        step.attributes.set("class_smoothing", 0.0);
        break;
      }
    }
    count(trick, program, 100);
    CHECK(only_receipt(trick).fired == 11);

    ClassSmoothing resumed = smoothing_of(form);
    resumed.restore(trick.receipts());
    CHECK((resumed.receipts() == trick.receipts()));
  }
}

TEST_CASE("class smoothing: images without objects are an excuse where it was not asked for") {
  TrainingKind kind = bare_kind;
  kind.task = LearningTask::detector;
  kind.tricks = TrickSet::standard;
  ClassSmoothing trick = made<ClassSmoothing>("", kind);
  count(trick, training_program_of(nullptr), 0);
  CHECK(contains(error_message([&] { check_receipts(trick.receipts()); }), "class smoothing"));
  count(trick, training_program_of(&trick), 0);
  CHECK(error_message([&] { check_receipts(trick.receipts()); }).empty());
}

TEST_CASE("class smoothing: each form brings its own epsilon") {
  DetectorProgramOptions gluon, darknet;
  smoothing_of("gluon").change_detector(gluon);
  smoothing_of("darknet").change_detector(darknet);
  CHECK((gluon.loss.class_smoothing == ClassSmoothingForm::gluon));
  CHECK(gluon.loss.class_smoothing_epsilon == 1.0 / 40);
  CHECK((darknet.loss.class_smoothing == ClassSmoothingForm::darknet));
  CHECK(darknet.loss.class_smoothing_epsilon == 0.1);
  CHECK_FALSE(smoothing_of("none").is_on());
  CHECK(contains(smoothing_of("darknet").description().at(0), "1 - 0.05 and 0.05"));
  CHECK(contains(error_message([] { smoothing_of("0.1"); }), "'0.1'"));
}
