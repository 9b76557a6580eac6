// Trains YOLOv3 on pictures with boxes, with the whole bag of tricks.
#include <CLI/CLI.hpp>

#include "tools/common/detector_training.h"
#include "tools/common/run_tool.h"

int main(int argument_count, char** arguments) {
  CLI::App app("Train an object detector: pictures with boxes in, a run's folder with weights and a report out.");
  sleight::DetectorOptions options;
  options.declare(app);
  return sleight::run_tool(app, sleight::with_recipe_of_run(argument_count, arguments), [&] {
    sleight::log_outcome(sleight::train_detector(sleight::resolve(options)));
    return 0;
  });
}
