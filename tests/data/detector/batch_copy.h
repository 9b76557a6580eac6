// Batches of the detection loader, copied to be compared.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "catch2_adapter.h"
#include "engine/data/detector/loader.h"

namespace sleight::test {

inline LoaderOptions small_options(int threads, std::int64_t largest = 32) {
  LoaderOptions options;
  options.seed = 7;
  options.threads = threads;
  options.slots = 3;
  options.maximum_batch_size = 8;
  options.maximum_height = largest;
  options.maximum_width = largest;
  return options;
}

struct DetectorBatchCopy {
  std::int64_t step, epoch, height, width;
  std::vector<std::uint8_t> images;
  std::vector<std::int32_t> flips, classes, counts;
  std::vector<float> boxes, weights, lambdas;
  std::vector<std::int64_t> samples, sources, partners;
  std::vector<BoxTransform> transforms;

  bool operator==(const DetectorBatchCopy&) const = default;
};

template <class T>
std::vector<T> vector_of(std::span<const T> values) {
  return {values.begin(), values.end()};
}

inline DetectorBatchCopy copy_of(const DetectorBatch& batch) {
  return {batch.step(),
          batch.epoch(),
          batch.height(),
          batch.width(),
          vector_of(batch.images()),
          vector_of(batch.flips()),
          vector_of(batch.object_classes()),
          vector_of(batch.object_counts()),
          vector_of(batch.object_boxes()),
          vector_of(batch.object_weights()),
          vector_of(batch.lambdas()),
          vector_of(batch.samples()),
          vector_of(batch.sources()),
          vector_of(batch.partners()),
          vector_of(batch.transforms())};
}

inline std::vector<DetectorBatchCopy> all_batches(const DetectorDataset& dataset, const DetectorBatchSchedule& schedule,
                                                  const LoaderOptions& options) {
  DetectorLoader loader(dataset, schedule, options, maximum_objects_of(dataset, true));
  std::vector<DetectorBatchCopy> batches;
  while (const std::optional<DetectorBatch> batch = loader.next())
    batches.push_back(copy_of(*batch));
  return batches;
}

// One batch of a request.
inline DetectorBatchCopy one_batch(const DetectorDataset& dataset,
                                   const std::function<void(DetectorBatchRequest&)>& fill_request,
                                   std::int64_t largest = 64) {
  const auto batches = all_batches(
      dataset,
      [&](std::int64_t step, DetectorBatchRequest& request) {
        fill_request(request);
        return step == 0;
      },
      small_options(1, largest));
  REQUIRE(batches.size() == 1);
  return batches[0];
}

}  // namespace sleight::test
