// Trains YOLOv3 on pictures with boxes, with the whole bag of tricks.

#include "tools/common/command_line.h"
#include "tools/common/detector_training.h"
#include "tools/common/run_tool.h"

int main(int argument_count, char** arguments) {
  sleight::CommandLine command_line(
      "Train an object detector: pictures with boxes in, a run's folder with weights and a report out.");
  sleight::DetectorOptions options;
  options.declare(command_line);
  return sleight::run_tool(command_line, sleight::with_recipe_of_run(argument_count, arguments), [&] {
    sleight::log_outcome(sleight::train_detector(sleight::resolve(options)));
    return 0;
  });
}
