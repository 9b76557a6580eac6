// The part of a request for a batch that classifiers and detectors share.
#pragma once

#include <cstdint>
#include <vector>

namespace sleight {

struct RequestedBatch {
  std::int64_t epoch = 0;  // part of the key of every random draw
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<std::int64_t> samples;  // [N] indices into the dataset
};

}  // namespace sleight
