// The options of a detector's training: what the user says, over the sensible recipe of the model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/data/detector/dataset.h"
#include "engine/run/detector/found_limits.h"
#include "engine/run/detector/recipe.h"
#include "engine/run/training_options.h"

#include "engine/train/detector_family.h"
#include "engine/train/detector_program.h"

namespace sleight {

// Where boxes come from, for every tool that reads them.
struct DetectorDataOptions {
  std::string format = "auto";
  std::string training_split, evaluation_split;
  std::string classes;  // a file with one name per line
  std::string difficult = "keep";
  std::string images;  // a folder or an archive
  std::optional<double> validation_share;
  bool exif_orientation = true;
  SyntheticSceneOptions synthetic;

  // For tools that read both splits, the training split alone, the evaluation split alone.
  void declare(OptionList& options, std::string& data);
  // Two return the option of the data, to say more about it.
  Option& declare_training(OptionList& options, std::string& data);
  Option& declare_evaluation(OptionList& options, std::string& data);
  // "synthetic" as data needs no --format. Throws Error naming the flag.
  std::string format_of(const std::string& data) const;
  DetectorDatasetOptions dataset_options(std::uint64_t seed) const;

 private:
  Option& declare_source(OptionList& options, std::string& data);
  void declare_training_split(OptionList& options, const std::string& data);
  void declare_evaluation_split(OptionList& options, const std::string& data);
};

// By which mAP the best weights are chosen, and which the log shows: all in the range 0 to 1.
enum class DetectionMetric : std::uint8_t { voc07, voc, coco };
// "voc07", "voc" or "coco"; throws Error for anything else.
DetectionMetric parse_detection_metric(const std::string& text);
// "VOC07 mAP@0.5", "VOC mAP@0.5", "COCO AP".
std::string name_of(DetectionMetric metric);

struct DetectorTrainingOptions : TrainingOptions {
  DetectorTrainingOptions(TrickMaker all_tricks, DetectorConfigurations of_families,
                          std::string program = "train_detector")
      : TrainingOptions(std::move(program), std::move(all_tricks)), families(std::move(of_families)) {}

  DetectorDataOptions boxes;
  DetectorConfigurations families;  // of the models that may be asked for: what only one of them knows
  std::optional<std::string> augmentation;
  std::optional<bool> letterbox;
  std::optional<std::vector<double>> mean, deviation;  // red, green, blue in 0..255
  std::optional<std::string> metric;
  ops::DetectionParameters found = default_detection_parameters();  // in evaluations
  std::string backbone_weights;

  void declare(OptionList& options);
};

// What was asked for, resolved: the options hold what was decided, the recipe file is made of them, and a resumed run
// must agree on them.
struct DetectorRun {
  DetectorTrainingOptions options;
  const DetectorModel* model;  // it must outlive the run
  DetectorRecipe recipe;
  std::int64_t image_size = 0;
  Precision precision;
  std::string format;
  DetectionMetric metric = DetectionMetric::voc;

  const Copied<DetectorConfiguration>& configuration() const { return options.families.of(*model); }
};

// Throws Error for values that make no sense, naming the flag.
DetectorRun resolve(const DetectorTrainingOptions& options, const DetectorModel& model);

// The run for its dataset: a batch size that suits so many images unless the user gave one, and what the detector's
// family fits to the boxes as they will be seen, that is in pixels of the training size.
DetectorRun fitted_to(DetectorRun run, const OpenedDetectorDataset& training);

// What the training programs are traced with. They may refer to the tricks, which were begun for the run.
// maximum_objects: of an image in a training batch.
DetectorProgramOptions training_program_options(const DetectorRun& run, TrickList& tricks, std::int64_t classes,
                                                std::int64_t maximum_objects);

// Throws Error for a side of images, in pixels, that the model does not take; `what` it is begins the message.
void check_image_size(const DetectorModel& model, std::int64_t image_size, const std::string& what);

}  // namespace sleight
