// Batches of prepared images, made ahead of their use by worker threads.
//
// The caller's schedule defines each batch. Workers read, decode, crop, resize and color its images directly into one
// of a ring of slots; next() returns the slots in the order of steps. All memory is allocated at the start or during
// the first batches. An image depends on (dataset, seed, epoch, index, size, recipe) alone: the number of threads
// changes only the speed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/data/classifier/augmentation.h"
#include "engine/data/classifier/batch_view.h"
#include "engine/data/classifier/dataset.h"
#include "engine/data/loader/loader_options.h"
#include "engine/data/loader/slot_lease.h"
#include "engine/data/loader/requested_batch.h"

namespace sleight {

// One batch. The schedule receives it with empty vectors that keep the memory of earlier batches.
struct BatchRequest : RequestedBatch {
  ClassifierAugmentation recipe;
  std::vector<std::int32_t> partners;  // [N] positions in this batch; empty: each image is its own partner
  std::vector<float> lambdas;          // [N] weight of the image itself, 1 - lambda of its partner; empty: all 1
};

// Fills the request of step `step`. false: the step does not exist, and the batches end before it. Called once for each
// step, in order, by one thread at a time, but from the loader's threads: it should be a pure function of the step.
using BatchSchedule = std::function<bool(std::int64_t step, BatchRequest& request)>;

// One borrowed batch. Its destructor returns the slot to the ring and invalidates every span. Must not outlive the
// Loader. N = size(), H = height(), W = width().
class Batch {
 public:
  std::int64_t step() const;
  std::int64_t epoch() const;
  std::int64_t size() const;
  std::int64_t height() const;
  std::int64_t width() const;
  // [N, H, W, 3] red, green, blue; not flipped or blended yet: flip and mixup are applied with the normalization.
  std::span<const std::uint8_t> images() const;
  // Instead of images: see LoaderOptions::resident_sources and BatchView.
  std::span<const std::int32_t> indices() const;
  std::span<const std::int32_t> windows() const;
  std::span<const std::int32_t> labels() const;    // [N]
  std::span<const std::int32_t> flips() const;     // [N] 1: mirror this image left to right
  std::span<const std::int32_t> partners() const;  // [N] position in this batch
  std::span<const float> lambdas() const;          // [N]
  std::span<const std::int64_t> samples() const;   // [N] the requested indices
  std::span<const std::int64_t> sources() const;   // [N] the indices used: they differ where an image is broken
  // Whether place i holds a replacement of the requested image.
  bool is_replaced(std::int64_t i) const { return sources()[i] != samples()[i]; }
  // The input of a training step; valid as long as the batch.
  operator BatchView() const;

 private:
  friend class Loader;
  struct Slot;
  Batch(SlotLease lease, const Slot* slot) : lease_(std::move(lease)), slot_(slot) {}

  SlotLease lease_;
  const Slot* slot_;
};

// A broken image (unreadable, truncated, not JPEG or PNG, too large) is replaced by the next readable image of the
// dataset, counting up and wrapping around. The replacement has its own label and uses the draws of the requested
// index. Each broken image is counted once and recorded by name; too many stop the run (LoaderOptions::broken_share).
class Loader {
 public:
  // The dataset must outlive the loader. Throws Error for invalid options.
  Loader(const Dataset& dataset, BatchSchedule schedule, LoaderOptions options);
  // At any time: finishes the images in progress, drops the rest, joins the threads.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Waits for the next batch in order of steps; empty after the schedule has ended. For one consumer thread. Step s
  // needs the slot of step s - slots: it is an Error to request it while that batch is still borrowed. Rethrows what a
  // worker or the schedule threw; the loader is finished then and throws the same again.
  std::optional<Batch> next();

  LoaderStatistics statistics() const;
  // In order of index.
  std::vector<BrokenImage> broken_images() const;

 private:
  struct Batches;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sleight
