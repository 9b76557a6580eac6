// Trains a ResNet on a folder of pictures, with the whole bag of tricks.
#include <CLI/CLI.hpp>

#include "tools/common/classifier_training.h"
#include "tools/common/run_tool.h"

int main(int argument_count, char** arguments) {
  CLI::App app("Train a picture classifier: a folder of pictures in, a run's folder with weights and a report out.");
  sleight::ClassifierOptions options;
  options.declare(app);
  return sleight::run_tool(app, sleight::with_recipe_of_run(argument_count, arguments), [&] {
    sleight::log_outcome(sleight::train_classifier(sleight::resolve(options)));
    return 0;
  });
}
