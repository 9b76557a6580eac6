// Batches of the detection loader, copied to be compared.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "catch2_adapter.h"
#include "engine/data/detection_loader.h"

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

struct DetectionBatchCopy {
  std::int64_t step, epoch, height, width;
  std::vector<std::uint8_t> images;
  std::vector<std::int32_t> flips, classes, counts;
  std::vector<float> boxes, weights, lambdas;
  std::vector<std::int64_t> samples, sources, partners;
  std::vector<BoxTransform> transforms;

  bool operator==(const DetectionBatchCopy&) const = default;
};

template <class T>
std::vector<T> vector_of(std::span<const T> values) {
  return {values.begin(), values.end()};
}

inline DetectionBatchCopy copy_of(const DetectionBatch& batch) {
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

inline std::vector<DetectionBatchCopy> all_batches(const DetectionDataset& dataset,
                                                   const DetectionBatchSchedule& schedule,
                                                   const LoaderOptions& options) {
  DetectionLoader loader(dataset, schedule, options, maximum_objects_of(dataset, true));
  std::vector<DetectionBatchCopy> batches;
  while (const std::optional<DetectionBatch> batch = loader.next())
    batches.push_back(copy_of(*batch));
  return batches;
}

// One batch of a request.
inline DetectionBatchCopy one_batch(const DetectionDataset& dataset,
                                    const std::function<void(DetectionBatchRequest&)>& fill_request,
                                    std::int64_t largest = 64) {
  const auto batches = all_batches(
      dataset,
      [&](std::int64_t step, DetectionBatchRequest& request) {
        fill_request(request);
        return step == 0;
      },
      small_options(1, largest));
  REQUIRE(batches.size() == 1);
  return batches[0];
}

}  // namespace sleight::test
