#include "engine/data/loader.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>

#include "engine/base/error.h"
#include "engine/data/broken_pictures.h"
#include "engine/data/picture_pipeline.h"
#include "engine/data/resident_pictures.h"
#include "engine/tensor/random.h"

namespace sleight {

namespace {

using Clock = std::chrono::steady_clock;

std::int64_t nanoseconds_since(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
}

std::shared_ptr<std::uint8_t> allocate_ordinary(std::size_t bytes) {
  const auto memory = std::make_shared<std::vector<std::uint8_t>>(bytes);
  return {memory, memory->data()};
}

enum class SlotStatus : std::uint8_t { free, filling, ready, borrowed };

struct Slot {
  SlotStatus status = SlotStatus::free;
  std::int64_t step = 0;
  BatchRequest request;
  std::shared_ptr<std::uint8_t> pixels;
  std::vector<std::int32_t> labels;
  std::vector<std::int32_t> flips;
  std::vector<std::int32_t> indices, windows;  // of pictures that live on the device
  std::vector<std::int64_t> sources;
  std::size_t started = 0;   // pictures given to workers
  std::size_t finished = 0;  // pictures done

  std::size_t size() const { return request.samples.size(); }
};

}  // namespace

struct Loader::State {
  const Dataset& dataset;
  const BatchSchedule schedule;
  const LoaderOptions options;
  BrokenPictures broken;

  mutable std::mutex mutex;  // guards everything below
  std::condition_variable work_changed;
  std::condition_variable batch_changed;
  std::vector<Slot> slots;  // step s lives in slot s % slots
  std::int64_t next_scheduled;
  std::int64_t next_delivered;
  bool is_scheduling = false;  // one thread is in the schedule, without the lock
  bool has_ended = false;      // next_scheduled is the first step that does not exist
  bool is_stopping = false;
  std::exception_ptr error;
  LoaderStatistics statistics;
  std::vector<std::thread> threads;

  State(const Dataset& the_dataset, BatchSchedule the_schedule, LoaderOptions the_options)
      : dataset(the_dataset),
        schedule(std::move(the_schedule)),
        options(std::move(the_options)),
        broken(dataset, options),
        next_scheduled(options.first_step),
        next_delivered(options.first_step) {
    check(dataset.size() > 0, "the loader's dataset has no pictures");
    check(schedule != nullptr, "the loader has no schedule");
    check(options.threads >= 1 && options.threads <= 1024, "the loader needs 1 to 1024 threads, not ", options.threads);
    check(options.slots >= 2, "the loader needs at least 2 slots, not ", options.slots,
          ": one to be filled while another is used");
    check(options.first_step >= 0, "the loader's first step must not be negative: ", options.first_step);
    check(options.maximum_batch_size > 0 && options.maximum_height > 0 && options.maximum_width > 0,
          "the loader's largest batch must be given: it is ", options.maximum_batch_size, " pictures of ",
          options.maximum_width, " x ", options.maximum_height);
    check(options.broken_share >= 0.0 && options.broken_share <= 1.0 && options.broken_minimum >= 0,
          "the share of broken pictures must lie within [0, 1] and their number not be negative, not ",
          options.broken_share, " and ", options.broken_minimum);
    check(!is_resident() || options.resident_sources.size() == static_cast<std::size_t>(dataset.size()), "there are ",
          options.resident_sources.size(), " pictures on the device for a dataset of ", dataset.size());
    const std::size_t batch = static_cast<std::size_t>(options.maximum_batch_size);
    const std::size_t bytes = batch * static_cast<std::size_t>(options.maximum_height * options.maximum_width) * 3;
    slots.resize(static_cast<std::size_t>(options.slots));
    for (Slot& slot : slots) {
      if (is_resident()) {
        slot.indices.reserve(batch);
        slot.windows.reserve(2 * batch);
      } else {
        slot.pixels = options.allocate_pixels ? options.allocate_pixels(bytes) : allocate_ordinary(bytes);
        check(slot.pixels != nullptr, "the loader got no memory for a slot of ", bytes, " bytes");
      }
      slot.request.samples.reserve(batch);
      slot.request.partners.reserve(batch);
      slot.request.lambdas.reserve(batch);
      slot.labels.reserve(batch);
      slot.flips.reserve(batch);
      slot.sources.reserve(batch);
    }
  }

  ~State() {
    {
      const std::lock_guard lock(mutex);
      is_stopping = true;
    }
    work_changed.notify_all();
    for (std::thread& thread : threads)
      thread.join();
  }

  void start() {
    for (int i = 0; i < options.threads; ++i)
      threads.emplace_back([this] { work(); });
  }

  bool is_resident() const { return !options.resident_sources.empty(); }

  Slot& slot_of(std::int64_t step) { return slots[static_cast<std::size_t>(step) % slots.size()]; }

  // The oldest batch that still has pictures nobody has begun.
  Slot* slot_with_work() {
    for (std::int64_t step = next_delivered; step < next_scheduled; ++step)
      if (Slot& slot = slot_of(step); slot.status == SlotStatus::filling && slot.started < slot.size()) return &slot;
    return nullptr;
  }

  void work() {
    PicturePipeline pipeline;
    StoredPicture stored;
    std::unique_lock lock(mutex);
    try {
      while (!is_stopping && !error) {
        if (Slot* slot = slot_with_work()) {
          fill_some(*slot, pipeline, stored, lock);
        } else if (!has_ended && !is_scheduling && slot_of(next_scheduled).status == SlotStatus::free) {
          schedule_next(lock);
        } else {
          const bool no_free_slot = !has_ended && !is_scheduling;
          const Clock::time_point start = Clock::now();
          work_changed.wait(lock);
          if (no_free_slot) statistics.waiting_for_slot += nanoseconds_since(start);
        }
      }
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      is_scheduling = false;
      if (!error) error = std::current_exception();
      work_changed.notify_all();
      batch_changed.notify_all();
    }
  }

  void schedule_next(std::unique_lock<std::mutex>& lock) {
    const std::int64_t step = next_scheduled;
    Slot& slot = slot_of(step);
    is_scheduling = true;
    lock.unlock();
    BatchRequest& request = slot.request;
    request.samples.clear();
    request.partners.clear();
    request.lambdas.clear();
    const bool exists = schedule(step, request);
    if (exists) {
      complete_request(step, request);
      slot.labels.resize(slot.size());
      slot.flips.resize(slot.size());
      slot.sources.resize(slot.size());
      if (is_resident()) {
        slot.indices.resize(slot.size());
        slot.windows.resize(2 * slot.size());
      }
    }
    lock.lock();
    is_scheduling = false;
    if (exists) {
      slot.step = step;
      slot.started = slot.finished = 0;
      slot.status = SlotStatus::filling;
      ++next_scheduled;
    } else {
      has_ended = true;
      batch_changed.notify_all();
    }
    work_changed.notify_all();
  }

  // Throws Error for a request that cannot be met; fills in what was left out.
  void complete_request(std::int64_t step, BatchRequest& request) const {
    const std::size_t count = request.samples.size();
    check(count > 0 && count <= static_cast<std::size_t>(options.maximum_batch_size), "step ", step, " asks for ",
          count, " pictures; the loader was made for 1 to ", options.maximum_batch_size);
    check(request.height > 0 && request.height <= options.maximum_height && request.width > 0 &&
              request.width <= options.maximum_width,
          "step ", step, " asks for pictures of ", request.width, " x ", request.height,
          "; the loader was made for up to ", options.maximum_width, " x ", options.maximum_height);
    for (const std::int64_t sample : request.samples)
      check(sample >= 0 && sample < dataset.size(), "step ", step, " asks for picture ", sample, " of a dataset of ",
            dataset.size());
    check_recipe(request.recipe);
    if (is_resident()) check_resident_recipe(request.recipe);
    if (request.partners.empty()) {
      request.partners.resize(count);
      std::iota(request.partners.begin(), request.partners.end(), 0);
    }
    if (request.lambdas.empty()) request.lambdas.resize(count, 1.0F);
    check(request.partners.size() == count && request.lambdas.size() == count, "step ", step, " has ", count,
          " pictures, but ", request.partners.size(), " partners and ", request.lambdas.size(), " lambdas");
    for (const std::int32_t partner : request.partners)
      check(partner >= 0 && static_cast<std::size_t>(partner) < count, "step ", step, " has partner ", partner,
            " in a batch of ", count);
    for (const float lambda : request.lambdas)
      check(lambda >= 0.0F && lambda <= 1.0F, "step ", step, " has lambda ", lambda, ", which is not within [0, 1]");
  }

  // Takes some pictures of the slot at once, so that small ones do not spend their time on the lock, but few enough for
  // every thread to have work until the batch is done.
  void fill_some(Slot& slot, PicturePipeline& pipeline, StoredPicture& stored, std::unique_lock<std::mutex>& lock) {
    const std::size_t share = slot.size() / (8 * static_cast<std::size_t>(options.threads));
    const std::size_t first = slot.started;
    const std::size_t last = std::min(slot.size(), first + std::clamp<std::size_t>(share, 1, 16));
    slot.started = last;
    lock.unlock();
    LoaderStatistics done;
    const PipelineTimes before = pipeline.times();
    for (std::size_t i = first; i < last; ++i) {
      if (is_resident()) {
        describe_window(slot, i, done);
      } else {
        prepare(slot, i, pipeline, stored, done);
      }
    }
    done.decoding = pipeline.times().decoding - before.decoding;
    done.augmenting = pipeline.times().augmenting - before.augmenting;
    lock.lock();
    statistics.reading += done.reading;
    statistics.decoding += done.decoding;
    statistics.augmenting += done.augmenting;
    statistics.replaced += done.replaced;
    statistics.pictures += static_cast<std::int64_t>(last - first);
    slot.finished += last - first;
    if (slot.finished == slot.size()) {
      slot.status = SlotStatus::ready;
      batch_changed.notify_all();
    }
  }

  RandomStream draws_of(const BatchRequest& request, std::int64_t sample) const {
    return {options.seed, RandomPurpose::augmentation, static_cast<std::uint64_t>(request.epoch),
            static_cast<std::uint64_t>(sample)};
  }

  // The draws of prepare(), in its order, and no pixels.
  void describe_window(Slot& slot, std::size_t i, LoaderStatistics& done) const {
    const BatchRequest& request = slot.request;
    const std::int64_t sample = request.samples[i];
    const std::int64_t source = options.resident_sources[static_cast<std::size_t>(sample)];
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

  void prepare(Slot& slot, std::size_t i, PicturePipeline& pipeline, StoredPicture& stored, LoaderStatistics& done) {
    const BatchRequest& request = slot.request;
    const std::int64_t sample = request.samples[i];
    const std::int64_t row_bytes = request.width * 3;
    const MutablePictureView destination{slot.pixels.get() + static_cast<std::int64_t>(i) * request.height * row_bytes,
                                         request.height, request.width, row_bytes};
    for (std::int64_t attempt = 0; attempt < dataset.size(); ++attempt) {
      const std::int64_t source = (sample + attempt) % dataset.size();
      try {
        const Clock::time_point start = Clock::now();
        dataset.read(source, stored);
        done.reading += nanoseconds_since(start);
        RandomStream random = draws_of(request, sample);
        slot.flips[i] = pipeline.prepare(stored, request.recipe, random, destination) ? 1 : 0;
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

Loader::Loader(const Dataset& dataset, BatchSchedule schedule, LoaderOptions options)
    : state_(std::make_unique<State>(dataset, std::move(schedule), std::move(options))) {
  state_->start();
}

Loader::~Loader() = default;

std::optional<Batch> Loader::next() {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  const std::int64_t step = state.next_delivered;
  Slot& slot = state.slot_of(step);
  check(slot.status != SlotStatus::borrowed, "the batch of step ", slot.step, " is still held while step ", step,
        " is asked for, and the loader has ", state.slots.size(),
        " slots. Release batches earlier or give it more slots");
  const Clock::time_point start = Clock::now();
  const auto has_come = [&] { return slot.status == SlotStatus::ready && slot.step == step; };
  const auto is_over = [&] { return state.has_ended && step == state.next_scheduled; };
  state.batch_changed.wait(lock, [&] { return state.error || has_come() || is_over(); });
  state.statistics.consumer_waiting += nanoseconds_since(start);
  if (state.error) std::rethrow_exception(state.error);
  if (is_over()) return std::nullopt;
  slot.status = SlotStatus::borrowed;
  ++state.next_delivered;
  ++state.statistics.batches;
  return Batch(this, static_cast<std::size_t>(step) % state.slots.size());
}

LoaderStatistics Loader::statistics() const {
  const std::lock_guard lock(state_->mutex);
  return state_->statistics;
}

std::vector<BrokenPicture> Loader::broken_pictures() const {
  return state_->broken.list();
}

// A borrowed slot is touched by nobody but its Batch, so reading it needs no lock.
std::function<std::shared_ptr<std::uint8_t>(std::size_t bytes)> pinned_pixels(const Device& device) {
  if (device.is_host()) return {};
  return [&device](std::size_t bytes) {
    const auto buffer = std::make_shared<Buffer>(device.allocate_pinned(static_cast<std::int64_t>(bytes)));
    return std::shared_ptr<std::uint8_t>(buffer, reinterpret_cast<std::uint8_t*>(buffer->data()));
  };
}

Batch::~Batch() {
  release();
}

Batch& Batch::operator=(Batch&& other) noexcept {
  if (this != &other) {
    release();
    loader_ = std::exchange(other.loader_, nullptr);
    slot_ = other.slot_;
  }
  return *this;
}

void Batch::release() noexcept {
  if (loader_ == nullptr) return;
  Loader::State& state = *loader_->state_;
  loader_ = nullptr;
  {
    const std::lock_guard lock(state.mutex);
    state.slots[slot_].status = SlotStatus::free;
  }
  state.work_changed.notify_all();
}

std::int64_t Batch::step() const {
  return loader_->state_->slots[slot_].step;
}
std::int64_t Batch::epoch() const {
  return loader_->state_->slots[slot_].request.epoch;
}
std::int64_t Batch::size() const {
  return static_cast<std::int64_t>(loader_->state_->slots[slot_].size());
}
std::int64_t Batch::height() const {
  return loader_->state_->slots[slot_].request.height;
}
std::int64_t Batch::width() const {
  return loader_->state_->slots[slot_].request.width;
}
std::span<const std::uint8_t> Batch::images() const {
  if (loader_->state_->is_resident()) return {};
  return {loader_->state_->slots[slot_].pixels.get(), static_cast<std::size_t>(size() * height() * width() * 3)};
}
std::span<const std::int32_t> Batch::indices() const {
  return loader_->state_->slots[slot_].indices;
}
std::span<const std::int32_t> Batch::windows() const {
  return loader_->state_->slots[slot_].windows;
}
std::span<const std::int32_t> Batch::labels() const {
  return loader_->state_->slots[slot_].labels;
}
std::span<const std::int32_t> Batch::flips() const {
  return loader_->state_->slots[slot_].flips;
}
std::span<const std::int32_t> Batch::partners() const {
  return loader_->state_->slots[slot_].request.partners;
}
std::span<const float> Batch::lambdas() const {
  return loader_->state_->slots[slot_].request.lambdas;
}
std::span<const std::int64_t> Batch::samples() const {
  return loader_->state_->slots[slot_].request.samples;
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
          .images_pinned = loader_->state_->options.allocate_pixels != nullptr,
          .indices = indices(),
          .windows = windows()};
}
std::span<const std::int64_t> Batch::sources() const {
  return loader_->state_->slots[slot_].sources;
}

}  // namespace sleight
