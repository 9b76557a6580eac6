#include "engine/data/classifier/loader.h"

#include <numeric>

#include "engine/base/error.h"
#include "engine/data/classifier/pipeline.h"
#include "engine/data/classifier/resident_images.h"
#include "engine/data/loader/batch_ring.h"
#include "engine/data/loader/broken_images.h"
#include "engine/value/random.h"

namespace sleight {

struct Batch::Slot {
  std::int64_t step = 0;
  BatchRequest request;
  std::shared_ptr<std::uint8_t> pixels;
  bool pixels_pinned = false;
  std::vector<std::int32_t> labels;
  std::vector<std::int32_t> flips;
  std::vector<std::int32_t> indices, windows;  // of images that live on the device
  std::vector<std::int64_t> sources;
};

// The ring's interface to batches of labeled images.
struct Loader::Batches {
  using Request = BatchRequest;
  using Slot = Batch::Slot;

  struct Worker {
    ImagePipeline pipeline;
    StoredImage stored;
  };

  const Dataset& dataset;
  const LoaderOptions options;
  BrokenImages broken;

  Batches(const Dataset& the_dataset, LoaderOptions the_options)
      : dataset(the_dataset), options(std::move(the_options)), broken(dataset, options) {
    check_loader_options(options, dataset.size());
    check(!is_resident() || options.resident_sources.size() == static_cast<std::size_t>(dataset.size()), "there are ",
          options.resident_sources.size(), " images on the device for a dataset of ", dataset.size());
  }

  std::vector<Slot> make_slots() const {
    const std::size_t batch = static_cast<std::size_t>(options.maximum_batch_size);
    std::vector<Slot> slots(static_cast<std::size_t>(options.slots));
    for (Slot& slot : slots) {
      if (is_resident()) {
        slot.indices.reserve(batch);
        slot.windows.reserve(2 * batch);
      } else {
        slot.pixels = allocate_slot_pixels(options);
        slot.pixels_pinned = options.allocate_pixels != nullptr;
      }
      slot.request.samples.reserve(batch);
      slot.request.partners.reserve(batch);
      slot.request.lambdas.reserve(batch);
      slot.labels.reserve(batch);
      slot.flips.reserve(batch);
      slot.sources.reserve(batch);
    }
    return slots;
  }

  std::size_t size(const Slot& slot) const { return slot.request.samples.size(); }

  bool is_resident() const { return !options.resident_sources.empty(); }

  void clear(BatchRequest& request) const {
    request.samples.clear();
    request.partners.clear();
    request.lambdas.clear();
  }

  // Throws Error for an invalid request; fills in the defaults.
  void begin(Slot& slot) const {
    const std::int64_t step = slot.step;
    BatchRequest& request = slot.request;
    const std::size_t count = request.samples.size();
    check_batch_size(options, step, count, request.height, request.width);
    for (const std::int64_t sample : request.samples)
      check(sample >= 0 && sample < dataset.size(), "step ", step, " asks for image ", sample, " of a dataset of ",
            dataset.size());
    check_recipe(request.recipe);
    if (is_resident()) check_resident_recipe(request.recipe);
    if (request.partners.empty()) {
      request.partners.resize(count);
      std::iota(request.partners.begin(), request.partners.end(), 0);
    }
    if (request.lambdas.empty()) request.lambdas.resize(count, 1.0F);
    check(request.partners.size() == count && request.lambdas.size() == count, "step ", step, " has ", count,
          " images, but ", request.partners.size(), " partners and ", request.lambdas.size(), " lambdas");
    for (const std::int32_t partner : request.partners)
      check(partner >= 0 && static_cast<std::size_t>(partner) < count, "step ", step, " has partner ", partner,
            " in a batch of ", count);
    for (const float lambda : request.lambdas)
      check(lambda >= 0.0F && lambda <= 1.0F, "step ", step, " has lambda ", lambda, ", which is not within [0, 1]");
    slot.labels.resize(count);
    slot.flips.resize(count);
    slot.sources.resize(count);
    if (is_resident()) {
      slot.indices.resize(count);
      slot.windows.resize(2 * count);
    }
  }

  RandomStream draws_of(const BatchRequest& request, std::int64_t sample) const {
    return {options.seed, RandomPurpose::augmentation, static_cast<std::uint64_t>(request.epoch),
            static_cast<std::uint64_t>(sample)};
  }

  // Makes the draws of prepare(), in the same order, without pixels.
  void describe_window(Slot& slot, std::size_t i, LoaderStatistics& done) const {
    const BatchRequest& request = slot.request;
    const std::int64_t sample = request.samples[i];
    const std::int64_t source = options.resident_sources[sample];
    RandomStream random = draws_of(request, sample);
    PaddedWindow window;
    if (request.recipe.crop == CropKind::padded) window = draw_padded_window(request.recipe, random);
    slot.flips[i] = draw_flip(request.recipe, random) ? 1 : 0;
    slot.indices[i] = static_cast<std::int32_t>(source);
    slot.windows[2 * i] = static_cast<std::int32_t>(window.top);
    slot.windows[2 * i + 1] = static_cast<std::int32_t>(window.left);
    slot.labels[i] = dataset.label(source);
    slot.sources[i] = source;
    if (source != sample) ++done.replaced;
  }

  void prepare(Slot& slot, std::size_t i, Worker& worker, LoaderStatistics& done) {
    if (is_resident()) {
      describe_window(slot, i, done);
      return;
    }
    const BatchRequest& request = slot.request;
    const std::int64_t sample = request.samples[i];
    const std::int64_t row_bytes = request.width * 3;
    const MutableImageView destination{slot.pixels.get() + static_cast<std::int64_t>(i) * request.height * row_bytes,
                                       request.height, request.width, row_bytes};
    for (std::int64_t attempt = 0; attempt < dataset.size(); ++attempt) {
      const std::int64_t source = (sample + attempt) % dataset.size();
      try {
        const auto start = std::chrono::steady_clock::now();
        dataset.read(source, worker.stored);
        done.reading += nanoseconds_since(start);
        RandomStream random = draws_of(request, sample);
        const PipelineTimes before = worker.pipeline.times();
        slot.flips[i] = worker.pipeline.prepare(worker.stored, request.recipe, random, destination) ? 1 : 0;
        done.decoding += worker.pipeline.times().decoding - before.decoding;
        done.augmenting += worker.pipeline.times().augmenting - before.augmenting;
        slot.labels[i] = dataset.label(source);
        slot.sources[i] = source;
        if (attempt > 0) ++done.replaced;
        return;
      } catch (const Error& problem) {
        broken.add(source, problem.what());
      }
    }
    broken.none_is_readable();
  }
};

struct Loader::State {
  Batches batches;
  BatchRing<Batches> ring;

  State(const Dataset& dataset, BatchSchedule schedule, LoaderOptions options)
      : batches(dataset, std::move(options)),
        ring(batches, batches.make_slots(), std::move(schedule), batches.options) {}
};

Loader::Loader(const Dataset& dataset, BatchSchedule schedule, LoaderOptions options)
    : state_(std::make_unique<State>(dataset, std::move(schedule), std::move(options))) {
  state_->ring.start();
}

Loader::~Loader() = default;

std::optional<Batch> Loader::next() {
  const Batch::Slot* slot = state_->ring.next();
  if (slot == nullptr) return std::nullopt;
  return Batch(SlotLease(&state_->ring, state_->ring.position_of(slot->step)), slot);
}

LoaderStatistics Loader::statistics() const {
  return state_->ring.statistics();
}

std::vector<BrokenImage> Loader::broken_images() const {
  return state_->batches.broken.list();
}

std::int64_t Batch::step() const {
  return slot_->step;
}
std::int64_t Batch::epoch() const {
  return slot_->request.epoch;
}
std::int64_t Batch::size() const {
  return static_cast<std::int64_t>(slot_->request.samples.size());
}
std::int64_t Batch::height() const {
  return slot_->request.height;
}
std::int64_t Batch::width() const {
  return slot_->request.width;
}
std::span<const std::uint8_t> Batch::images() const {
  if (slot_->pixels == nullptr) return {};
  return {slot_->pixels.get(), static_cast<std::size_t>(size() * height() * width() * 3)};
}
std::span<const std::int32_t> Batch::indices() const {
  return slot_->indices;
}
std::span<const std::int32_t> Batch::windows() const {
  return slot_->windows;
}
std::span<const std::int32_t> Batch::labels() const {
  return slot_->labels;
}
std::span<const std::int32_t> Batch::flips() const {
  return slot_->flips;
}
std::span<const std::int32_t> Batch::partners() const {
  return slot_->request.partners;
}
std::span<const float> Batch::lambdas() const {
  return slot_->request.lambdas;
}
std::span<const std::int64_t> Batch::samples() const {
  return slot_->request.samples;
}
std::span<const std::int64_t> Batch::sources() const {
  return slot_->sources;
}
Batch::operator BatchView() const {
  return {.size = size(),
          .height = height(),
          .width = width(),
          .images = images(),
          .labels = labels(),
          .flips = flips(),
          .partners = partners(),
          .lambdas = lambdas(),
          .images_pinned = slot_->pixels_pinned,
          .indices = indices(),
          .windows = windows()};
}

}  // namespace sleight
