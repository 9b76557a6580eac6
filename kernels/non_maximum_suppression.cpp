#include "kernels/non_maximum_suppression.h"

#include <algorithm>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace sleight::kernels {

void check_arguments(const NonMaximumSuppression& arguments) {
  const auto require = [](bool condition, const std::string& what) {
    if (!condition) throw std::invalid_argument("non_maximum_suppression: " + what);
  };
  require(
      arguments.candidates >= 1 && arguments.candidates <= maximum_candidates,
      std::to_string(arguments.candidates) + " candidates; there can be 1 to " + std::to_string(maximum_candidates));
  require(arguments.detections >= 1, std::to_string(arguments.detections) + " detections; give at least 1");
  require(arguments.score_threshold >= 0,
          "score threshold " + std::to_string(arguments.score_threshold) + "; it must be at least 0");
  require(arguments.overlap_threshold == arguments.overlap_threshold, "the overlap threshold is NaN");
  require(arguments.places * arguments.classes < (std::int64_t{1} << 32),
          std::to_string(arguments.places) + " places with " + std::to_string(arguments.classes) +
              " classes are too many: the product must be below 2^32");
}

namespace {

// The best keys of one image in their order, as many as fit; returns how many. A heap of the best so far, its lowest on
// top.
std::size_t select_best(const NonMaximumSuppression& arguments, const float* boxes, const float* scores,
                        std::span<std::uint64_t> best) {
  const float threshold = static_cast<float>(arguments.score_threshold);
  const std::size_t limit = best.size();
  std::size_t count = 0;
  const auto heap_end = [&] { return best.begin() + static_cast<std::ptrdiff_t>(count); };
  for (std::int64_t place = 0; place < arguments.places; ++place) {
    for (std::int64_t k = 0; k < arguments.classes; ++k) {
      const float score = scores[place * arguments.classes + k];
      if (!(score > threshold)) continue;
      const std::uint64_t key = candidate_key(score, static_cast<std::uint32_t>(k * arguments.places + place));
      if (count == limit && key < best.front()) continue;
      if (!is_finite_box(boxes + place * 4)) continue;
      if (count == limit) {
        std::pop_heap(best.begin(), heap_end(), std::greater<>());
        --count;
      }
      best[count++] = key;
      std::push_heap(best.begin(), heap_end(), std::greater<>());
    }
  }
  std::sort_heap(best.begin(), heap_end(), std::greater<>());
  return count;
}

void detect(const NonMaximumSuppression& arguments, std::int64_t image) {
  const float* const boxes = arguments.boxes + image * arguments.places * 4;
  const float* const scores = arguments.scores + image * arguments.places * arguments.classes;
  std::vector<std::uint64_t> best(static_cast<std::size_t>(arguments.candidates));
  const std::size_t count = select_best(arguments, boxes, scores, best);

  struct Kept {
    std::int64_t class_index;
    BoxCorners<float> box;
  };
  std::vector<Kept> kept;
  float* row = arguments.found + image * arguments.detections * DetectionColumn::count;
  for (std::size_t i = 0; i < count && std::ssize(kept) < arguments.detections; ++i) {
    const std::int64_t class_and_place = class_and_place_of(best[i]);
    const std::int64_t class_index = class_and_place / arguments.places;
    const float* const box = boxes + class_and_place % arguments.places * 4;
    const Kept candidate{class_index, corners_of(box)};
    const bool suppressed = std::ranges::any_of(kept, [&](const Kept& other) {
      return other.class_index == class_index && suppresses(other.box, candidate.box, arguments.overlap_threshold);
    });
    if (suppressed) continue;
    kept.push_back(candidate);
    row[DetectionColumn::class_index] = static_cast<float>(class_index);
    row[DetectionColumn::score] = score_of(best[i]);
    std::copy(box, box + 4, row + DetectionColumn::left);
    row += DetectionColumn::count;
  }
  arguments.counts[image] = static_cast<std::int32_t>(kept.size());
  for (std::int64_t unused = std::ssize(kept); unused < arguments.detections; ++unused, row += DetectionColumn::count) {
    row[DetectionColumn::class_index] = -1.0F;
    std::fill(row + DetectionColumn::score, row + DetectionColumn::count, 0.0F);
  }
}

}  // namespace

void non_maximum_suppression(Cpu, const NonMaximumSuppression& arguments) {
  check_arguments(arguments);
#pragma omp parallel for schedule(dynamic)
  for (std::int64_t image = 0; image < arguments.batch; ++image)
    detect(arguments, image);
}

}  // namespace sleight::kernels
