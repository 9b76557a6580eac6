// Measures a classifier's weights on the evaluation images of a dataset.
#include <cstdio>

#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/checkpoint/checkpoint.h"
#include "tools/classifier/evaluation.h"
#include "tools/classifier/file.h"
#include "tools/common/broken_images.h"
#include "tools/common/device_flags.h"
#include "tools/common/run_tool.h"

namespace sleight {

namespace {

struct Options {
  Options() { dataset.synthetic.seed = 1; }  // as a training without --seed

  std::string data, weights, model;
  std::int64_t batch_size = 64, image_size = 0;
  DeviceFlags device;
  int loader_threads = 1;
  DatasetOptions dataset;
};

int evaluate(Options options) {
  const Precision precision = options.device.parsed_precision();
  const ClassifierDescription description = describe_weights(options.weights, options.model, options.image_size);
  options.dataset.synthetic.width = options.dataset.synthetic.height;
  const auto dataset = open_dataset(options.data, DatasetSplit::evaluation, options.dataset);
  for (const std::string& warning : dataset->warnings())
    log_warning(warning);
  check(dataset->class_names().size() == description.class_names.size(), options.data, " has ",
        dataset->class_names().size(), " classes, but ", options.weights, " was trained on ",
        description.class_names.size());
  const ClassifierModel& model = find_classifier(description.model);
  set_compute_threads(options.device.threads);
  Context context(options.device.name, 1, precision.device_options());
  warn_if_slow(precision, context.device);
  ClassifierProgramOptions program;
  program.element = precision.element;
  program.classes = static_cast<std::int64_t>(description.class_names.size());
  program.normalization = description.normalization;
  Classifier classifier(context, model.trace, program);
  classifier.plan_evaluation(options.batch_size, description.image_size, description.image_size, false);
  load_weights(options.weights, context.store);
  const EvaluationSummaries summaries = evaluate(classifier, *dataset,
                                                 {.batch_size = options.batch_size,
                                                  .image_size = description.image_size,
                                                  .loader_threads = options.loader_threads,
                                                  .recipe = evaluation_recipe_of(model),
                                                  .averaged = false,
                                                  .observe = {}});
  log_broken(summaries.broken);
  const EvaluationSummary& summary = summaries.plain;
  std::printf("%s%s: loss %.4f, top-1 %.2f%%, top-5 %.2f%%\n", count_of(summary.images, "image").c_str(),
              left_out(summaries.broken).c_str(), summary.loss, 100.0 * summary.top1, 100.0 * summary.top5);
  return 0;
}

class EvaluateClassifier : public Tool {
 public:
  std::string description() const override {
    return "Measure a classifier on the evaluation images (val/ or test/) of a dataset.";
  }

  void declare(OptionList& options) override {
    options.add("data", options_.data, "Dataset, as train_classifier takes it").unit("DATA").required();
    options.add("weights", options_.weights, "File of weights (best.safetensors, or one with torchvision's names)")
        .unit("FILE")
        .required();
    options.add("model", options_.model, "Name of the model, where the file does not say").unit("MODEL");
    options.add("batch-size", options_.batch_size, "Images per step").unit("IMAGES").range(1, 1 << 20);
    options.add("image-size", options_.image_size, "Side of the images; 0: as trained").unit("PIXELS").range(0, 4096);
    options_.device.declare(options);
    options.add("loader-threads", options_.loader_threads, "Threads that prepare images").unit("THREADS").range(1, 256);
    options.add("synthetic-size", options_.dataset.synthetic.height, "Side of generated images")
        .unit("PIXELS")
        .positive();
    options.add("synthetic-classes", options_.dataset.synthetic.classes, "Classes of generated images")
        .unit("CLASSES")
        .range(2, 50);
    options.add("seed", options_.dataset.synthetic.seed, "Seed of generated images, that of the training")
        .unit("NUMBER");
  }

  int run() override { return evaluate(options_); }

 private:
  Options options_;
};

const bool registered = register_tool<EvaluateClassifier>("evaluate_classifier");

}  // namespace

}  // namespace sleight
