// Scores one file of detections by every metric in use.
#include <cstdio>

#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/data/detector/dataset.h"
#include "engine/metrics/detections_file.h"
#include "engine/run/detector/options.h"
#include "engine/run/detector/scores.h"
#include "engine/run/image_messages.h"
#include "tools/common/run_tool.h"

namespace sleight {

namespace {

struct Options {
  std::string detections, data, classes;
  std::string difficult = "ignored", crowd = "ignored", edges = "continuous", levels = "exact";
  VocOptions rules;
  DetectorDataOptions boxes;
  std::uint64_t seed = 1;
  bool json = false;
};

int score(Options options) {
  VocOptions rules = options.rules;
  rules.matching = {.difficult = parse_treatment(options.difficult),
                    .crowd = parse_treatment(options.crowd),
                    .edges = parse_pixel_edges(options.edges)};
  rules.recall_levels = parse_recall_levels(options.levels);
  DetectorDatasetOptions dataset_options = options.boxes.dataset_options(options.seed);
  if (!options.classes.empty()) dataset_options.class_names = read_class_names(options.classes);
  const OpenedDetectorDataset opened = open_detector_dataset(options.data, options.boxes.format_of(options.data),
                                                             DatasetSplit::evaluation, dataset_options);
  const DetectorDataset& dataset = *opened.dataset;
  log_data(opened.found, dataset);
  std::vector<std::string> names;
  for (std::int64_t image = 0; image < dataset.size(); ++image)
    names.push_back(dataset.name(image));
  const PlacedDetections placed = place_detections(read_detections(options.detections, id_meanings_of(opened)), names,
                                                   dataset.class_names(), options.detections);
  for (const std::string& name : placed.unknown_classes)
    log_warning(options.detections, " does not know the class '", name, "': none of its objects was found");
  if (!placed.unreadable.empty())
    log_warning(placed.unreadable.size(), " of the ", dataset.size(),
                " images could not be read by the detector: their objects do not count");
  const DetectionScores scores =
      score_detections(ground_truth_of(dataset, placed.unreadable), placed.detections, rules);
  std::fputs((options.json ? scores_to_json(scores) : printable(scores_table(scores), LineBreaks::kept)).c_str(),
             stdout);
  return 0;
}

class ScoreDetections : public Tool {
 public:
  std::string description() const override {
    return "Score detections against the annotations of a dataset: Pascal VOC's mAP in both forms and COCO's numbers, "
           "side by side. engine/train/README.md says on which questions programs differ, and what each option "
           "changes.";
  }

  void declare(OptionList& options) override {
    options
        .add("detections", options_.detections,
             "JSON file: \"images\", \"categories\" and \"annotations\"; with --format coco also COCO's results alone")
        .unit("FILE")
        .required();
    options_.boxes.declare_evaluation(options, options_.data).required();
    options.add("classes", options_.classes, "File with one class name per line")
        .unit("FILE")
        .default_text("the dataset's own");
    options.add("difficult", options_.difficult, "What is done with difficult objects")
        .one_of({"ignored", "counted", "left-out"});
    options.add("crowd", options_.crowd, "What is done with crowds").one_of({"ignored", "counted", "left-out"});
    options.add("pixel-edges", options_.edges, "inclusive makes every box one pixel wider and higher")
        .one_of({"continuous", "inclusive"});
    options.add("overlap", options_.rules.overlap_threshold, "From which intersection over union VOC's object is found")
        .unit("IOU")
        .range(0.0, 1.0)
        .positive();
    options.add("recall-levels", options_.levels, "Of VOC07: exact, or rounded as 3 * 0.1 is in float64")
        .one_of({"exact", "rounded"});
    options.add("seed", options_.seed, "Seed of generated images, that of the training").unit("NUMBER");
    options.add("json", options_.json, "Print JSON instead of a table");
  }

  int run() override { return score(options_); }

 private:
  Options options_;
};

const bool registered = register_tool<ScoreDetections>("score_detections");

}  // namespace

}  // namespace sleight
