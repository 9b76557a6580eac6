// Scores one file of detections by every metric in use.
#include <cstdio>

#include "engine/base/log.h"
#include "engine/data/detection_dataset.h"
#include "engine/train/detections_file.h"
#include "tools/common/command_line.h"
#include "tools/common/detection_scores.h"
#include "tools/common/run_tool.h"

int main(int argument_count, char** arguments) {
  sleight::CommandLine command_line(
      "Score detections against the annotations of a data set: Pascal VOC's mAP in both forms and COCO's numbers, side "
      "by side. engine/train/README.md says on which questions programs differ, and what each option changes.");
  std::string detections, data, format, classes;
  std::string difficult = "ignored", crowd = "ignored", edges = "continuous", levels = "exact";
  sleight::VocOptions options;
  sleight::DetectionDatasetOptions data_options;
  data_options.synthetic.seed = 1;  // as a training without --seed
  bool json = false;
  command_line
      .add_option(
          "--detections", detections,
          "JSON file: \"images\", \"categories\" and \"annotations\"; with --format coco also COCO's results alone")
      .required();
  command_line.add_option("--data", data, "Data set: a folder, a .tar or .tar.gz").required();
  command_line.add_option("--format", format, "Of the data set: voc, coco, yolo or synthetic").required();
  command_line.add_option("--evaluation-split", data_options.evaluation_split,
                          "Name of the split; without it, the format's rule (test or val)");
  command_line.add_option("--classes", classes,
                          "File with one class name per line, where the data set's own are not meant");
  command_line.add_option("--difficult", difficult, "Difficult objects are ignored, counted or left-out");
  command_line.add_option("--crowd", crowd, "Crowds are ignored, counted or left-out");
  command_line.add_option("--pixel-edges", edges, "continuous; inclusive makes every box one pixel wider and higher");
  command_line.add_option("--overlap", options.overlap_threshold,
                          "From which intersection over union VOC's object is found");
  command_line.add_option("--recall-levels", levels, "Of VOC07: exact, or rounded as 3 * 0.1 is in float64");
  command_line.add_option("--synthetic-size", data_options.synthetic.height, "Side of generated pictures in pixels");
  command_line.add_option("--synthetic-pictures", data_options.synthetic.evaluation_count, "Generated pictures");
  command_line.add_option("--synthetic-classes", data_options.synthetic.classes, "Classes of generated pictures");
  command_line.add_option("--seed", data_options.synthetic.seed, "Seed of generated pictures, that of the training");
  command_line.add_flag("--json", json, "Print JSON instead of a table");
  return sleight::run_tool(command_line, argument_count, arguments, [&] {
    options.matching = {.difficult = sleight::parse_treatment(difficult),
                        .crowd = sleight::parse_treatment(crowd),
                        .edges = sleight::parse_pixel_edges(edges)};
    options.recall_levels = sleight::parse_recall_levels(levels);
    data_options.synthetic.width = data_options.synthetic.height;
    if (!classes.empty()) data_options.class_names = sleight::read_class_names(classes);
    const sleight::OpenedDetectionDataset opened = sleight::open_detection_dataset(
        data, sleight::parse_detection_format(format), sleight::DatasetSplit::evaluation, data_options);
    const sleight::DetectionDataset& dataset = *opened.dataset;
    for (const std::string& warning : dataset.warnings())
      sleight::log_warning(warning);
    std::vector<std::string> names;
    for (std::int64_t picture = 0; picture < dataset.size(); ++picture)
      names.push_back(dataset.name(picture));
    const sleight::PlacedDetections placed =
        sleight::place_detections(sleight::read_detections(detections, sleight::id_meanings_of(opened)), names,
                                  dataset.class_names(), detections);
    for (const std::string& name : placed.unknown_classes)
      sleight::log_warning(detections, " does not know the class '", name, "': none of its objects was found");
    if (!placed.unreadable.empty())
      sleight::log_warning(placed.unreadable.size(), " of the ", dataset.size(),
                           " pictures could not be read by the detector: their objects do not count");
    const sleight::DetectionScores scores =
        sleight::score_detections(sleight::ground_truth_of(dataset, placed.unreadable), placed.detections, options);
    std::fputs((json ? sleight::scores_to_json(scores) : sleight::scores_table(scores)).c_str(), stdout);
    return 0;
  });
}
