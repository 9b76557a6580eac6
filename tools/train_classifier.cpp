// Trains a classifier (a ResNet, Darknet-53) on a folder of images, with the whole bag of tricks.

#include "tools/common/classifier_training.h"
#include "tools/common/command_line.h"
#include "tools/common/run_tool.h"

int main(int argument_count, char** arguments) {
  sleight::CommandLine command_line(
      "Train a picture classifier: a folder of pictures in, a run's folder with weights and a report out.");
  sleight::ClassifierOptions options;
  options.declare(command_line);
  return sleight::run_tool(command_line, sleight::with_recipe_of_run(argument_count, arguments), [&] {
    sleight::log_outcome(sleight::train_classifier(sleight::resolve(options)));
    return 0;
  });
}
