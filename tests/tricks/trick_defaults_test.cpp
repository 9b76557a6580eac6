// What each trick is when the user says nothing: the settings that a recipe file then holds, in every kind of training.
#include "catch2_adapter.h"
#include "engine/train/trick_list.h"
#include "tests/base/error_message.h"
#include "tricks/all_tricks.h"

using namespace sleight;

namespace {

// "name = value" of all tricks, a line each.
std::string settings(const TrainingKind& kind) {
  TrickList tricks(kind.task == LearningTask::detector ? detector_tricks() : classifier_tricks());
  OptionList options;
  tricks.declare(options, kind.task);
  tricks.resolve(kind);
  options.check();
  std::string text;
  for (const auto& [name, value] : options.settings())
    text += name + " = " + value + "\n";
  return text;
}

TrainingKind imagenet(TrickSet tricks, std::int64_t epochs) {
  return {.tricks = tricks, .has_residual_branches = true, .epochs = epochs, .image_size = 224};
}

TrainingKind cifar(TrickSet tricks, std::int64_t epochs) {
  return {.tricks = tricks, .small_images = true, .has_residual_branches = true, .epochs = epochs, .image_size = 32};
}

TrainingKind detector(TrickSet tricks, std::int64_t epochs) {
  return {.task = LearningTask::detector, .tricks = tricks, .epochs = epochs, .image_size = 416, .size_multiple = 32};
}

}  // namespace

TEST_CASE("trick defaults: none is the bare baseline") {
  CHECK(settings(imagenet(TrickSet::none, 120)) ==
        "learning-rate = 0.1\nlinear-scaling = false\nschedule = \"step\"\nmilestones = [30, 60, 90]\n"
        "warmup-epochs = 0\nwarmup-form = \"linear\"\nno-bias-decay = false\nzero-gamma = false\nmixup = 0\n"
        "mixup-off-epochs = 0\nmixup-lambda = \"batch\"\nlabel-smoothing = 0\nsmoothing = \"others\"\n"
        "random-shapes = \"off\"\nema = 0\nema-warmup = true\n");
  CHECK(settings(cifar(TrickSet::none, 200)) ==
        "learning-rate = 0.1\nlinear-scaling = false\nschedule = \"step\"\nmilestones = [100, 150]\n"
        "warmup-epochs = 0\nwarmup-form = \"linear\"\nno-bias-decay = false\nzero-gamma = false\nmixup = 0\n"
        "mixup-off-epochs = 20\nmixup-lambda = \"batch\"\nlabel-smoothing = 0\nsmoothing = \"others\"\n"
        "random-shapes = \"off\"\nema = 0\nema-warmup = true\n");
  // darknet's training, as BoF (arXiv 1902.04103) restates it.
  CHECK(settings(detector(TrickSet::none, 200)) ==
        "learning-rate = 0.001\nlinear-scaling = false\nschedule = \"step\"\nmilestones = [160, 180]\n"
        "warmup-epochs = 2\nwarmup-form = \"linear\"\nno-bias-decay = false\nmixup = 0\nmixup-off-epochs = 20\n"
        "mixup-form = \"beta\"\nlabel-smoothing = \"none\"\nrandom-shapes = \"off\"\nema = 0\n"
        "ema-warmup = true\n");
}

TEST_CASE("trick defaults: standard is what pays off in a training of its length") {
  CHECK(settings(imagenet(TrickSet::standard, 120)) ==
        "learning-rate = 0.1\nlinear-scaling = true\nschedule = \"cosine\"\nmilestones = [30, 60, 90]\n"
        "warmup-epochs = 5\nwarmup-form = \"linear\"\nno-bias-decay = true\nzero-gamma = true\nmixup = 0\n"
        "mixup-off-epochs = 0\nmixup-lambda = \"batch\"\nlabel-smoothing = 0.1\nsmoothing = \"others\"\n"
        "random-shapes = \"off\"\nema = 0\nema-warmup = true\n");
  CHECK(settings(cifar(TrickSet::standard, 8)) ==
        "learning-rate = 0.4\nlinear-scaling = true\nschedule = \"cosine\"\nmilestones = [4, 6]\n"
        "warmup-epochs = 0.8\nwarmup-form = \"linear\"\nno-bias-decay = true\nzero-gamma = false\nmixup = 0\n"
        "mixup-off-epochs = 0\nmixup-lambda = \"batch\"\nlabel-smoothing = 0\nsmoothing = \"others\"\n"
        "random-shapes = \"off\"\nema = 0\nema-warmup = true\n");
  CHECK(settings(detector(TrickSet::standard, 200)) ==
        "learning-rate = 0.001\nlinear-scaling = false\nschedule = \"cosine\"\nmilestones = [160, 180]\n"
        "warmup-epochs = 4\nwarmup-form = \"linear\"\nno-bias-decay = true\nmixup = 0\nmixup-off-epochs = 20\n"
        "mixup-form = \"beta\"\nlabel-smoothing = \"gluon\"\nrandom-shapes = \"320:608:10\"\nema = 0\n"
        "ema-warmup = true\n");
}

TEST_CASE("trick defaults: all has every trick on, with the values of the papers") {
  CHECK(settings(imagenet(TrickSet::all, 120)) ==
        "learning-rate = 0.1\nlinear-scaling = true\nschedule = \"cosine\"\nmilestones = [30, 60, 90]\n"
        "warmup-epochs = 5\nwarmup-form = \"linear\"\nno-bias-decay = true\nzero-gamma = true\nmixup = 0.2\n"
        "mixup-off-epochs = 0\nmixup-lambda = \"batch\"\nlabel-smoothing = 0.1\nsmoothing = \"others\"\n"
        "random-shapes = \"192:256:10\"\nema = 0.9999\nema-warmup = true\n");
  CHECK(settings(cifar(TrickSet::all, 200)) ==
        "learning-rate = 0.2\nlinear-scaling = true\nschedule = \"cosine\"\nmilestones = [100, 150]\n"
        "warmup-epochs = 5\nwarmup-form = \"linear\"\nno-bias-decay = true\nzero-gamma = true\nmixup = 1\n"
        "mixup-off-epochs = 20\nmixup-lambda = \"batch\"\nlabel-smoothing = 0.1\nsmoothing = \"others\"\n"
        "random-shapes = \"24:40:10:8\"\nema = 0.999\nema-warmup = true\n");
  CHECK(settings(detector(TrickSet::all, 200)) ==
        "learning-rate = 0.001\nlinear-scaling = false\nschedule = \"cosine\"\nmilestones = [160, 180]\n"
        "warmup-epochs = 4\nwarmup-form = \"linear\"\nno-bias-decay = true\nmixup = 1.5\nmixup-off-epochs = 20\n"
        "mixup-form = \"beta\"\nlabel-smoothing = \"gluon\"\nrandom-shapes = \"320:608:10\"\nema = 0.9998\n"
        "ema-warmup = true\n");
  // A short training has milder ones.
  CHECK(settings(cifar(TrickSet::all, 10)) ==
        "learning-rate = 0.4\nlinear-scaling = true\nschedule = \"cosine\"\nmilestones = [5, 7.5]\n"
        "warmup-epochs = 1\nwarmup-form = \"linear\"\nno-bias-decay = true\nzero-gamma = true\nmixup = 0.2\n"
        "mixup-off-epochs = 1\nmixup-lambda = \"batch\"\nlabel-smoothing = 0.1\nsmoothing = \"others\"\n"
        "random-shapes = \"24:40:10:8\"\nema = 0.999\nema-warmup = true\n");
}

TEST_CASE("trick defaults: a training counts as short under 30 epochs") {
  CHECK(contains(settings(imagenet(TrickSet::standard, 29)), "zero-gamma = false"));
  CHECK(contains(settings(imagenet(TrickSet::standard, 30)), "zero-gamma = true"));
  CHECK(contains(settings(cifar(TrickSet::standard, 29)), "learning-rate = 0.4\n"));
  CHECK(contains(settings(cifar(TrickSet::standard, 30)), "learning-rate = 0.2\n"));
  CHECK(contains(settings(cifar(TrickSet::none, 29)), "learning-rate = 0.1\n"));
  CHECK(contains(settings(imagenet(TrickSet::standard, 29)), "learning-rate = 0.1\n"));
  CHECK(contains(settings(cifar(TrickSet::all, 29)), "mixup = 0.2"));
  CHECK(contains(settings(cifar(TrickSet::all, 30)), "mixup = 1\n"));
  CHECK(contains(settings(detector(TrickSet::standard, 29)), "learning-rate = 0.002\n"));
  CHECK(contains(settings(detector(TrickSet::standard, 29)), "random-shapes = \"off\"\n"));
  CHECK(contains(settings(detector(TrickSet::standard, 30)), "learning-rate = 0.001\n"));
  CHECK(contains(settings(detector(TrickSet::standard, 30)), "random-shapes = \"320:608:10\"\n"));
  CHECK(contains(settings(detector(TrickSet::all, 29)), "random-shapes = \"320:608:10\"\n"));
  CHECK(contains(settings(detector(TrickSet::none, 29)), "learning-rate = 0.001\n"));
  CHECK(contains(settings(detector(TrickSet::all, 10)), "warmup-epochs = 0.5"));
  CHECK(contains(settings(detector(TrickSet::all, 10)), "mixup-off-epochs = 1\n"));
  // A model without marked scales is left alone.
  TrainingKind plain = imagenet(TrickSet::all, 120);
  plain.has_residual_branches = false;
  CHECK(contains(settings(plain), "zero-gamma = false"));
}

TEST_CASE("trick defaults: a trick that is turned on alone has the same parts as among all") {
  const auto with = [](const TrainingKind& kind, const std::string& changed) {
    TrickList tricks(kind.task == LearningTask::detector ? detector_tricks() : classifier_tricks());
    OptionList options;
    tricks.declare(options, kind.task);
    options.read(changed, "the test's settings");
    tricks.resolve(kind);
    std::string text;
    for (const auto& [name, value] : options.settings())
      text += name + " = " + value + "\n";
    return text;
  };
  CHECK(contains(with(cifar(TrickSet::standard, 200), "mixup = 1\n"), "mixup-off-epochs = 20\n"));
  CHECK(contains(with(imagenet(TrickSet::standard, 120), "mixup = 0.2\n"), "mixup-off-epochs = 0\n"));
  for (const TrainingKind& kind :
       {cifar(TrickSet::standard, 200), imagenet(TrickSet::none, 120), detector(TrickSet::standard, 200)}) {
    CHECK(contains(with(kind, "ema = 0.9999\n"), "ema-warmup = true\n"));
    CHECK(contains(with(kind, "ema = 0.9999\nema-warmup = false\n"), "ema-warmup = false\n"));
  }
}

TEST_CASE("trick defaults: what is counted in epochs fits into a training of any length") {
  for (const TrickSet set : {TrickSet::standard, TrickSet::all, TrickSet::none}) {
    for (const std::int64_t epochs : {1, 2, 10, 300}) {
      for (const std::int64_t steps_per_epoch : {1, 3, 391}) {
        for (const TrainingKind& kind : {imagenet(set, epochs), cifar(set, epochs), detector(set, epochs)}) {
          CAPTURE(epochs, steps_per_epoch, static_cast<int>(set));
          TrickList tricks(kind.task == LearningTask::detector ? detector_tricks() : classifier_tricks());
          OptionList options;
          tricks.declare(options, kind.task);
          tricks.resolve(kind);
          CHECK(error_message([&] {
                  tricks.begin({.epochs = epochs,
                                .steps_per_epoch = steps_per_epoch,
                                .batch_size = 64,
                                .images = 64 * steps_per_epoch,
                                .image_size = kind.image_size});
                }).empty());
        }
      }
    }
  }
}

TEST_CASE("trick descriptions: the head of a log says which conventions are in force") {
  const auto described = [](const TrainingKind& kind, const std::string& changed) {
    TrickList tricks(kind.task == LearningTask::detector ? detector_tricks() : classifier_tricks());
    OptionList options;
    tricks.declare(options, kind.task);
    options.read(changed, "the test's settings");
    tricks.resolve(kind);
    tricks.begin({.epochs = kind.epochs, .steps_per_epoch = 10, .batch_size = 128, .images = 1280});
    std::string text;
    for (const std::string& line : tricks.description())
      text += line + "\n";
    return text;
  };
  CHECK(
      described(cifar(TrickSet::all, 10), "") ==
      "learning rate 0.2 = 0.4 * 128 / 256 (linear scaling)\n"
      "schedule: cosine, by iteration and without the warm-up, 0 after the last iteration\n"
      "warm-up: 1 epoch, linear by iteration\n"
      "weight decay: on convolution and linear weights only\n"
      "zero gamma: the last scale of each residual branch starts at 0\n"
      "mixup: lambda from Beta(0.2, 0.2), one per batch, off for the last 1 epoch\n"
      "label smoothing: others, 1 - 0.1 at the label and 0.1 / (K - 1) elsewhere (Bag of Tricks)\n"
      "random shapes: 24 to 40 in steps of 8, a new size every 10 iterations\n"
      "moving average of the weights: decay 0.999, at most (1 + t) / (10 + t) at update t; the first update copies\n");
  CHECK(described(imagenet(TrickSet::none, 120), "") ==
        "learning rate 0.1 (no linear scaling)\n"
        "schedule: rate times 0.1 after epochs 30, 60, 90\n"
        "warm-up: off\n"
        "weight decay: on all parameters\n"
        "zero gamma: off\n"
        "mixup: off\n"
        "label smoothing: off\n"
        "random shapes: off\n"
        "moving average of the weights: off\n");
  const std::string text =
      described(cifar(TrickSet::all, 10),
                "smoothing = \"uniform\"\nmixup-lambda = \"sample\"\nwarmup-form = \"power4\"\nema-warmup = false\n"
                "warmup-epochs = 0.5\n");
  for (const char* part :
       {"label smoothing: uniform", "one per image", "0.5 epochs, power 4", "decay 0.999, constant"}) {
    CAPTURE(part);
    CHECK(contains(text, part));
  }
  CHECK(described(detector(TrickSet::standard, 200), "") ==
        "learning rate 0.001 (no linear scaling)\n"
        "schedule: cosine, by iteration and without the warm-up, 0 after the last iteration\n"
        "warm-up: 400 steps, linear by iteration\n"
        "weight decay: on convolution and linear weights only\n"
        "detection mixup: off\n"
        "class smoothing: gluon, s = min(1/K, 1/40): 1 - s for the object's class, s for the others\n"
        "random shapes: 320 to 608 in steps of 32, a new size every 10 iterations\n"
        "moving average of the weights: off\n");
}
