// Trains a network of its own on a folder of images, stops, goes on, and measures what came out:
//   train_example IMAGES RUN
// IMAGES has train/<class>/* and val/<class>/*; RUN is a folder that is not there yet.
#include <cstdio>
#include <exception>
#include <string>

#include "engine/ops/ops.h"
#include "engine/run/classifier/evaluate_weights.h"
#include "engine/run/classifier/training.h"
#include "models/layers.h"
#include "tricks/all_tricks.h"

using namespace sleight;

// images [N,H,W,3] -> logits [N, classes].
ValueId small_network(Tracer& trace, ValueId images, std::int64_t classes) {
  ValueId x = images;
  for (const std::int64_t channels : {8, 16}) {
    const std::string name = "block" + std::to_string(channels);
    x = layers::convolution(trace, name + ".convolution", x, channels, 3, 2);
    x = ops::relu(trace, layers::batch_norm(trace, name + ".norm", x));
  }
  return layers::linear(trace, "fc", ops::global_average_pool(trace, x), classes);
}

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fprintf(stderr, "usage: train_example IMAGES RUN\n");
    return 2;
  }
  const ClassifierModel model{
      .name = "small_network", .image_size = 32, .family = ClassifierFamily::cifar, .trace = small_network};
  ClassifierTrainingOptions options(classifier_tricks, "train_example");
  options.data = argv[1];
  options.out = argv[2];
  options.epochs = 6;
  options.batch_size = 8;
  // What belongs to a trick, by the names of the flags of train_classifier; what is not said is a sensible default.
  options = options_in_recipe("learning-rate = 1.0\nema = 0.9\n", "train_example", options);

  options.max_steps = 7;  // in the middle of an epoch
  train_classifier(model, options);
  options.max_steps = 0;
  options.resume = true;
  const TrainingOutcome outcome = train_classifier(model, options);
  log_outcome(outcome);

  WeightsEvaluation evaluation;
  evaluation.data = argv[1];
  evaluation.weights = (outcome.folder / best_weights_name).string();
  const EvaluationSummary summary = evaluate_weights(model, evaluation).plain;
  std::printf("%d images: loss %.4f, top-1 %.2f%%\n", static_cast<int>(summary.images), summary.loss,
              100.0 * summary.top1);
  return outcome.finished ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
