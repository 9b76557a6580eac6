// Scores one file of detections by every metric in use.
#include <cstdio>
#include <optional>

#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/data/detector/dataset.h"
#include "engine/metrics/detections_file.h"
#include "engine/run/broken_images.h"
#include "engine/run/detector/scores.h"
#include "engine/run/image_flags.h"
#include "tools/common/run_tool.h"

namespace sleight {

namespace {

struct Options {
  Options() { dataset.synthetic.seed = 1; }  // as a training without --seed

  std::string detections, data, format = "auto", classes;
  std::string difficult = "ignored", crowd = "ignored", edges = "continuous", levels = "exact";
  VocOptions rules;
  DetectorDatasetOptions dataset;
  std::optional<double> validation_share;
  bool json = false;
};

int score(Options options) {
  VocOptions rules = options.rules;
  rules.matching = {.difficult = parse_treatment(options.difficult),
                    .crowd = parse_treatment(options.crowd),
                    .edges = parse_pixel_edges(options.edges)};
  rules.recall_levels = parse_recall_levels(options.levels);
  options.dataset.validation_share = options.validation_share.value_or(default_validation_share);
  options.dataset.synthetic.width = options.dataset.synthetic.height;
  if (!options.classes.empty()) options.dataset.class_names = read_class_names(options.classes);
  const OpenedDetectorDataset opened =
      open_detector_dataset(options.data, options.format, DatasetSplit::evaluation, options.dataset);
  const DetectorDataset& dataset = *opened.dataset;
  if (!opened.found.empty()) log_info(opened.found);
  log_warnings(dataset);
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
           "side "
           "by side. engine/train/README.md says on which questions programs differ, and what each option changes.";
  }

  void declare(OptionList& options) override {
    options
        .add("detections", options_.detections,
             "JSON file: \"images\", \"categories\" and \"annotations\"; with --format coco also COCO's results alone")
        .unit("FILE")
        .required();
    options.add("data", options_.data, "Dataset: a folder or an archive").unit("DATA").required();
    options.add("format", options_.format, "Of the dataset").one_of(detector_dataset_formats());
    options.add("evaluation-split", options_.dataset.evaluation_split, "Name of the split")
        .unit("SPLIT")
        .default_text("the format's rule: test or val");
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
    options.add("synthetic-size", options_.dataset.synthetic.height, "Side of generated images")
        .unit("PIXELS")
        .positive();
    options.add("synthetic-images", options_.dataset.synthetic.evaluation_count, "Generated images")
        .alias("synthetic-pictures")
        .unit("IMAGES")
        .positive();
    options.add("synthetic-classes", options_.dataset.synthetic.classes, "Classes of generated images")
        .unit("CLASSES")
        .range(1, 50);
    options.add("seed", options_.dataset.synthetic.seed, "Seed of generated images, that of the training")
        .unit("NUMBER");
    options.add("images", options_.dataset.images, "Where the images are, if not with their annotations")
        .unit("FOLDER");
    declare_validation_share(options, options_.validation_share);
    declare_exif_orientation(options, options_.dataset.exif_orientation);
    options.add("json", options_.json, "Print JSON instead of a table");
  }

  int run() override { return score(options_); }

 private:
  Options options_;
};

const bool registered = register_tool<ScoreDetections>("score_detections");

}  // namespace

}  // namespace sleight
