#include "engine/run/classifier/evaluate_weights.h"

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/device/compute_threads.h"
#include "engine/run/image_messages.h"

namespace sleight {

EvaluationSummaries evaluate_weights(const ClassifierModel& model, const ClassifierDescription& description,
                                     const WeightsEvaluation& evaluation) {
  const Precision precision = evaluation.device.parsed_precision();
  DatasetOptions dataset_options = evaluation.dataset;
  dataset_options.synthetic.width = dataset_options.synthetic.height;
  auto dataset = open_dataset(evaluation.data, DatasetSplit::evaluation, dataset_options);
  log_data(dataset->found(), *dataset);
  dataset = in_class_order(std::move(dataset), evaluation.data, description, evaluation.weights);
  set_compute_threads(evaluation.device.threads);
  Context context(evaluation.device.name, 1, precision.device_options());
  warn_if_slow(precision, context.device);
  ClassifierProgramOptions program;
  program.element = precision.element;
  program.classes = std::ssize(description.class_names);
  program.normalization = description.normalization;
  Classifier classifier(context, model.trace, program);
  classifier.plan_evaluation(evaluation.batch_size, description.image_size, description.image_size, false);
  load_weights(evaluation.weights, context.store);
  return evaluate(classifier, *dataset,
                  {.batch_size = evaluation.batch_size,
                   .image_size = description.image_size,
                   .loader_threads = evaluation.loader_threads,
                   .recipe = evaluation_recipe_of(description, model),
                   .averaged = false,
                   .observe = {}});
}

EvaluationSummaries evaluate_weights(const ClassifierModel& model, const WeightsEvaluation& evaluation) {
  const SafetensorsFile file(evaluation.weights);
  return evaluate_weights(model, classifier_description_in(evaluation.weights, file.metadata()), evaluation);
}

}  // namespace sleight
