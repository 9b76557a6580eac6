#include "tools/common/detection_schedule.h"

#include "engine/base/error.h"
#include "engine/tensor/random.h"

namespace sleight {

DetectionScheduleOptions schedule_options(const DetectorRun& run) {
  DetectionScheduleOptions options{.seed = run.options.seed,
                                   .epochs = run.recipe.epochs,
                                   .batch_size = run.recipe.batch_size,
                                   .image_size = run.image_size,
                                   .recipe = run.recipe.training_augmentation};
  if (run.recipe.mixup_alpha > 0.0)
    options.mixup = DetectionMixupOptions{.alpha = run.recipe.mixup_alpha,
                                          .epochs = run.recipe.epochs,
                                          .off_epochs = run.recipe.mixup_off_epochs,
                                          .form = run.recipe.mixup_form};
  options.random_shapes = run.recipe.random_shapes;
  return options;
}

DetectionSchedule::DetectionSchedule(const DetectionScheduleOptions& options, std::int64_t pictures)
    : options_(options), pictures_(pictures) {
  check(options.epochs >= 1 && options.batch_size >= 1 && options.image_size >= 1, "a training of ", options.epochs,
        " epochs with batches of ", options.batch_size, " pictures of ", options.image_size, " pixels is none");
  check(pictures >= options.batch_size, "there are ", pictures, " training pictures, fewer than one batch of ",
        options.batch_size, "; use a smaller --batch-size");
  check_recipe(options.recipe);
  if (options.mixup) mixup_.emplace(*options.mixup, options.seed);
  if (options.random_shapes) random_shapes_.emplace(*options.random_shapes, options.seed);
}

std::vector<std::int64_t> DetectionSchedule::sizes() const {
  return random_shapes_ ? random_shapes_->all_sizes() : std::vector<std::int64_t>{options_.image_size};
}

bool DetectionSchedule::fill(std::int64_t step, DetectionBatchRequest& request) {
  const std::int64_t epoch = step / steps_per_epoch();
  if (epoch >= options_.epochs) return false;
  if (epoch != ordered_epoch_) {
    order_ = RandomStream(options_.seed, RandomPurpose::sample_order, static_cast<std::uint64_t>(epoch))
                 .permutation(pictures_);
    ordered_epoch_ = epoch;
  }
  request.epoch = epoch;
  request.recipe = options_.recipe;
  request.height = request.width = random_shapes_ ? random_shapes_->size_at(step) : options_.image_size;
  const auto first = order_.begin() + (step % steps_per_epoch()) * options_.batch_size;
  request.samples.assign(first, first + options_.batch_size);
  if (mixup_) mixup_->fill(request, pictures_);
  return true;
}

}  // namespace sleight
