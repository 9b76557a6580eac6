// Batches of prepared images, made by worker threads ahead of their use.
//
// The caller's schedule says what each batch is; workers read, decode, crop, resize and color its images straight
// into one of a ring of slots; next() hands the slots out in the order of steps. All memory is taken at the start or
// during the first batches: afterwards nothing is allocated. An image depends on (dataset, seed, epoch, index, size,
// recipe) alone: the number of threads changes nothing but time.
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

// What one batch is. Given to the schedule with its vectors empty but with the memory of earlier batches.
struct BatchRequest : RequestedBatch {
  ClassifierAugmentation recipe;
  std::vector<std::int32_t> partners;  // [N] positions in this batch to blend with; empty: each is its own partner
  std::vector<float> lambdas;          // [N] weight of the image itself, 1 - lambda of its partner; empty: all 1
};

// Fills the request of step `step`; false: there is no such step and the run of batches ends before it. Called once for
// each step, in order, never twice at once, but from the loader's threads: a pure function of the step is best.
using BatchSchedule = std::function<bool(std::int64_t step, BatchRequest& request)>;

// One batch, borrowed: its destruction returns the slot to the ring, and every span ends with it. Must not outlive the
// Loader. N = size(), H = height(), W = width().
class Batch {
 public:
  std::int64_t step() const;
  std::int64_t epoch() const;
  std::int64_t size() const;
  std::int64_t height() const;
  std::int64_t width() const;
  // [N, H, W, 3] red, green, blue; not flipped and not blended yet: flip and mixup are applied with the normalization.
  std::span<const std::uint8_t> images() const;
  // Instead of images: see LoaderOptions::resident_sources and BatchView.
  std::span<const std::int32_t> indices() const;
  std::span<const std::int32_t> windows() const;
  std::span<const std::int32_t> labels() const;    // [N]
  std::span<const std::int32_t> flips() const;     // [N] 1: mirror this image left to right
  std::span<const std::int32_t> partners() const;  // [N] position in this batch
  std::span<const float> lambdas() const;          // [N]
  std::span<const std::int64_t> samples() const;   // [N] the indices asked for
  std::span<const std::int64_t> sources() const;   // [N] the indices used: different where an image is broken
  // Whether place i holds another image than the one asked for.
  bool is_replaced(std::int64_t i) const { return sources()[i] != samples()[i]; }
  // What a step takes; valid as long as the batch.
  operator BatchView() const;

 private:
  friend class Loader;
  struct Slot;
  Batch(SlotLease lease, const Slot* slot) : lease_(std::move(lease)), slot_(slot) {}

  SlotLease lease_;
  const Slot* slot_;
};

// A broken image (unreadable, truncated, not JPEG or PNG, too large) is replaced by the next readable one of the
// dataset, counting up and around from its index, with that one's label and the draws of the index asked for. It is
// counted once and remembered by name; too many stop the run (LoaderOptions::broken_share).
class Loader {
 public:
  // The dataset must outlive the loader. Throws Error for options that make no sense.
  Loader(const Dataset& dataset, BatchSchedule schedule, LoaderOptions options);
  // At any time: finishes the images being made, drops the rest, joins the threads.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // The next batch in order of steps, waiting for it if need be; nothing when the schedule has ended. For one consumer
  // thread. Step s needs the slot of step s - slots: asking for it while that batch is still held is an Error.
  // Throws what a worker or the schedule threw; the loader is finished then and throws the same again.
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
