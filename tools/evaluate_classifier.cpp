// Measures a classifier's weights on the evaluation pictures of a data set.
#include <cstdio>

#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/train/checkpoint.h"
#include "tools/common/broken_pictures.h"
#include "tools/common/classifier_evaluation.h"
#include "tools/common/classifier_file.h"
#include "tools/common/command_line.h"
#include "tools/common/precision.h"
#include "tools/common/run_tool.h"

int main(int argument_count, char** arguments) {
  sleight::CommandLine command_line("Measure a classifier on the evaluation pictures (val/ or test/) of a data set.");
  std::string data, weights, model, device = "cpu", precision_text = "fp32";
  std::int64_t batch_size = 64, image_size = 0;
  int threads = 0, loader_threads = 1;
  sleight::DatasetOptions data_options;
  data_options.synthetic.seed = 1;  // as a training without --seed
  command_line.add_option("--data", data, "Data set, as train_classifier takes it").required();
  command_line.add_option("--weights", weights, "File of weights (best.safetensors, or one with torchvision's names)")
      .required();
  command_line.add_option("--model", model, "Name of the model, where the file does not say");
  command_line.add_option("--batch-size", batch_size, "Pictures per step").range(1, 1 << 20);
  command_line.add_option("--image-size", image_size, "Side of the pictures in pixels; 0: as trained").range(0, 4096);
  command_line.add_option("--device", device, "cpu, cuda (cuda:1 for the second GPU) or simt");
  sleight::add_precision_option(command_line, precision_text);
  command_line.add_option("--threads", threads, "Compute threads; 0: one per core");
  command_line.add_option("--loader-threads", loader_threads, "Threads that prepare pictures").range(1, 256);
  command_line.add_option("--synthetic-size", data_options.synthetic.height, "Side of generated pictures in pixels");
  command_line.add_option("--synthetic-classes", data_options.synthetic.classes, "Classes of generated pictures");
  command_line.add_option("--seed", data_options.synthetic.seed, "Seed of generated pictures, that of the training");
  return sleight::run_tool(command_line, argument_count, arguments, [&] {
    const sleight::Precision precision = sleight::parse_precision(precision_text, device);
    const sleight::ClassifierDescription description = sleight::describe_weights(weights, model, image_size);
    data_options.synthetic.width = data_options.synthetic.height;
    const auto dataset = sleight::open_dataset(data, sleight::DatasetSplit::evaluation, data_options);
    for (const std::string& warning : dataset->warnings())
      sleight::log_warning(warning);
    sleight::check(dataset->class_names().size() == description.class_names.size(), data, " has ",
                   dataset->class_names().size(), " classes, but ", weights, " was trained on ",
                   description.class_names.size());
    const sleight::ClassifierModel& found = sleight::find_classifier(description.model);
    sleight::set_compute_threads(threads);
    sleight::Context context(device, 1, precision.device_options());
    sleight::warn_if_slow(precision, context.device);
    sleight::ClassificationOptions options;
    options.element = precision.element;
    options.classes = static_cast<std::int64_t>(description.class_names.size());
    options.normalisation = description.normalisation;
    sleight::Classifier classifier(context, found.trace, options);
    classifier.plan_evaluation(batch_size, description.image_size, description.image_size, false);
    sleight::load_weights(weights, context.store);
    const sleight::EvaluationSummaries summaries = sleight::evaluate(classifier, *dataset,
                                                                     {.batch_size = batch_size,
                                                                      .image_size = description.image_size,
                                                                      .loader_threads = loader_threads,
                                                                      .recipe = sleight::evaluation_recipe_of(found),
                                                                      .averaged = false,
                                                                      .observe = {}});
    sleight::log_broken(summaries.broken);
    const sleight::EvaluationSummary& summary = summaries.plain;
    std::printf("%s%s: loss %.4f, top-1 %.2f%%, top-5 %.2f%%\n", sleight::count_of(summary.pictures, "picture").c_str(),
                sleight::left_out(summaries.broken).c_str(), summary.loss, 100.0 * summary.top1, 100.0 * summary.top5);
    return 0;
  });
}
