// Batches of prepared images with boxes, made ahead of their use by worker threads: the counterpart of
// engine/data/classifier/loader.h, with the same ring, options and guarantees. A sample depends on (dataset, seed,
// epoch, index, partner, lambda, size, recipe) alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/data/detector/augmentation.h"
#include "engine/data/detector/batch_view.h"
#include "engine/data/detector/box_transform.h"
#include "engine/data/detector/dataset.h"
#include "engine/data/loader/loader_options.h"
#include "engine/data/loader/slot_lease.h"
#include "engine/data/loader/requested_batch.h"

namespace sleight {

// One batch. The schedule receives it with default values; its vectors keep their capacity.
struct DetectorBatchRequest : RequestedBatch {
  DetectorAugmentation recipe;
  // Detection mixup: both images are pasted, unresized, into the upper left corner of a black canvas with the larger
  // width and the larger height, blended with lambda and 1 - lambda. All other steps apply to the canvas.
  std::vector<std::int64_t> partners;  // [N] indices into the dataset, -1: none; empty: none at all
  std::vector<float> lambdas;          // [N] share of the sample's own image; 1: no mixup; empty: all 1
  bool weigh_objects = true;           // an object's weight is its image's share; false: 1 (darknet)
};

// Fills the request of step `step`. false: the step does not exist, and the batches end before it. Called once for each
// step, in order, by one thread at a time, but from the loader's threads: it should be a pure function of the step.
using DetectorBatchSchedule = std::function<bool(std::int64_t step, DetectorBatchRequest& request)>;

// One borrowed batch. Its destructor returns the slot to the ring and invalidates every span. Must not outlive the
// loader. N = size(), H = height(), W = width(), M = maximum_objects().
class DetectorBatch {
 public:
  std::int64_t step() const;
  std::int64_t epoch() const;
  std::int64_t size() const;
  std::int64_t height() const;
  std::int64_t width() const;
  std::int64_t maximum_objects() const;
  std::span<const std::uint8_t> images() const;  // [N, H, W, 3] red, green, blue; not mirrored yet
  std::span<const std::int32_t> flips() const;   // [N] 1: mirror this image left to right
  // The objects that stayed, packed at the front of each image's M places, the sample's own first. The remaining places
  // hold zeros and class -1.
  std::span<const float> object_boxes() const;           // [N, M, 4], mirrored already where flips says so
  std::span<const std::int32_t> object_classes() const;  // [N, M]
  std::span<const float> object_weights() const;         // [N, M]
  std::span<const std::int32_t> object_counts() const;   // [N]
  std::span<const std::int64_t> samples() const;         // [N] the requested indices
  std::span<const std::int64_t> sources() const;         // [N] the indices used: they differ where an image is broken
  std::span<const std::int64_t> partners() const;        // [N] the indices used, -1 for none
  std::span<const float> lambdas() const;                // [N] the shares used, 1 without a partner
  std::span<const ImageSize> image_sizes() const;        // [N] of the stored source images
  // [N] from the source's pixels to the batch's before mirroring: maps detections back to the image.
  std::span<const BoxTransform> transforms() const;
  // Whether place i holds a replacement of the requested image.
  bool is_replaced(std::int64_t i) const { return sources()[i] != samples()[i]; }
  // The input of a training step; valid as long as the batch.
  operator DetectorBatchView() const;

 private:
  friend class DetectorLoader;
  struct Slot;
  DetectorBatch(SlotLease lease, const Slot* slot) : lease_(std::move(lease)), slot_(slot) {}

  SlotLease lease_;
  const Slot* slot_;
};

// M for a dataset: the largest number of objects in an image, twice that with mixup, and 1 at least.
std::int64_t maximum_objects_of(const DetectorDataset& dataset, bool with_mixup);

// A broken image is replaced as in the classifier's loader, together with its objects. A broken partner is replaced by
// the next readable image that is not the sample's own; without one, the sample is not mixed.
class DetectorLoader {
 public:
  // The dataset must outlive the loader. maximum_objects: M of every batch. Throws Error for invalid options.
  DetectorLoader(const DetectorDataset& dataset, DetectorBatchSchedule schedule, LoaderOptions options,
                 std::int64_t maximum_objects);
  // At any time: finishes the images in progress, drops the rest, joins the threads.
  ~DetectorLoader();
  DetectorLoader(const DetectorLoader&) = delete;
  DetectorLoader& operator=(const DetectorLoader&) = delete;

  // As Loader::next. Throws Error, naming the image, if it has more than M objects. The partner's objects count, and
  // objects that the crop cuts away count too, so that a stop does not depend on a draw.
  std::optional<DetectorBatch> next();

  LoaderStatistics statistics() const;
  // In order of index.
  std::vector<BrokenImage> broken_images() const;

 private:
  struct Batches;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sleight
