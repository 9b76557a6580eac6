#include "tools/common/training_schedule.h"

#include "engine/base/error.h"

namespace sleight {

TrainingSchedule::TrainingSchedule(const ClassifierRun& run, const ClassifierTricks& tricks, std::int64_t pictures)
    : run_(run), tricks_(tricks), pictures_(pictures) {}

bool TrainingSchedule::fill(std::int64_t step, BatchRequest& request) {
  const std::int64_t epoch = step / steps_per_epoch();
  if (epoch >= run_.recipe.epochs) return false;
  if (epoch != ordered_epoch_) {
    order_ = RandomStream(run_.options.seed, RandomPurpose::sample_order, static_cast<std::uint64_t>(epoch))
                 .permutation(pictures_);
    ordered_epoch_ = epoch;
  }
  request.epoch = epoch;
  request.recipe = run_.recipe.training_augmentation;
  const auto first = order_.begin() + (step % steps_per_epoch()) * run_.recipe.batch_size;
  request.samples.assign(first, first + run_.recipe.batch_size);
  tricks_.shape_batch(request, step);
  return true;
}

}  // namespace sleight
