// How good a detector is on annotated images: every metric side by side.
#include <cstdio>

#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/image/image_writer.h"
#include "engine/run/detector/images.h"
#include "engine/run/image_flags.h"
#include "engine/run/image_messages.h"
#include "tools/common/run_tool.h"
#include "tools/detector/loaded_detector.h"

namespace sleight {

namespace {

struct Options {
  std::string data = "synthetic", detections, sheet;
  std::int64_t sheet_images = 16;
  double shown_score = 0.3;
  DetectorDataOptions boxes;
  DetectorUse use;
  int loader_threads = 1;
  std::uint64_t seed = 1;
};

int evaluate(const Options& options) {
  LoadedDetector detector(options.use);
  const std::vector<std::string>& class_names = detector.description().class_names;
  const std::string format = options.boxes.format_of(options.data);
  DetectorDatasetOptions data_options = options.boxes.dataset_options(options.seed);
  if (format != synthetic_format) data_options.class_names = class_names;
  data_options.validation_share =
      validation_share_of(options.boxes.validation_share, detector.description().validation_share);
  const OpenedDetectorDataset opened =
      open_detector_dataset(options.data, format, DatasetSplit::evaluation, data_options);
  const DetectorDataset& dataset = *opened.dataset;
  log_data(opened.found, dataset);
  check(dataset.class_names() == class_names, options.use.weights.path, " was trained on ", class_names.size(),
        " classes that are not the ", dataset.class_names().size(), " of ", options.data,
        " or come in another order; name them with --classes");
  warn_of_more_objects(dataset, options.use.found);
  const FoundInImages all = detector.find_in(dataset, options.loader_threads);
  if (!options.detections.empty()) write_found(options.detections, dataset, all);
  if (!options.sheet.empty()) {
    write_png(
        options.sheet,
        detection_sheet(dataset, all.plain, all.broken, options.sheet_images, options.shown_score, class_names).view());
    log_info("wrote ", options.sheet);
  }
  std::printf("%s%s, %s\n", count_of(dataset.size(), "image").c_str(), left_out(all.broken).c_str(),
              count_of(std::ssize(all.plain), "detection").c_str());
  std::fputs(printable(scores_table(score_detections(dataset, all.plain, all.broken)), LineBreaks::kept).c_str(),
             stdout);
  return 0;
}

class EvaluateDetector : public Tool {
 public:
  std::string description() const override {
    return "Measure a detector on the evaluation images of a dataset, by every metric.";
  }

  void declare(OptionList& options) override {
    options_.boxes.declare_evaluation(options, options_.data);
    options_.use.declare(options);
    options.add("detections", options_.detections, "Write what was found to this JSON file (for score_detections)")
        .unit("FILE")
        .written();
    options.add("sheet", options_.sheet, "Write a PNG of the first images with what was found in them")
        .unit("FILE")
        .written();
    options.add("sheet-images", options_.sheet_images, "Images on the sheet")
        .alias("sheet-pictures")
        .unit("IMAGES")
        .range(1, 400);
    options.add("sheet-score", options_.shown_score, "Detections below this score are not drawn on it")
        .unit("SCORE")
        .range(0.0, 1.0);
    options.add("loader-threads", options_.loader_threads, "Threads that prepare images")
        .unit("THREADS")
        .range(1, 1024);
    options.add("seed", options_.seed, "Seed of generated scenes, that of the training").unit("NUMBER");
  }

  int run() override { return evaluate(options_); }

 private:
  Options options_;
};

const bool registered = register_tool<EvaluateDetector>("evaluate_detector");

}  // namespace

}  // namespace sleight
