// How good a detector is on annotated pictures: every metric side by side.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "engine/base/log.h"
#include "engine/data/png.h"
#include "engine/train/detections_file.h"
#include "tools/common/broken_pictures.h"
#include "tools/common/detection_pictures.h"
#include "tools/common/detector_evaluation.h"
#include "tools/common/detector_file.h"
#include "tools/common/detector_weights.h"
#include "tools/common/run_tool.h"

namespace sleight {

namespace {

struct Options {
  std::string data = "synthetic", device = "cpu", precision = "fp32", detections, sheet;
  std::int64_t sheet_pictures = 16;
  double shown_score = 0.3;
  DetectionDataOptions boxes;
  DetectorWeights weights;
  std::int64_t batch_size = 8;
  int threads = 0, loader_threads = 1;
  std::uint64_t seed = 1;
  ops::DetectionParameters found;
};

int evaluate(const Options& options) {
  const Precision precision = parse_precision(options.precision, options.device);
  const DetectorDescription description = options.weights.describe();
  DetectionDatasetOptions data_options = options.boxes.dataset_options(options.seed);
  if (data_options.class_names.empty()) data_options.class_names = description.class_names;
  if (options.boxes.parsed_format(options.data) == DetectionFormat::synthetic) data_options.class_names.clear();
  const OpenedDetectionDataset opened = open_detection_dataset(options.data, options.boxes.parsed_format(options.data),
                                                               DatasetSplit::evaluation, data_options);
  const DetectionDataset& dataset = *opened.dataset;
  for (const std::string& warning : dataset.warnings())
    log_warning(warning);
  check(dataset.class_names() == description.class_names, options.weights.path, " was trained on ",
        description.class_names.size(), " classes that are not the ", dataset.class_names().size(), " of ",
        options.data, " or come in another order; name them with --classes");

  set_compute_threads(options.threads);
  Context context(options.device, 1,
                  {.deterministic = false, .allow_tf32 = precision.allow_tf32, .graphs = true, .tuning_cache = {}});
  warn_if_slow(precision, context.device);
  const DetectorModel& model = find_detector(description.model);
  Detector detector(context, model.trace, program_options(description, precision, options.found));
  detector.learner().plan(ProgramUse::evaluation, {options.batch_size, description.image_size, description.image_size});
  load_detector_weights(model, options.weights.path, "", context.store);
  const FoundInPictures all = detect_all(detector, dataset,
                                         {.batch_size = options.batch_size,
                                          .image_size = description.image_size,
                                          .loader_threads = options.loader_threads,
                                          .recipe = evaluation_recipe_of(description)});
  log_broken(all.broken);
  if (!options.detections.empty()) {
    DetectionsFile file{.pictures = {}, .class_names = description.class_names, .detections = all.plain};
    for (std::int64_t i = 0; i < dataset.size(); ++i)
      file.pictures.push_back(dataset.name(i));
    write_detections(options.detections, file);
    log_info("wrote ", options.detections);
  }

  if (!options.sheet.empty()) {
    write_png(options.sheet, detection_sheet(dataset, all.plain, all.broken, options.sheet_pictures,
                                             options.shown_score, description.class_names)
                                 .view());
    log_info("wrote ", options.sheet);
  }
  std::printf("%lld pictures%s, %zu detections\n", static_cast<long long>(dataset.size()), left_out(all.broken).c_str(),
              all.plain.size());
  std::fputs(scores_table(score_detections(dataset, all.plain, all.broken)).c_str(), stdout);
  return 0;
}

}  // namespace

}  // namespace sleight

int main(int argument_count, char** arguments) {
  CLI::App app("Measure a detector on the evaluation pictures of a data set, by every metric.");
  sleight::Options options;
  options.boxes.declare_evaluation(app, options.data);
  options.weights.declare(app);
  app.add_option("--detections", options.detections, "Write what was found to this JSON file (for score_detections)");
  app.add_option("--sheet", options.sheet, "Write a PNG of the first pictures with what was found in them");
  app.add_option("--sheet-pictures", options.sheet_pictures, "Pictures on the sheet")
      ->capture_default_str()
      ->check(CLI::Range(1, 400));
  app.add_option("--sheet-score", options.shown_score, "Detections below this score are not drawn on it")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--score-threshold", options.found.score_threshold, "Detections below it are left out")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--overlap", options.found.overlap_threshold,
                 "Of two boxes of one class that overlap more than this, the surer one stays")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--batch-size", options.batch_size, "Pictures at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  app.add_option("--device", options.device, "cpu, cuda (cuda:1 for the second GPU) or simt")->capture_default_str();
  sleight::add_precision_option(app, options.precision);
  app.add_option("--threads", options.threads, "Compute threads; 0: one per core")->capture_default_str();
  app.add_option("--loader-threads", options.loader_threads, "Threads that prepare pictures")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  app.add_option("--seed", options.seed, "Seed of generated scenes, that of the training")->capture_default_str();
  return sleight::run_tool(app, argument_count, arguments, [&] { return sleight::evaluate(options); });
}
