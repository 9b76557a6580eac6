// What each batch is, for the loaders of classifiers and of detectors alike. Request: BatchRequest or
// DetectorBatchRequest.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "engine/base/error.h"
#include "engine/data/loader/epoch_order.h"
#include "engine/train/trick_list.h"

namespace sleight {

// Of a training: which images, at which size, mixed how.
template <class Request>
class ClassifierSchedule {
 public:
  using Augmentation = decltype(Request::recipe);

  // The tricks have begun; they must outlive the schedule.
  ClassifierSchedule(const TrickList& tricks, const Augmentation& augmentation)
      : tricks_(tricks),
        augmentation_(augmentation),
        order_(tricks.plan().seed, tricks.plan().images, tricks.plan().batch_size) {
    check(order_.steps_per_epoch() == tricks.plan().steps_per_epoch, "the tricks of a training were told of ",
          tricks.plan().steps_per_epoch, " steps in an epoch, but there are ", order_.steps_per_epoch());
  }

  // The request depends on the step alone. False after the last step. One caller at a time.
  bool fill(std::int64_t step, Request& request) {
    const StepPlace place = order_.place_of(step);
    if (place.epoch >= tricks_.plan().epochs) return false;
    request.epoch = place.epoch;
    request.recipe = augmentation_;
    request.height = request.width = tricks_.plan().image_size;
    order_.fill(step, request.samples);
    tricks_.draw(request, place);
    return true;
  }

 private:
  const TrickList& tricks_;
  Augmentation augmentation_;
  EpochOrder order_;
};

// Of one pass over a dataset, in its order; the last batch has what is left.
template <class Request>
struct EvaluationSchedule {
  std::int64_t images = 0;
  std::int64_t batch_size = 0;
  std::int64_t image_size = 0;  // in pixels
  decltype(Request::recipe) recipe;

  bool operator()(std::int64_t step, Request& request) const {
    const std::int64_t first = step * batch_size;
    const std::int64_t count = std::min(batch_size, images - first);
    if (count <= 0) return false;
    request.height = request.width = image_size;
    request.recipe = recipe;
    request.samples.resize(static_cast<std::size_t>(count));
    std::iota(request.samples.begin(), request.samples.end(), first);
    return true;
  }
};

}  // namespace sleight
