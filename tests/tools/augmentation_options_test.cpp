// What is done to a classifier's images, as options: every part can be set, and a recipe file holds every part.
#include <algorithm>
#include <array>
#include <set>

#include "catch2_adapter.h"
#include "engine/run/classifier/options.h"
#include "tests/base/error_message.h"
#include "tools/classifier/options.h"

using namespace sleight;

namespace {

ClassifierRun run_of(const std::string& settings, const std::string& model = "resnet18") {
  ClassifierOptions options = options_in_recipe<ClassifierOptions>(settings, "the test's settings");
  options.model = model;
  return fitted_to(resolve(options), 1000);
}

// The lines of a recipe file about images.
std::string image_settings(const ClassifierRun& run) {
  static const std::set<std::string> names = {"augmentation",    "minimum-crop-area", "flip", "brightness",
                                              "contrast",        "saturation",        "hue",  "pca-noise",
                                              "evaluation-crop", "crop-fraction",     "mean", "deviation"};
  std::string text;
  for (const auto& [name, value] : settings_of(run.options)) {
    if (names.contains(name)) text += name + " = " + value + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("a recipe says everything that is done to images, and another length of training changes none of it") {
  const ClassifierRun started = run_of("epochs = 2\n");
  CHECK(image_settings(started) ==
        "augmentation = \"imagenet\"\nminimum-crop-area = 0.35\nflip = 0.5\nbrightness = 0.4\ncontrast = 0.4\n"
        "saturation = 0.4\nhue = 0\npca-noise = 0.1\nevaluation-crop = \"center\"\ncrop-fraction = 0.875\n"
        "mean = [123.68, 116.779, 103.939]\ndeviation = [58.393, 57.12, 57.375]\n");
  ClassifierOptions longer =
      options_in_recipe<ClassifierOptions>(recipe_text("tool", settings_of(started.options)), "the recipe");
  longer.epochs = 40;
  const ClassifierRun again = fitted_to(resolve(longer), 1000);
  CHECK(image_settings(again) == image_settings(started));
  CHECK(again.recipe.training_augmentation == started.recipe.training_augmentation);
  CHECK(again.recipe.evaluation_augmentation == imagenet_evaluation_augmentation());

  const ClassifierRun small = run_of("", "cifar_resnet20");
  CHECK(image_settings(small) ==
        "augmentation = \"cifar\"\nflip = 0.5\nbrightness = 0\ncontrast = 0\nsaturation = 0\nhue = 0\npca-noise = 0\n"
        "evaluation-crop = \"whole\"\nmean = [125.307, 122.95, 113.865]\ndeviation = [62.993, 62.089, 66.705]\n");
}

TEST_CASE("every part of an augmentation can be set") {
  ClassifierAugmentation expected = imagenet_training_augmentation();
  expected.minimum_area = 0.9;
  expected.flip_probability = 0.1;
  expected.brightness = 0.2;
  expected.contrast = 0.3;
  expected.saturation = 0.5;
  expected.hue = 0.6;
  expected.pca_noise = 0.7;
  CHECK(run_of("minimum-crop-area = 0.9\nflip = 0.1\nbrightness = 0.2\ncontrast = 0.3\nsaturation = 0.5\nhue = 0.6\n"
               "pca-noise = 0.7\n")
            .recipe.training_augmentation == expected);
  CHECK(run_of("augmentation = \"none\"\nflip = 1\n").recipe.training_augmentation.flip_probability == 1.0);

  const auto evaluation = [](const std::string& settings) { return run_of(settings).recipe.evaluation_augmentation; };
  CHECK(evaluation("crop-fraction = 0.5\n").center_fraction == 0.5);
  CHECK(evaluation("evaluation-crop = \"whole\"\n").crop == CropKind::whole);
  CHECK(evaluation("augmentation = \"none\"\n") == plain_recipe());
  CHECK(evaluation("augmentation = \"cifar\"\n") == plain_recipe());
  CHECK(evaluation("augmentation = \"none\"\nevaluation-crop = \"center\"\n") == imagenet_evaluation_augmentation());

  const ClassifierRun normalized = run_of("mean = [1, 2, 3]\ndeviation = [4, 5, 6]\n");
  CHECK(normalized.recipe.normalization.mean == std::array<double, 3>{1, 2, 3});
  CHECK(normalized.recipe.normalization.deviation == std::array<double, 3>{4, 5, 6});
}

TEST_CASE("parts of an augmentation that do not fit the whole are refused") {
  const auto refused = [](const std::string& settings) { return error_message([&] { run_of(settings); }); };
  CHECK(contains(refused("mean = [1, 2]\n"), "--mean takes three numbers"));
  CHECK(contains(refused("deviation = [1, 2, 0]\n"), "--deviation"));
  CHECK(contains(refused("flip = 1.5\n"), "--flip"));
  CHECK(contains(refused("crop-fraction = 0.5\nevaluation-crop = \"whole\"\n"), "--evaluation-crop center"));
  CHECK(contains(refused("crop-fraction = 0.5\naugmentation = \"none\"\n"), "--evaluation-crop center"));
  CHECK(contains(refused("augmentation = \"cifar\"\nminimum-crop-area = 0.5\n"), "--minimum-crop-area"));
  CHECK(contains(error_message([] { run_of("data-on-device = true\naugmentation = \"none\"\nbrightness = 0.1\n"); }),
                 "--data-on-device"));
}
