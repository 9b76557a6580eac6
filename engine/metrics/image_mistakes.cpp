#include "engine/metrics/image_mistakes.h"

#include <algorithm>
#include <functional>

#include "engine/base/error.h"
#include "engine/metrics/match_detections.h"

namespace sleight {

std::vector<ImageMistakes> image_mistakes(const GroundTruth& truth, std::span<const Detection> detections,
                                          const MistakeOptions& options) {
  check(options.overlap_threshold > 0.0 && options.overlap_threshold <= 1.0, "the overlap threshold is ",
        options.overlap_threshold, "; give a number above 0 and up to 1");
  std::vector<ImageMistakes> images(static_cast<std::size_t>(truth.images));
  for (std::size_t i = 0; i < images.size(); ++i)
    images[i].image = static_cast<std::int64_t>(i);
  for (ClassGroups& one_class : group_detections(truth, detections, options.matching)) {
    for (DetectionGroup& group : one_class.groups) {
      std::erase_if(group.detections,
                    [&](const RankedDetection& one) { return !(one.score >= options.score_threshold); });
      ImageMistakes& mistakes = images[group.image];
      const std::vector<VocMatch> matches = match_voc(group, options.overlap_threshold);
      std::vector<bool> found(group.objects.size(), false);
      for (std::size_t i = 0; i < matches.size(); ++i) {
        if (matches[i].verdict == Verdict::true_positive) found[matches[i].object] = true;
        if (matches[i].verdict == Verdict::false_positive)
          mistakes.false_positives.push_back(group.detections[i].position);
      }
      for (std::size_t i = 0; i < group.objects.size(); ++i)
        if (!found[i] && !group.objects[i].is_ignored) mistakes.missed.push_back(group.objects[i].position);
    }
  }
  for (ImageMistakes& mistakes : images) {
    std::ranges::stable_sort(mistakes.false_positives, std::greater{},
                             [&](std::size_t position) { return detections[position].score; });
    std::ranges::sort(mistakes.missed);
  }
  return images;
}

std::vector<ImageMistakes> worst_images(std::vector<ImageMistakes> images, std::size_t count) {
  std::erase_if(images, [](const ImageMistakes& one) { return one.count() == 0; });
  std::ranges::stable_sort(images, std::greater{}, &ImageMistakes::count);
  if (images.size() > count) images.resize(count);
  return images;
}

}  // namespace sleight
