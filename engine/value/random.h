// Random draws that are a pure function of what they are for: (seed, purpose, epoch, index). Two runs, two ranks or two
// threads that ask for the same thing get the same numbers, and nothing is kept between runs.
#pragma once

#include <cstdint>
#include <vector>

namespace sleight {

// One purpose per independent use, so that adding a draw to one never shifts another.
enum class RandomPurpose : std::uint32_t {
  parameters,      // initial weights
  sample_order,    // the permutation of an epoch
  augmentation,    // crop, flip, color of one sample
  mixup,           // partner and lambda of a batch
  training_shape,  // size of a batch
  synthetic,       // generated images
  anchors,         // the first ones of a search
  test,
};

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, RandomPurpose purpose, std::uint64_t epoch = 0, std::uint64_t index = 0);

  std::uint32_t bits();
  double uniform();                                           // [0, 1), 53 bits
  double uniform(double low, double high);                    // [low, high)
  std::int64_t below(std::int64_t count);                     // 0 .. count-1, unbiased; count >= 1
  double normal();                                            // mean 0, standard deviation 1 (Box-Muller)
  double gamma(double shape);                                 // scale 1, shape > 0 (Marsaglia and Tsang 2000)
  double beta(double alpha, double beta);                     // both > 0
  std::vector<std::int64_t> permutation(std::int64_t count);  // Fisher-Yates

 private:
  std::uint64_t key_;
  std::uint64_t counter_high_;
  std::uint64_t counter_low_ = 0;
  std::uint32_t words_[4] = {};
  int available_ = 0;
};

}  // namespace sleight
