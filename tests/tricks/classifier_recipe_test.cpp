// What trainings use beside their tricks.
#include "engine/run/classifier/recipe.h"

#include "catch2_adapter.h"
#include "engine/run/detector/recipe.h"
#include "tests/base/error_message.h"

using namespace sleight;

namespace {

template <class SomeRecipe>
std::string described(const SomeRecipe& recipe) {
  std::string text;
  for (const std::string& line : describe(recipe))
    text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE("recipes: the numbers of the papers") {
  const ClassifierRecipe imagenet = default_classifier_recipe(ClassifierFamily::imagenet, TrickSet::none, 0);
  CHECK(imagenet.epochs == 120);
  CHECK(imagenet.batch_size == 256);
  CHECK(imagenet.weight_decay == 1e-4);
  const ClassifierRecipe cifar = default_classifier_recipe(ClassifierFamily::cifar, TrickSet::none, 0);
  CHECK(cifar.epochs == 200);
  CHECK(cifar.batch_size == 128);
  CHECK(cifar.weight_decay == 5e-4);
  for (const ClassifierRecipe& recipe : {imagenet, cifar}) {
    CHECK(recipe.nesterov);
    CHECK(recipe.momentum == 0.9);
  }
  const DetectorRecipe detector = default_detector_recipe(0);
  CHECK(detector.epochs == 200);
  CHECK(detector.batch_size == 64);
  CHECK(detector.weight_decay == 5e-4);
  CHECK(detector.momentum == 0.9);
  CHECK_FALSE(detector.nesterov);
  CHECK((detector.training_augmentation == detector_training_augmentation()));
  CHECK((detector.evaluation_augmentation == detector_evaluation_augmentation()));
  CHECK(contains(error_message([] { default_classifier_recipe(ClassifierFamily::cifar, TrickSet::all, -1); }), "-1"));
  CHECK(contains(error_message([] { default_detector_recipe(-1); }), "-1"));
}

TEST_CASE("recipes: random resized crops of a short training keep more of the area") {
  for (const TrickSet tricks : {TrickSet::none, TrickSet::standard, TrickSet::all}) {
    for (const std::int64_t epochs : {1, 8, 29, 30, 120, 0}) {
      CAPTURE(epochs, static_cast<int>(tricks));
      const bool is_short = epochs != 0 && epochs < 30 && tricks != TrickSet::none;
      const ClassifierRecipe imagenet = default_classifier_recipe(ClassifierFamily::imagenet, tricks, epochs);
      ClassifierAugmentation expected = imagenet_training_augmentation();
      if (is_short) expected.minimum_area = 0.35;
      CHECK(imagenet.training_augmentation == expected);
      CHECK(default_classifier_recipe(ClassifierFamily::cifar, tricks, epochs).training_augmentation ==
            cifar_training_augmentation());
    }
  }
}

TEST_CASE("recipes: an augmentation that is named is the one of the same training by default") {
  for (const TrickSet tricks : {TrickSet::none, TrickSet::standard, TrickSet::all}) {
    for (const std::int64_t epochs : {8, 29, 30, 120}) {
      CAPTURE(epochs, static_cast<int>(tricks));
      CHECK(training_augmentation("imagenet", tricks, epochs) ==
            default_classifier_recipe(ClassifierFamily::imagenet, tricks, epochs).training_augmentation);
      CHECK(training_augmentation("imagenet-hue", tricks, epochs).minimum_area ==
            training_augmentation("imagenet", tricks, epochs).minimum_area);
    }
  }
  CHECK(contains(error_message([] { training_augmentation("photos", TrickSet::none, 8); }), "'photos'"));
}

TEST_CASE("recipes: images are evaluated as they were trained on") {
  const auto evaluation = [](const std::string& name) {
    return evaluation_augmentation_for(training_augmentation(name, TrickSet::standard, 8));
  };
  CHECK(evaluation("imagenet") == imagenet_evaluation_augmentation());
  CHECK(evaluation("imagenet-hue") == imagenet_evaluation_augmentation());
  CHECK(evaluation("cifar") == plain_recipe());
  CHECK(evaluation("none") == plain_recipe());
}

TEST_CASE("recipes: the default batch leaves an epoch of a small dataset its steps") {
  const ClassifierRecipe cifar = default_classifier_recipe(ClassifierFamily::cifar, TrickSet::standard, 8);
  const ClassifierRecipe imagenet = default_classifier_recipe(ClassifierFamily::imagenet, TrickSet::standard, 8);
  CHECK(batch_size_for(cifar, 50000) == 128);
  CHECK(batch_size_for(cifar, 12800) == 128);
  CHECK(batch_size_for(cifar, 12799) == 64);
  CHECK(batch_size_for(cifar, 8000) == 64);
  CHECK(batch_size_for(cifar, 1600) == 16);
  CHECK(batch_size_for(cifar, 20) == 16);
  CHECK(batch_size_for(cifar, 0) == 16);
  CHECK(batch_size_for(imagenet, 1281167) == 256);
  CHECK(batch_size_for(imagenet, 3200) == 32);
}

TEST_CASE("recipes: the description says which conventions are in force") {
  std::string text = described(default_classifier_recipe(ClassifierFamily::cifar, TrickSet::all, 10));
  CHECK(contains(text, "epochs 10, batch size 128"));
  CHECK(contains(text, "SGD: momentum 0.9 (Nesterov), weight decay 0.0005"));
  CHECK(contains(text, "augmentation: random crop after padding by 4, flip 0.5; evaluation: whole image"));
  text = described(default_classifier_recipe(ClassifierFamily::imagenet, TrickSet::none, 0));
  CHECK(contains(text,
                 "random resized crop of 8 to 100% of the area, flip 0.5, brightness 0.4, contrast 0.4, saturation "
                 "0.4, PCA noise 0.1; evaluation: center crop of 87.5% of the short side"));
  DetectorRecipe detector = default_detector_recipe(0);
  detector.evaluation_augmentation.letterbox = true;
  text = described(detector);
  CHECK(contains(text, "SGD: momentum 0.9, weight decay 0.0005"));
  CHECK(contains(text, "constrained crop"));
  CHECK(contains(text, "evaluation: letterbox"));

  CHECK(parse_trick_set("all") == TrickSet::all);
  CHECK(parse_trick_set("none") == TrickSet::none);
  CHECK(parse_trick_set("standard") == TrickSet::standard);
  CHECK(contains(error_message([] { parse_trick_set("some"); }), "'some'"));
}
