// The reader of detections on any text, COCO's results alone among it: it accepts or throws Error, and what it accepts
// can be scored and comes back from a file of our own.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/base/error.h"
#include "engine/metrics/detection_metrics.h"
#include "engine/metrics/detections_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const sleight::IdMeanings meanings{.images = {{1, "a.jpg"}, {2, "b.jpg"}}, .classes = {{1, "cat"}, {3, "dog"}}};
  try {
    const sleight::DetectionsFile file =
        sleight::detections_from_json({reinterpret_cast<const char*>(data), size}, "input", meanings);
    const sleight::DetectionsFile again =
        sleight::detections_from_json(sleight::detections_to_json(file), "written again");
    if (again.images != file.images || again.class_names != file.class_names || again.unreadable != file.unreadable ||
        again.detections.size() != file.detections.size())
      std::abort();
    sleight::GroundTruth truth{
        .images = static_cast<std::int64_t>(file.images.size()), .class_names = file.class_names, .objects = {}};
    for (const sleight::Detection& detection : file.detections)
      truth.objects.push_back({detection.image, {.box = detection.box, .class_index = detection.class_index}});
    const sleight::CocoMetrics metrics = sleight::coco_metrics(truth, file.detections);
    if (metrics.numbers.average_recall_100 && !(*metrics.numbers.average_recall_100 <= 1.0)) std::abort();
  } catch (const sleight::Error&) {
  }
  return 0;
}
