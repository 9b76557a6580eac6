// Which tricks a detector's recipe switches on, and how long they last.
#include "catch2_adapter.h"
#include "tests/base/error_message.h"
#include "tricks/detector_recipe.h"

using namespace sleight;

namespace {

std::string described(const DetectorRecipe& recipe) {
  std::string text;
  for (const std::string& line : describe(recipe))
    text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE("a detector's bare baseline is darknet's training") {
  const DetectorRecipe recipe = default_detector_recipe(TrickSet::none, 0, 416, 32);
  CHECK(recipe.epochs == 200);
  CHECK(recipe.batch_size == 64);
  CHECK(recipe.learning_rate == 0.001);
  CHECK_FALSE(recipe.linear_scaling);
  CHECK(recipe.decay == Decay::step);
  CHECK((recipe.milestones == std::vector<double>{160, 180}));
  CHECK(recipe.weight_decay == 5e-4);
  CHECK_FALSE(recipe.nesterov);
  CHECK_FALSE(recipe.no_bias_decay);
  CHECK_FALSE(recipe.random_shapes);
  CHECK(recipe.mixup_alpha == 0.0);
  CHECK(recipe.ema_decay == 0.0);
  CHECK((recipe.class_smoothing == ClassSmoothingForm::none));
  CHECK((recipe.training_augmentation == detection_training_recipe()));
  CHECK((recipe.evaluation_augmentation == detection_evaluation_recipe()));
}

TEST_CASE("each set of a detector's tricks adds to the one before") {
  const DetectorRecipe standard = default_detector_recipe(TrickSet::standard, 0, 416, 32);
  CHECK(standard.decay == Decay::cosine);
  CHECK(standard.warm_up_epochs == 4.0);
  CHECK(standard.no_bias_decay);
  CHECK((standard.class_smoothing == ClassSmoothingForm::gluon));
  REQUIRE(standard.random_shapes);
  CHECK((*standard.random_shapes == RandomShapesOptions{.minimum = 320, .maximum = 608, .every = 10, .multiple = 32}));
  CHECK(standard.mixup_alpha == 0.0);

  const DetectorRecipe all = default_detector_recipe(TrickSet::all, 0, 416, 32);
  CHECK(all.mixup_alpha == 1.5);
  CHECK(all.mixup_off_epochs == 20);
  // Whoever turns mixup on alone gets the plain last epochs too.
  CHECK(default_detector_recipe(TrickSet::none, 200, 416, 32).mixup_off_epochs == 20);
  CHECK(all.ema_decay > 0.0);

  // Nothing that is counted in epochs is longer than a short training allows.
  const DetectorRecipe short_run = default_detector_recipe(TrickSet::all, 10, 416, 32);
  CHECK(short_run.mixup_off_epochs == 1);
  CHECK(short_run.warm_up_epochs == 0.5);
  for (const std::int64_t size : {64, 96, 416, 608}) {
    const RandomShapesOptions shapes = default_detection_shapes(size, 32);
    CAPTURE(size);
    CHECK(shapes.minimum >= 64);
    CHECK(shapes.minimum % 32 == 0);
    CHECK(shapes.maximum % 32 == 0);
    CHECK(shapes.minimum < shapes.maximum);
  }
  CHECK(
      contains(error_message([] { default_detector_recipe(TrickSet::all, 10, 100, 32); }), "multiples of 32, got 100"));
  CHECK(contains(error_message([] { default_detector_recipe(TrickSet::all, -1, 416, 32); }), "-1"));

  // Sizes follow what the model takes.
  const DetectorRecipe finer = default_detector_recipe(TrickSet::standard, 0, 48, 16);
  CHECK((*finer.random_shapes == RandomShapesOptions{.minimum = 32, .maximum = 144, .every = 10, .multiple = 16}));
  CHECK(contains(error_message([] { default_detector_recipe(TrickSet::all, 10, 40, 16); }), "multiples of 16, got 40"));
}

TEST_CASE("the head of a detector's run says which form of each trick is in force") {
  DetectorRecipe recipe = default_detector_recipe(TrickSet::all, 0, 416, 32);
  std::string text = described(recipe);
  for (const char* part : {"Beta(1.5, 1.5)", "off for the last 20 of 200", "s = min(1/K, 1/40)", "320 to 608",
                           "constrained crop", "cosine", "moving average"}) {
    CAPTURE(part);
    CHECK(contains(text, part));
  }
  recipe.class_smoothing = ClassSmoothingForm::darknet;
  recipe.mixup_form = DetectionMixupForm::half;
  recipe.evaluation_augmentation.letterbox = true;
  text = described(recipe);
  for (const char* part : {"darknet, 1 - 0.05 and 0.05", "letterbox"}) {
    CAPTURE(part);
    CHECK(contains(text, part));
  }
  text = described(default_detector_recipe(TrickSet::none, 0, 416, 32));
  for (const char* part : {"detection mixup: off", "class smoothing: off", "random shapes: off", "weights: off"}) {
    CAPTURE(part);
    CHECK(contains(text, part));
  }
}
