#include "engine/run/detector/found_limits.h"

#include <algorithm>
#include <string>

#include "engine/base/log.h"
#include "engine/base/text.h"
#include "kernels/non_maximum_suppression.h"

namespace sleight {

ops::DetectionParameters default_detection_parameters(double score_threshold) {
  return {.score_threshold = score_threshold, .candidates = 1000, .detections = 300};
}

void declare_found_limits(OptionList& options, ops::DetectionParameters& parameters) {
  options
      .add("most-detections", parameters.detections,
           "Of an image, the surest ones; COCO's numbers look at 100 of them, whatever is said here")
      .unit("DETECTIONS")
      .range(1, kernels::maximum_candidates);
  options
      .add("candidates", parameters.candidates,
           "Of an image, the surest pairs of a place and a class, before those that overlap are left out")
      .unit("CANDIDATES")
      .range(1, kernels::maximum_candidates);
}

void warn_of_more_objects(const DetectorDataset& dataset, const ops::DetectionParameters& parameters) {
  const auto limit = std::min(parameters.detections, parameters.candidates);
  std::int64_t images = 0, most = 0;
  std::string first;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const std::int64_t objects = std::ssize(dataset.objects(i));
    if (objects > limit && images++ == 0) first = dataset.name(i);
    most = std::max(most, objects);
  }
  if (images > 0)
    log_warning(count_of(images, "image has", "images have"), " more objects than the ", limit,
                " that can be found in one, up to ", most, "; raise --most-detections and --candidates. The first is ",
                first);
}

}  // namespace sleight
