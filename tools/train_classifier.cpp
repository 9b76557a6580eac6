// Trains a classifier on a folder of images, with the whole bag of tricks.
#include "engine/run/classifier/training.h"
#include "tools/classifier/options.h"
#include "tools/common/run_tool.h"

namespace sleight {

namespace {

class TrainClassifier : public Tool {
 public:
  std::string description() const override {
    return "Train an image classifier: a folder of images in, a run's folder with weights and a report out.";
  }
  void declare(OptionList& options) override { options_.declare(options); }
  std::string settings_file() const override { return options_.settings_file(); }
  int run() override {
    log_outcome(train_classifier(resolve(options_)));
    return 0;
  }

 private:
  ClassifierOptions options_;
};

const bool registered = register_tool<TrainClassifier>("train_classifier");

}  // namespace

}  // namespace sleight
