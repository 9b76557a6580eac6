// Trains a detector on images with boxes, with the whole bag of tricks.
#include "engine/run/detector/training.h"
#include "tools/common/run_tool.h"
#include "tools/detector/options.h"

namespace sleight {

namespace {

class TrainDetector : public Tool {
 public:
  std::string description() const override {
    return "Train an object detector: images with boxes in, a run's folder with weights and a report out.";
  }
  void declare(OptionList& options) override { options_.declare(options); }
  std::string settings_file() const override { return options_.settings_file(); }
  int run() override {
    log_outcome(train_detector(resolve(options_)));
    return 0;
  }

 private:
  DetectorOptions options_;
};

const bool registered = register_tool<TrainDetector>("train_detector");

}  // namespace

}  // namespace sleight
