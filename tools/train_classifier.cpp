// Trains a ResNet on a folder of pictures, with the whole bag of tricks.
#include "engine/base/log.h"
#include "tools/common/classifier_training.h"
#include "tools/common/run_tool.h"

int main(int argument_count, char** arguments) {
  CLI::App app("Train a picture classifier: a folder of pictures in, a run's folder with weights and a report out.");
  sleight::ClassifierOptions options;
  options.declare(app);
  return sleight::run_tool(app, sleight::with_recipe_of_run(argument_count, arguments), [&] {
    const sleight::TrainingOutcome outcome = sleight::train_classifier(sleight::resolve(options));
    if (outcome.best_epoch > 0.0) {
      sleight::log_info("best top-1 ", 100.0 * outcome.best_top1, "% after epoch ", outcome.best_epoch, ", last ",
                        100.0 * outcome.last_top1, "%");
    }
    sleight::log_info("run: ", outcome.folder.string(), "  report: ", (outcome.folder / "report.html").string());
    return 0;
  });
}
