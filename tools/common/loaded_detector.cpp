#include "tools/common/loaded_detector.h"

#include <algorithm>

#include "engine/base/log.h"
#include "engine/train/detections_file.h"
#include "models/detector.h"
#include "tools/common/broken_pictures.h"
#include "tools/common/detector_weights.h"

namespace sleight {

void DetectorUse::declare(CommandLine& command_line) {
  weights.declare(command_line);
  command_line.add_option("--score-threshold", found.score_threshold, "Detections below it are left out")
      .range(0.0, 1.0);
  command_line
      .add_option("--overlap", found.overlap_threshold,
                  "Of two boxes of one class that overlap more than this, the surer one stays")
      .range(0.0, 1.0);
  command_line.add_option("--batch-size", batch_size, "Pictures at a time").range(1, 4096);
  command_line.add_option("--device", device, "cpu, cuda (cuda:1 for the second GPU) or simt");
  add_precision_option(command_line, precision);
  command_line.add_option("--threads", threads, "Compute threads; 0: one per core");
}

LoadedDetector::LoadedDetector(const DetectorUse& use)
    : use_(use),
      description_(use.weights.describe()),
      precision_(parse_precision(use.precision, use.device)),
      context_(use.device, 1, precision_.device_options()),
      detector_(context_, function_of(description_.configuration),
                program_options(description_, precision_, use.found)) {
  set_compute_threads(use.threads);
  warn_if_slow(precision_, context_.device);
}

FoundInPictures LoadedDetector::find_in(const DetectionDataset& dataset, int loader_threads) {
  const std::int64_t batch_size = std::min(use_.batch_size, dataset.size());
  // The plan puts the parameters into the store, where the weights go.
  detector_.learner().plan(ProgramUse::evaluation, {batch_size, description_.image_size, description_.image_size});
  load_detector_weights(*description_.model, use_.weights.path, "", context_.store);
  FoundInPictures found = detect_all(detector_, dataset,
                                     {.batch_size = batch_size,
                                      .image_size = description_.image_size,
                                      .loader_threads = loader_threads,
                                      .recipe = evaluation_recipe_of(description_)});
  log_broken(found.broken);
  return found;
}

void write_found(const std::string& path, const PictureSource& source, const FoundInPictures& found) {
  DetectionsFile file{.pictures = {},
                      .class_names = source.class_names(),
                      .detections = found.plain,
                      .unreadable = positions_of(found.broken)};
  for (std::int64_t i = 0; i < source.size(); ++i)
    file.pictures.push_back(source.name(i));
  write_detections(path, file);
  log_info("wrote ", path);
}

}  // namespace sleight
