#include "tools/common/detector_tricks.h"

#include <algorithm>

namespace sleight {

DetectorTricks::DetectorTricks(const DetectorRun& run, std::int64_t steps_per_epoch)
    : run_(run), general_(run.recipe, run.precision, run.options.seed, run.image_size, steps_per_epoch) {
  const DetectorRecipe& recipe = run.recipe;
  if (recipe.mixup_alpha > 0.0)
    mixup_.emplace(DetectionMixupOptions{.alpha = recipe.mixup_alpha,
                                         .epochs = recipe.epochs,
                                         .off_epochs = recipe.mixup_off_epochs,
                                         .form = recipe.mixup_form},
                   run.options.seed);
  if (recipe.class_smoothing != ClassSmoothingForm::none) class_smoothing_.emplace(recipe.class_smoothing);
}

DetectionOptions DetectorTricks::program_options(std::int64_t classes, std::int64_t maximum_objects) {
  DetectionOptions options;
  options.classes = classes;
  options.normalisation = run_.recipe.normalisation;
  options.element = run_.precision.element;
  if (class_smoothing_) class_smoothing_->apply(options.loss);
  options.maximum_objects = maximum_objects;
  options.update = general_.update_options();
  return options;
}

void DetectorTricks::count(const Context& context, const DetectionBatch& batch, const Program& program) {
  general_.count(context, program, batch.step(), batch.height(), batch.width());
  if (mixup_) mixup_->count(batch.epoch(), batch.partners(), batch.lambdas());
  if (class_smoothing_) {
    const auto classes = batch.object_classes();
    class_smoothing_->count(program,
                            std::count_if(classes.begin(), classes.end(), [](std::int32_t c) { return c >= 0; }));
  }
}

std::vector<Receipt> DetectorTricks::receipts() const {
  std::vector<Receipt> all = general_.receipts();
  if (mixup_) all.push_back(mixup_->receipt());
  if (class_smoothing_) all.push_back(class_smoothing_->receipt());
  return all;
}

void DetectorTricks::restore(std::span<const Receipt> receipts) {
  general_.restore(receipts);
  if (mixup_) mixup_->restore(find_receipt(receipts, mixup_->receipt().trick));
  if (class_smoothing_) class_smoothing_->restore(find_receipt(receipts, class_smoothing_->receipt().trick));
}

}  // namespace sleight
