#include "tools/detector/loaded_detector.h"

#include <algorithm>

#include "engine/base/log.h"
#include "engine/device/compute_threads.h"
#include "engine/metrics/detections_file.h"
#include "engine/run/detector/found_limits.h"
#include "engine/run/detector/weights.h"
#include "engine/run/image_messages.h"
#include "models/detector.h"

namespace sleight {

void DetectorUse::declare(OptionList& options) {
  weights.declare(options);
  options.add("score-threshold", found.score_threshold, "Detections below it are left out")
      .unit("SCORE")
      .range(0.0, 1.0);
  options
      .add("overlap", found.overlap_threshold,
           "Of two boxes of one class that overlap more than this, the surer one stays")
      .unit("IOU")
      .range(0.0, 1.0);
  declare_found_limits(options, found);
  options.add("batch-size", batch_size, "Images at a time").unit("IMAGES").range(1, 4096);
  device.declare(options);
}

LoadedDetector::LoadedDetector(const DetectorUse& use)
    : use_(use),
      description_(use.weights.describe()),
      precision_(use.device.parsed_precision()),
      context_(use.device.name, 1, precision_.device_options()),
      detector_(context_, function_of(description_.configuration),
                program_options(description_, precision_, use.found)) {
  set_compute_threads(use.device.threads);
  warn_if_slow(precision_, context_.device);
}

FoundInImages LoadedDetector::find_in(const DetectorDataset& dataset, int loader_threads) {
  const std::int64_t batch_size = std::min(use_.batch_size, dataset.size());
  // The plan puts the parameters into the store, where the weights go.
  detector_.learner().plan(ProgramUse::evaluation, {batch_size, description_.image_size, description_.image_size});
  load_detector_weights(*description_.model, use_.weights.path, "", context_.store);
  FoundInImages found = detect_all(detector_, dataset,
                                   {.batch_size = batch_size,
                                    .image_size = description_.image_size,
                                    .loader_threads = loader_threads,
                                    .recipe = evaluation_recipe_of(description_)});
  log_broken(found.broken);
  return found;
}

void write_found(const std::string& path, const ImageSource& source, const FoundInImages& found) {
  DetectionsFile file{.images = {},
                      .class_names = source.class_names(),
                      .detections = found.plain,
                      .unreadable = positions_of(found.broken)};
  for (std::int64_t i = 0; i < source.size(); ++i)
    file.images.push_back(source.name(i));
  write_detections(path, file);
  log_info("wrote ", path);
}

}  // namespace sleight
