#include "tools/common/training_program.h"

namespace sleight {

namespace {

template <class Run>
TrickList begun(const Run& run, std::int64_t images) {
  const EpochOrder order(run.options.seed, images, run.recipe.batch_size);
  TrickList tricks = run.options.trick_list;
  tricks.begin({.seed = run.options.seed,
                .epochs = run.recipe.epochs,
                .steps_per_epoch = order.steps_per_epoch(),
                .batch_size = run.recipe.batch_size,
                .images = images,
                .image_size = run.image_size});
  return tricks;
}

}  // namespace

TrickList begun_tricks(const ClassifierRun& run, std::int64_t images) {
  return begun(run, images);
}

TrickList begun_tricks(const DetectorRun& run, std::int64_t images) {
  return begun(run, images);
}

ClassifierProgramOptions training_program_options(const ClassifierRun& run, TrickList& tricks, std::int64_t classes) {
  ClassifierProgramOptions options;
  options.classes = classes;
  options.element = run.precision.element;
  options.normalization = run.recipe.normalization;
  options.update.nesterov = run.recipe.nesterov;
  tricks.change(options);
  return options;
}

DetectorProgramOptions training_program_options(const DetectorRun& run, TrickList& tricks, std::int64_t classes,
                                                std::int64_t maximum_objects) {
  DetectorProgramOptions options;
  options.classes = classes;
  options.normalization = run.recipe.normalization;
  options.element = run.precision.element;
  options.maximum_objects = maximum_objects;
  options.update.nesterov = run.recipe.nesterov;
  tricks.change(options);
  return options;
}

}  // namespace sleight
