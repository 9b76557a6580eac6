#include "tricks/recipes.h"

#include <numeric>

#include "catch2_adapter.h"
#include "tests/base/error_message.h"

using namespace sleight;

namespace {

std::string described(const Recipe& recipe) {
  const std::vector<std::string> lines = describe(recipe);
  return std::accumulate(lines.begin(), lines.end(), std::string{},
                         [](std::string text, const std::string& next) { return text + next + "\n"; });
}

}  // namespace

TEST_CASE("recipes: none is the bare baseline") {
  for (const ModelFamily family : {ModelFamily::imagenet, ModelFamily::cifar}) {
    const Recipe recipe = default_recipe(family, TrickSet::none, 0, 32);
    CHECK_FALSE(recipe.linear_scaling);
    CHECK(recipe.base_rate() == 0.1);
    CHECK(recipe.decay == Decay::step);
    CHECK(recipe.warm_up_epochs == 0.0);
    CHECK_FALSE(recipe.no_bias_decay);
    CHECK_FALSE(recipe.zero_gamma);
    CHECK(recipe.mixup_alpha == 0.0);
    CHECK(recipe.label_smoothing == 0.0);
    CHECK_FALSE(recipe.random_shapes.has_value());
    CHECK(recipe.ema_decay == 0.0);
    CHECK(recipe.nesterov);
    CHECK(recipe.momentum == 0.9);
  }
  const Recipe imagenet = default_recipe(ModelFamily::imagenet, TrickSet::none, 0, 224);
  CHECK(imagenet.epochs == 120);
  CHECK(imagenet.milestones == std::vector<double>{30.0, 60.0, 90.0});
  CHECK(imagenet.weight_decay == 1e-4);
  CHECK(imagenet.learning_rate_options(10).milestones == std::vector<std::int64_t>{300, 600, 900});
  const Recipe cifar = default_recipe(ModelFamily::cifar, TrickSet::none, 0, 32);
  CHECK(cifar.weight_decay == 5e-4);
  CHECK(cifar.learning_rate_options(391).milestones == std::vector<std::int64_t>{39100, 58650});
}

TEST_CASE("recipes: all has every trick on, with the values of the papers") {
  const Recipe imagenet = default_recipe(ModelFamily::imagenet, TrickSet::all, 0, 224);
  CHECK(imagenet.base_rate() == 0.1);
  CHECK(imagenet.linear_scaling);
  CHECK(imagenet.decay == Decay::cosine);
  CHECK(imagenet.warm_up_epochs == 5.0);
  CHECK(imagenet.warm_up == WarmUp::linear);
  CHECK(imagenet.no_bias_decay);
  CHECK(imagenet.zero_gamma);
  CHECK(imagenet.mixup_alpha == 0.2);
  CHECK(imagenet.mixup_off_epochs == 0);
  CHECK(imagenet.mixup_lambda == MixupLambda::per_batch);
  CHECK(imagenet.label_smoothing == 0.1);
  CHECK(imagenet.smoothing == kernels::Smoothing::others);
  CHECK(imagenet.random_shapes == RandomShapesOptions{224, 288, 10, 32});
  CHECK(imagenet.ema_decay == 0.9999);

  const Recipe cifar = default_recipe(ModelFamily::cifar, TrickSet::all, 0, 32);
  CHECK(cifar.mixup_alpha == 1.0);
  CHECK(cifar.mixup_off_epochs == 20);
  CHECK(cifar.base_rate() == Approx(0.1));
  CHECK(cifar.random_shapes == RandomShapesOptions{24, 40, 10, 8});
}

TEST_CASE("recipes: the rate follows the batch, and only with linear scaling") {
  Recipe recipe = default_recipe(ModelFamily::imagenet, TrickSet::standard, 0, 224);
  recipe.batch_size = 64;
  CHECK(recipe.base_rate() == Approx(0.025));
  recipe.linear_scaling = false;
  CHECK(recipe.base_rate() == 0.1);
}

TEST_CASE("recipes: what is counted in epochs fits into a short training") {
  for (const TrickSet tricks : {TrickSet::standard, TrickSet::all, TrickSet::none}) {
    for (const ModelFamily family : {ModelFamily::imagenet, ModelFamily::cifar}) {
      for (const std::int64_t epochs : {1, 2, 10, 300}) {
        for (const std::int64_t iterations_per_epoch : {1, 3, 391}) {
          CAPTURE(epochs, iterations_per_epoch);
          const Recipe recipe = default_recipe(family, tricks, epochs, 32);
          const LearningRate rate(recipe.learning_rate_options(iterations_per_epoch));
          CHECK(rate.options().iterations == epochs * iterations_per_epoch);
          if (recipe.mixup_alpha > 0.0) {
            CHECK(Mixup({recipe.mixup_alpha, recipe.epochs, recipe.mixup_off_epochs}, 0).active(0));
          }
        }
      }
    }
  }
  const Recipe ten = default_recipe(ModelFamily::cifar, TrickSet::all, 10, 32);
  CHECK(ten.warm_up_epochs == 1.0);
  CHECK(ten.mixup_off_epochs == 1);
  CHECK(ten.learning_rate_options(391).warm_up_iterations == 391);
  CHECK(contains(error_message([] { default_recipe(ModelFamily::cifar, TrickSet::all, -1, 32); }), "-1"));
}

TEST_CASE("recipes: a short training leaves out what pays off only in the long run") {
  for (const ModelFamily family : {ModelFamily::imagenet, ModelFamily::cifar}) {
    const bool cifar = family == ModelFamily::cifar;
    CAPTURE(cifar);
    for (const std::int64_t epochs : {1, 8, 29}) {
      CAPTURE(epochs);
      const Recipe standard = default_recipe(family, TrickSet::standard, epochs, 32);
      CHECK_FALSE(standard.zero_gamma);
      CHECK(standard.no_bias_decay);
      CHECK(standard.decay == Decay::cosine);
      if (!cifar) CHECK(standard.training_augmentation.minimum_area == 0.35);
      const Recipe all = default_recipe(family, TrickSet::all, epochs, 32);
      CHECK(all.zero_gamma);  // all is all
      CHECK(all.mixup_alpha == 0.2);
      CHECK(all.ema_warm_up);
    }
    for (const std::int64_t epochs : {0, 30, 120, 200}) {
      CAPTURE(epochs);
      const Recipe standard = default_recipe(family, TrickSet::standard, epochs, 32);
      CHECK(standard.zero_gamma);
      CHECK(standard.training_augmentation == (cifar ? cifar_training_recipe() : imagenet_training_recipe()));
      const Recipe all = default_recipe(family, TrickSet::all, epochs, 32);
      CHECK(all.mixup_alpha == (cifar ? 1.0 : 0.2));
      CHECK_FALSE(all.ema_warm_up);
    }
    // The bare baseline is the same at every length.
    const Recipe none = default_recipe(family, TrickSet::none, 8, 32);
    CHECK(none.training_augmentation == (cifar ? cifar_training_recipe() : imagenet_training_recipe()));
  }
}

TEST_CASE("recipes: the default batch leaves an epoch of a small data set its steps") {
  const Recipe cifar = default_recipe(ModelFamily::cifar, TrickSet::standard, 8, 32);
  const Recipe imagenet = default_recipe(ModelFamily::imagenet, TrickSet::standard, 8, 224);
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
  Recipe recipe = default_recipe(ModelFamily::cifar, TrickSet::all, 10, 32);
  std::string text = described(recipe);
  CAPTURE(text);
  CHECK(contains(text, "label smoothing: others"));
  CHECK(contains(text, "one per batch, off for the last 1 epoch"));
  CHECK(contains(text, "linear by iteration"));
  CHECK(contains(text, "schedule: cosine"));
  CHECK(contains(text, "learning rate 0.1 = 0.2 * 128 / 256"));
  CHECK(contains(text, "on convolution and linear weights only"));
  CHECK(contains(text, "24 to 40 in steps of 8"));
  CHECK(contains(text, "augmentation: random crop after padding by 4, flip 0.5"));
  CHECK(contains(text, "decay 0.999, at most (1 + t) / (10 + t)"));

  recipe.smoothing = kernels::Smoothing::uniform;
  recipe.mixup_lambda = MixupLambda::per_sample;
  recipe.warm_up = WarmUp::power4;
  recipe.ema_warm_up = false;
  text = described(recipe);
  CHECK(contains(text, "label smoothing: uniform"));
  CHECK(contains(text, "one per picture"));
  CHECK(contains(text, "power 4"));
  CHECK(contains(text, "decay 0.999, constant"));

  text = described(default_recipe(ModelFamily::imagenet, TrickSet::none, 0, 224));
  for (const char* off : {"warm-up: off", "zero gamma: off", "mixup: off", "label smoothing: off", "random shapes: off",
                          "moving average of the weights: off", "no linear scaling", "on all parameters"}) {
    CAPTURE(off);
    CHECK(contains(text, off));
  }
  CHECK(contains(text, "rate times 0.1 after epochs 30, 60, 90"));
  CHECK(contains(text,
                 "random resized crop of 8 to 100% of the area, flip 0.5, brightness 0.4, contrast 0.4, saturation "
                 "0.4, PCA noise 0.1"));

  CHECK(parse_trick_set("all") == TrickSet::all);
  CHECK(parse_trick_set("none") == TrickSet::none);
  CHECK(parse_trick_set("standard") == TrickSet::standard);
  CHECK(contains(error_message([] { parse_trick_set("some"); }), "'some'"));
}
