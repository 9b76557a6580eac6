// How good a detector is on annotated pictures: every metric side by side.
#include <cstdio>

#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/data/picture_writer.h"
#include "tools/common/broken_pictures.h"
#include "tools/common/command_line.h"
#include "tools/common/detection_pictures.h"
#include "tools/common/loaded_detector.h"
#include "tools/common/run_tool.h"

namespace sleight {

namespace {

struct Options {
  std::string data = "synthetic", detections, sheet;
  std::int64_t sheet_pictures = 16;
  double shown_score = 0.3;
  DetectionDataOptions boxes;
  DetectorUse use;
  int loader_threads = 1;
  std::uint64_t seed = 1;
};

int evaluate(const Options& options) {
  LoadedDetector detector(options.use);
  const std::vector<std::string>& class_names = detector.description().class_names;
  const DetectionFormat format = options.boxes.parsed_format(options.data);
  DetectionDatasetOptions data_options = options.boxes.dataset_options(options.seed);
  if (format != DetectionFormat::synthetic) data_options.class_names = class_names;
  const OpenedDetectionDataset opened =
      open_detection_dataset(options.data, format, DatasetSplit::evaluation, data_options);
  const DetectionDataset& dataset = *opened.dataset;
  for (const std::string& warning : dataset.warnings())
    log_warning(warning);
  check(dataset.class_names() == class_names, options.use.weights.path, " was trained on ", class_names.size(),
        " classes that are not the ", dataset.class_names().size(), " of ", options.data,
        " or come in another order; name them with --classes");
  const FoundInPictures all = detector.find_in(dataset, options.loader_threads);
  if (!options.detections.empty()) write_found(options.detections, dataset, all);
  if (!options.sheet.empty()) {
    write_png(options.sheet,
              detection_sheet(dataset, all.plain, all.broken, options.sheet_pictures, options.shown_score, class_names)
                  .view());
    log_info("wrote ", options.sheet);
  }
  std::printf("%s%s, %s\n", count_of(dataset.size(), "picture").c_str(), left_out(all.broken).c_str(),
              count_of(std::ssize(all.plain), "detection").c_str());
  std::fputs(scores_table(score_detections(dataset, all.plain, all.broken)).c_str(), stdout);
  return 0;
}

}  // namespace

}  // namespace sleight

int main(int argument_count, char** arguments) {
  sleight::CommandLine command_line("Measure a detector on the evaluation pictures of a data set, by every metric.");
  sleight::Options options;
  options.boxes.declare_evaluation(command_line, options.data);
  options.use.declare(command_line);
  command_line.add_option("--detections", options.detections,
                          "Write what was found to this JSON file (for score_detections)");
  command_line.add_option("--sheet", options.sheet, "Write a PNG of the first pictures with what was found in them");
  command_line.add_option("--sheet-pictures", options.sheet_pictures, "Pictures on the sheet").range(1, 400);
  command_line.add_option("--sheet-score", options.shown_score, "Detections below this score are not drawn on it")
      .range(0.0, 1.0);
  command_line.add_option("--loader-threads", options.loader_threads, "Threads that prepare pictures").range(1, 1024);
  command_line.add_option("--seed", options.seed, "Seed of generated scenes, that of the training");
  return sleight::run_tool(command_line, argument_count, arguments, [&] { return sleight::evaluate(options); });
}
