#include "engine/data/loader/epoch_order.h"

#include "engine/base/error.h"
#include "engine/value/random.h"

namespace sleight {

EpochOrder::EpochOrder(std::uint64_t seed, std::int64_t samples, std::int64_t batch_size, std::int64_t rank,
                       std::int64_t ranks)
    : seed_(seed), samples_(samples), batch_size_(batch_size), rank_(rank), ranks_(ranks) {
  check(batch_size >= 1, "a batch needs at least one image, got ", batch_size);
  check(ranks >= 1 && rank >= 0 && rank < ranks, "rank ", rank, " of ", ranks, " ranks does not exist");
  check(batch_size % ranks == 0, "a batch of ", batch_size, " images cannot be shared equally by ", ranks,
        " ranks; use a --batch-size that is a multiple of their number");
  check(samples >= batch_size, "there are ", samples, " training images, fewer than one batch of ", batch_size,
        "; use a smaller --batch-size");
}

StepPlace EpochOrder::place_of(std::int64_t step) const {
  return {.step = step, .epoch = step / steps_per_epoch(), .step_in_epoch = step % steps_per_epoch()};
}

void EpochOrder::fill(std::int64_t step, std::vector<std::int64_t>& samples) {
  const StepPlace place = place_of(step);
  if (place.epoch != ordered_epoch_) {
    order_ =
        RandomStream(seed_, RandomPurpose::sample_order, static_cast<std::uint64_t>(place.epoch)).permutation(samples_);
    ordered_epoch_ = place.epoch;
  }
  const std::int64_t share = batch_size_ / ranks_;
  const auto first = order_.begin() + place.step_in_epoch * batch_size_ + rank_ * share;
  samples.assign(first, first + share);
}

}  // namespace sleight
