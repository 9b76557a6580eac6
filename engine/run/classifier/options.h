// The options of a classifier's training: what the user says, over the sensible recipe of the model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/data/classifier/dataset.h"
#include "engine/run/classifier/evaluation_crop.h"
#include "engine/run/classifier/recipe.h"
#include "engine/run/training_options.h"

#include "engine/train/classifier_model.h"

namespace sleight {

struct ClassifierTrainingOptions : TrainingOptions {
  explicit ClassifierTrainingOptions(TrickMaker all_tricks, std::string program = "train_classifier")
      : TrainingOptions(std::move(program), std::move(all_tricks)) {}

  std::vector<std::string> offered_models;  // for --help
  std::optional<std::string> augmentation;
  // Of the augmentation; what is not given is as its name says.
  std::optional<double> minimum_crop_area, flip, brightness, contrast, saturation, hue, pca_noise;
  EvaluationCropOptions evaluation_crop;
  std::optional<std::vector<double>> mean, deviation;  // red, green, blue in 0..255
  bool data_on_device = false;
  std::int64_t data_on_device_limit = 4096;  // MiB
  SyntheticOptions synthetic;
  bool exif_orientation = true;
  std::optional<double> validation_share;
  std::string backbone_weights;

  void declare(OptionList& options);

 private:
  void declare_data(OptionList& options);
  void declare_augmentation(OptionList& options);
};

// What was asked for, resolved: the options hold what was decided, the recipe file is made of them, and a resumed run
// must agree on them.
struct ClassifierRun {
  ClassifierTrainingOptions options;
  const ClassifierModel* model;  // it must outlive the run
  ClassifierRecipe recipe;
  std::int64_t image_size = 0;
  Precision precision;
};

// Throws Error for values that make no sense, naming the flag.
ClassifierRun resolve(const ClassifierTrainingOptions& options, const ClassifierModel& model);

// The run for a dataset of so many training images: unless the user gave a batch size, the one that suits them.
ClassifierRun fitted_to(ClassifierRun run, std::int64_t images);

// What the training programs are traced with. They may refer to the tricks, which were begun for the run.
ClassifierProgramOptions training_program_options(const ClassifierRun& run, TrickList& tricks, std::int64_t classes);

}  // namespace sleight
