// Measures a classifier's weights on the evaluation images of a dataset.
#include <cstdio>
#include <optional>

#include "engine/base/text.h"
#include "engine/run/classifier/evaluate_weights.h"
#include "engine/run/image_flags.h"
#include "engine/run/image_messages.h"
#include "models/classifier.h"
#include "tools/classifier/file.h"
#include "tools/common/run_tool.h"

namespace sleight {

namespace {

struct Options {
  std::string model;
  std::int64_t image_size = 0;
  EvaluationCropOptions crop;
  WeightsEvaluation evaluation;
  std::optional<double> validation_share;
};

int evaluate(Options options) {
  const std::string& weights = options.evaluation.weights;
  const ClassifierDescription description = describe_weights(weights, options.model, options.image_size, options.crop);
  options.evaluation.dataset.validation_share =
      validation_share_of(options.validation_share, description.validation_share);
  const EvaluationSummaries summaries =
      evaluate_weights(find_classifier(description.model), description, options.evaluation);
  log_broken(summaries.broken);
  const EvaluationSummary& summary = summaries.plain;
  log_not_finite(summary);
  std::printf("%s%s: %s\n", count_of(summary.images, "image").c_str(), left_out(summaries.broken).c_str(),
              text_of(summary).c_str());
  return 0;
}

class EvaluateClassifier : public Tool {
 public:
  std::string description() const override {
    return "Measure a classifier on the evaluation images (val/ or test/) of a dataset.";
  }

  void declare(OptionList& options) override {
    options.add("data", options_.evaluation.data, "Dataset, as train_classifier takes it").unit("DATA").required();
    options
        .add("weights", options_.evaluation.weights,
             "File of weights (best.safetensors, or one with torchvision's names)")
        .unit("FILE")
        .required();
    options.add("model", options_.model, "Name of the model, where the file does not say").unit("MODEL");
    options.add("batch-size", options_.evaluation.batch_size, "Images per step").unit("IMAGES").range(1, 1 << 20);
    options.add("image-size", options_.image_size, "Side of the images; 0: as trained").unit("PIXELS").range(0, 4096);
    declare_validation_share(options, options_.validation_share);
    declare_exif_orientation(options, options_.evaluation.dataset.exif_orientation);
    options_.crop.declare(options, "as trained", "as trained, else 0.875");
    options_.evaluation.device.declare(options);
    options.add("loader-threads", options_.evaluation.loader_threads, "Threads that prepare images")
        .unit("THREADS")
        .range(1, 256);
    options.add("synthetic-size", options_.evaluation.dataset.synthetic.height, "Side of generated images")
        .unit("PIXELS")
        .positive();
    options.add("synthetic-classes", options_.evaluation.dataset.synthetic.classes, "Classes of generated images")
        .unit("CLASSES")
        .range(2, 50);
    options.add("seed", options_.evaluation.dataset.synthetic.seed, "Seed of generated images, that of the training")
        .unit("NUMBER");
  }

  int run() override { return evaluate(options_); }

 private:
  Options options_;
};

const bool registered = register_tool<EvaluateClassifier>("evaluate_classifier");

}  // namespace

}  // namespace sleight
