// In which order a training visits its dataset: which samples each step has, and which of them each rank.
//
// Each epoch visits the samples in a new random order and leaves out what does not fill a batch. Batch b of an epoch is
// the order's places [b * batch_size, (b + 1) * batch_size); of those, rank r of R has the r-th of R equal slices. So
// the ranks' samples, one rank after the other, are those of one rank with the same batch.
#pragma once

#include <cstdint>
#include <vector>

namespace sleight {

// Where a step is in its training.
struct StepPlace {
  std::int64_t step = 0;   // over the whole training, from 0
  std::int64_t epoch = 0;  // from 0
  std::int64_t step_in_epoch = 0;
};

class EpochOrder {
 public:
  // batch_size: of all ranks together. Throws Error for numbers that make no sense, samples that do not fill one batch,
  // and a batch that the ranks cannot share equally.
  EpochOrder(std::uint64_t seed, std::int64_t samples, std::int64_t batch_size, std::int64_t rank = 0,
             std::int64_t ranks = 1);

  std::int64_t steps_per_epoch() const { return samples_ / batch_size_; }
  StepPlace place_of(std::int64_t step) const;

  // Replaces what is in `samples`, keeping its memory, by those of this rank, batch_size / ranks of them. A pure function
  // of the constructor's numbers and the step; the order of the last epoch asked for is kept, so one caller at a time.
  void fill(std::int64_t step, std::vector<std::int64_t>& samples);

 private:
  std::uint64_t seed_;
  std::int64_t samples_, batch_size_, rank_, ranks_;
  std::int64_t ordered_epoch_ = -1;
  std::vector<std::int64_t> order_;
};

}  // namespace sleight
