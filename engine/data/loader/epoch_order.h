// The order in which a training visits its dataset: the samples of each step, and the share of each rank.
//
// Each epoch visits the samples in a new random order and drops the remainder that does not fill a batch. Batch b of an
// epoch has the order's places [b * batch_size, (b + 1) * batch_size); rank r of R has the r-th of R equal slices of
// the batch. So the ranks' samples, concatenated in rank order, equal those of one rank with the same batch size.
#pragma once

#include <cstdint>
#include <vector>

namespace sleight {

// The place of a step in its training.
struct StepPlace {
  std::int64_t step = 0;   // over the whole training, from 0
  std::int64_t epoch = 0;  // from 0
  std::int64_t step_in_epoch = 0;
};

class EpochOrder {
 public:
  // batch_size: of all ranks together. Throws Error for invalid numbers, for samples that do not fill one batch, and
  // for a batch that the ranks cannot share equally.
  EpochOrder(std::uint64_t seed, std::int64_t samples, std::int64_t batch_size, std::int64_t rank = 0,
             std::int64_t ranks = 1);

  std::int64_t steps_per_epoch() const { return samples_ / batch_size_; }
  StepPlace place_of(std::int64_t step) const;

  // Replaces the contents of `samples`, keeping its memory, with the batch_size / ranks samples of this rank. A pure
  // function of the constructor's numbers and the step. Caches the order of the most recent epoch, so only one thread
  // may call it.
  void fill(std::int64_t step, std::vector<std::int64_t>& samples);

 private:
  std::uint64_t seed_;
  std::int64_t samples_, batch_size_, rank_, ranks_;
  std::int64_t ordered_epoch_ = -1;
  std::vector<std::int64_t> order_;
};

}  // namespace sleight
