#include "engine/data/detector/anchors.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/value/random.h"

namespace sleight {

namespace {

struct Fit {
  std::size_t anchor = 0;
  double intersection_over_union = 0.0;
};

// Ties: the first anchor.
Fit best_fit(const BoxSize& box, std::span<const BoxSize> anchors) {
  Fit best;
  for (std::size_t i = 0; i < anchors.size(); ++i) {
    const double fit = centered_intersection_over_union(box, anchors[i]);
    if (fit > best.intersection_over_union) best = {i, fit};
  }
  return best;
}

void check_boxes(std::span<const BoxSize> boxes, const AnchorOptions& options) {
  check(options.count >= 1 && options.starts >= 1 && options.maximum_iterations >= 1,
        "a search for anchors needs at least one anchor, start and iteration, got ", options.count, ", ",
        options.starts, " and ", options.maximum_iterations);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const auto [width, height] = boxes[i];
    check(std::isfinite(width) && std::isfinite(height) && width > 0.0 && height > 0.0, "box ", i, " is ", width, " x ",
          height, " pixels; anchors can only be found for boxes that have an area");
  }
  std::vector<std::pair<double, double>> sizes;
  for (const BoxSize& box : boxes)
    sizes.emplace_back(box.width, box.height);
  std::sort(sizes.begin(), sizes.end());
  const auto different = std::unique(sizes.begin(), sizes.end()) - sizes.begin();
  check(different >= options.count, count_of(std::ssize(boxes), "box", "boxes"), " of ",
        count_of(different, "different size"), ": too few for ", options.count,
        " anchors; take more images, fewer anchors, or the model's own (--anchors default)");
}

// k-means++: each further anchor is a box, drawn with a probability that grows with its squared distance from the
// anchors so far. A box that is an anchor has distance 0 and is not drawn again.
std::vector<BoxSize> first_anchors(std::span<const BoxSize> boxes, std::int64_t count, RandomStream& random) {
  std::vector<BoxSize> anchors = {boxes[random.below(static_cast<std::int64_t>(boxes.size()))]};
  std::vector<double> chances(boxes.size());
  while (static_cast<std::int64_t>(anchors.size()) < count) {
    double total = 0.0;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const double distance = 1.0 - best_fit(boxes[i], anchors).intersection_over_union;
      chances[i] = distance * distance;
      total += chances[i];
    }
    double left = random.uniform() * total;
    // The last box with a positive probability, in case rounding leaves a remainder.
    std::size_t drawn = boxes.size();
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      if (!(chances[i] > 0.0)) continue;
      drawn = i;
      left -= chances[i];
      if (left < 0.0) break;
    }
    check(drawn < boxes.size(), "the boxes are too similar for ", count, " anchors");
    anchors.push_back(boxes[drawn]);
  }
  return anchors;
}

AnchorSearch search(std::span<const BoxSize> boxes, std::vector<BoxSize> anchors, int maximum_iterations) {
  AnchorSearch best;
  std::vector<std::size_t> owners(boxes.size(), anchors.size());
  for (int iteration = 1; iteration <= maximum_iterations; ++iteration) {
    std::vector<BoxSize> sums(anchors.size());
    std::vector<std::int64_t> counts(anchors.size(), 0);
    double total = 0.0;
    bool moved = false;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const Fit fit = best_fit(boxes[i], anchors);
      moved |= owners[i] != fit.anchor;
      owners[i] = fit.anchor;
      total += fit.intersection_over_union;
      sums[fit.anchor].width += boxes[i].width;
      sums[fit.anchor].height += boxes[i].height;
      ++counts[fit.anchor];
    }
    const double mean = total / static_cast<double>(boxes.size());
    if (iteration == 1 || mean > best.mean_intersection_over_union) best = {anchors, mean, counts, iteration};
    if (!moved) break;
    for (std::size_t i = 0; i < anchors.size(); ++i) {
      // An anchor without boxes stays where it is.
      if (counts[i] == 0) continue;
      const auto count = static_cast<double>(counts[i]);
      anchors[i] = {sums[i].width / count, sums[i].height / count};
    }
  }
  return best;
}

}  // namespace

double centered_intersection_over_union(const BoxSize& a, const BoxSize& b) {
  const double shared = std::min(a.width, b.width) * std::min(a.height, b.height);
  const double united = a.area() + b.area() - shared;
  return shared > 0.0 ? shared / united : 0.0;
}

double mean_best_intersection_over_union(std::span<const BoxSize> boxes, std::span<const BoxSize> anchors) {
  check(!boxes.empty() && !anchors.empty(), "a mean over ", boxes.size(), " boxes and ", anchors.size(), " anchors");
  double total = 0.0;
  for (const BoxSize& box : boxes)
    total += best_fit(box, anchors).intersection_over_union;
  return total / static_cast<double>(boxes.size());
}

AnchorSearch find_anchors(std::span<const BoxSize> boxes, const AnchorOptions& options) {
  check_boxes(boxes, options);
  AnchorSearch best;
  for (int start = 0; start < options.starts; ++start) {
    RandomStream random(options.seed, RandomPurpose::anchors, 0, static_cast<std::uint64_t>(start));
    AnchorSearch found = search(boxes, first_anchors(boxes, options.count, random), options.maximum_iterations);
    if (start == 0 || found.mean_intersection_over_union > best.mean_intersection_over_union) best = std::move(found);
  }
  // Sorts by area; the counts follow their anchors.
  std::vector<std::size_t> order(best.anchors.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return best.anchors[i].area(); });
  AnchorSearch sorted = best;
  for (std::size_t i = 0; i < order.size(); ++i) {
    sorted.anchors[i] = best.anchors[order[i]];
    sorted.boxes_of_anchor[i] = best.boxes_of_anchor[order[i]];
  }
  return sorted;
}

}  // namespace sleight
