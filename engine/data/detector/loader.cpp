#include "engine/data/detector/loader.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/data/detector/pipeline.h"
#include "engine/data/loader/batch_ring.h"
#include "engine/data/loader/broken_images.h"
#include "engine/value/random.h"

namespace sleight {

struct DetectorBatch::Slot {
  std::int64_t step = 0;
  DetectorBatchRequest request;  // partners and lambdas are replaced by the ones used
  std::int64_t maximum_objects = 0;
  std::shared_ptr<std::uint8_t> pixels;
  bool pixels_pinned = false;
  std::vector<std::int32_t> flips;
  std::vector<std::int64_t> sources;
  std::vector<ImageSize> image_sizes;
  std::vector<BoxTransform> transforms;
  std::vector<std::int32_t> object_counts;
  std::vector<float> object_boxes;
  std::vector<std::int32_t> object_classes;
  std::vector<float> object_weights;

  void resize(std::size_t count) {
    const std::size_t objects = count * static_cast<std::size_t>(maximum_objects);
    flips.resize(count);
    sources.resize(count);
    image_sizes.resize(count);
    transforms.resize(count);
    object_counts.resize(count);
    object_boxes.resize(objects * 4);
    object_classes.resize(objects);
    object_weights.resize(objects);
  }
};

namespace {

constexpr std::int64_t no_image = -1;

// The images of one sample, after replacing broken ones.
struct SampleImages {
  std::int64_t own = 0;
  std::int64_t partner = no_image;
};

// The next image to try instead of `broken`, counting up and wrapping around; no_image once all have been tried.
std::int64_t next_image(std::int64_t broken, std::int64_t asked, std::int64_t images) {
  const std::int64_t next = (broken + 1) % images;
  return next == asked ? no_image : next;
}

}  // namespace

// The ring's interface to batches of images with objects.
struct DetectorLoader::Batches {
  using Request = DetectorBatchRequest;
  using Slot = DetectorBatch::Slot;

  struct Worker {
    DetectorPipeline pipeline;
    std::vector<ObjectBox> objects;  // of the sample, including the partner's, in pixels of the canvas
  };

  const DetectorDataset& dataset;
  const LoaderOptions options;
  const std::int64_t maximum_objects;
  BrokenImages broken;

  Batches(const DetectorDataset& the_dataset, LoaderOptions the_options, std::int64_t the_maximum_objects)
      : dataset(the_dataset),
        options(std::move(the_options)),
        maximum_objects(the_maximum_objects),
        broken(dataset, options) {
    check_loader_options(options, dataset.size());
    check(maximum_objects >= 1 && maximum_objects <= 100000, "the loader needs room for 1 to 100000 objects, not ",
          maximum_objects);
  }

  std::vector<Slot> make_slots() const {
    const std::size_t batch = static_cast<std::size_t>(options.maximum_batch_size);
    std::vector<Slot> slots(static_cast<std::size_t>(options.slots));
    for (Slot& slot : slots) {
      slot.pixels = allocate_slot_pixels(options);
      slot.pixels_pinned = options.allocate_pixels != nullptr;
      slot.maximum_objects = maximum_objects;
      slot.request.samples.reserve(batch);
      slot.request.partners.reserve(batch);
      slot.request.lambdas.reserve(batch);
      slot.resize(batch);
    }
    return slots;
  }

  std::size_t size(const Slot& slot) const { return slot.request.samples.size(); }

  void clear(DetectorBatchRequest& request) const {
    request.epoch = request.height = request.width = 0;
    request.recipe = {};
    request.samples.clear();
    request.partners.clear();
    request.lambdas.clear();
    request.weigh_objects = true;
  }

  // Throws Error for an invalid request; fills in the defaults.
  void begin(Slot& slot) const {
    const std::int64_t step = slot.step;
    DetectorBatchRequest& request = slot.request;
    const std::size_t count = request.samples.size();
    check_batch_size(options, step, count, request.height, request.width);
    check_recipe(request.recipe);
    if (request.partners.empty()) request.partners.resize(count, no_image);
    if (request.lambdas.empty()) request.lambdas.resize(count, 1.0F);
    check(request.partners.size() == count && request.lambdas.size() == count, "step ", step, " has ", count,
          " images, but ", request.partners.size(), " partners and ", request.lambdas.size(), " lambdas");
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t sample = request.samples[i];
      const std::int64_t partner = request.partners[i];
      const float lambda = request.lambdas[i];
      check(sample >= 0 && sample < dataset.size(), "step ", step, " asks for image ", sample, " of a dataset of ",
            dataset.size());
      check(partner >= no_image && partner < dataset.size() && partner != sample, "step ", step, " mixes image ",
            sample, " with image ", partner, " of a dataset of ", dataset.size(),
            "; the partner must be another one, or -1 for none");
      check(lambda >= 0.0F && lambda <= 1.0F, "step ", step, " has lambda ", lambda, ", which is not within [0, 1]");
    }
    slot.resize(count);
  }

  void prepare(Slot& slot, std::size_t i, Worker& worker, LoaderStatistics& done) {
    const DetectorBatchRequest& request = slot.request;
    const std::int64_t sample = request.samples[i];
    const std::int64_t partner = request.lambdas[i] < 1.0F ? request.partners[i] : no_image;
    SampleImages images{sample, partner};
    while (true) {
      // The replacement of a broken image may be the other image of the sample.
      if (images.partner == images.own) images.partner = next_image(images.partner, partner, dataset.size());
      std::int64_t at_work = no_image;
      try {
        make(slot, i, images, worker, done, at_work);
        if (images.own != sample) ++done.replaced;
        return;
      } catch (const Error& problem) {
        // Too many objects: not the fault of one image.
        if (at_work == no_image) throw;
        broken.add(at_work, problem.what());
      }
      if (at_work == images.own) {
        images.own = next_image(images.own, sample, dataset.size());
        if (images.own == no_image) broken.none_is_readable();
      } else {
        images.partner = next_image(images.partner, partner, dataset.size());
      }
    }
  }

  // Fills place i. While an image is being read, at_work holds its index, to tell which image an Error is about.
  void make(Slot& slot, std::size_t i, const SampleImages& images, Worker& worker, LoaderStatistics& done,
            std::int64_t& at_work) const {
    DetectorBatchRequest& request = slot.request;
    const std::array<std::int64_t, 2> indices = {images.own, images.partner};
    const std::size_t count = images.partner == no_image ? 1 : 2;
    const float lambda = count == 2 ? request.lambdas[i] : 1.0F;

    ImageSize canvas;
    for (std::size_t k = 0; k < count; ++k) {
      const auto start = std::chrono::steady_clock::now();
      at_work = indices[k];
      dataset.read(indices[k], worker.pipeline.stored_image(k));
      done.reading += nanoseconds_since(start);
      const ImageSize size = worker.pipeline.open(k);
      if (k == 0) slot.image_sizes[i] = size;
      canvas = {std::max(canvas.height, size.height), std::max(canvas.width, size.width)};
    }
    at_work = no_image;
    gather_objects(request, images, lambda, worker.objects);

    RandomStream random(options.seed, RandomPurpose::augmentation, static_cast<std::uint64_t>(request.epoch),
                        static_cast<std::uint64_t>(request.samples[i]));
    const DetectorDraws draws = draw_detection(request.recipe, canvas, worker.objects, random);
    const PartPlacement placement = place_part(request.recipe, draws.part, {request.height, request.width});

    const auto start = std::chrono::steady_clock::now();
    for (std::size_t k = 0; k < count; ++k) {
      at_work = indices[k];
      worker.pipeline.decode(k, draws.part, placement);
    }
    at_work = no_image;
    const auto decoded = std::chrono::steady_clock::now();
    const std::int64_t row_bytes = request.width * 3;
    worker.pipeline.compose(count, lambda, draws, placement, request.recipe,
                            {slot.pixels.get() + static_cast<std::int64_t>(i) * request.height * row_bytes,
                             request.height, request.width, row_bytes});
    slot.flips[i] = draws.flip ? 1 : 0;
    slot.sources[i] = images.own;
    request.partners[i] = images.partner;
    request.lambdas[i] = lambda;
    slot.transforms[i] = transform_of(draws.part, placement);
    write_objects(slot, i, draws, worker.objects);
    done.decoding += std::chrono::duration_cast<std::chrono::nanoseconds>(decoded - start).count();
    done.augmenting += nanoseconds_since(decoded);
  }

  void gather_objects(const DetectorBatchRequest& request, const SampleImages& images, float lambda,
                      std::vector<ObjectBox>& objects) const {
    objects.clear();
    const auto add = [&](std::int64_t image, double weight) {
      for (const ObjectBox& object : dataset.objects(image)) {
        objects.push_back(object);
        objects.back().weight = object.weight * (request.weigh_objects ? weight : 1.0);
      }
    };
    add(images.own, static_cast<double>(lambda));
    if (images.partner != no_image) add(images.partner, 1.0 - static_cast<double>(lambda));
    if (objects.size() <= static_cast<std::size_t>(maximum_objects)) return;
    const std::string mixed =
        images.partner == no_image ? "" : " together with its partner " + dataset.name(images.partner);
    fail(dataset.name(images.own), mixed, " has ", objects.size(), " objects, but the loader was made for ",
         maximum_objects, " in an image. Give it the largest number in the dataset, twice that with mixup");
  }

  void write_objects(Slot& slot, std::size_t i, const DetectorDraws& draws, std::span<const ObjectBox> objects) const {
    const std::size_t places = static_cast<std::size_t>(maximum_objects);
    float* boxes = slot.object_boxes.data() + i * places * 4;
    std::int32_t* classes = slot.object_classes.data() + i * places;
    float* weights = slot.object_weights.data() + i * places;
    std::fill_n(boxes, places * 4, 0.0F);
    std::fill_n(classes, places, -1);
    std::fill_n(weights, places, 0.0F);
    std::size_t count = 0;
    for (const ObjectBox& object : objects) {
      Box box;
      if (!carry_box(object.box, draws.part, slot.transforms[i], box)) continue;
      if (draws.flip) box = mirrored(box, static_cast<double>(slot.request.width));
      boxes[count * 4] = static_cast<float>(box.left);
      boxes[count * 4 + 1] = static_cast<float>(box.top);
      boxes[count * 4 + 2] = static_cast<float>(box.right);
      boxes[count * 4 + 3] = static_cast<float>(box.bottom);
      classes[count] = object.class_index;
      weights[count] = static_cast<float>(object.weight);
      ++count;
    }
    slot.object_counts[i] = static_cast<std::int32_t>(count);
  }
};

struct DetectorLoader::State {
  Batches batches;
  BatchRing<Batches> ring;

  State(const DetectorDataset& dataset, DetectorBatchSchedule schedule, LoaderOptions options,
        std::int64_t maximum_objects)
      : batches(dataset, std::move(options), maximum_objects),
        ring(batches, batches.make_slots(), std::move(schedule), batches.options) {}
};

DetectorLoader::DetectorLoader(const DetectorDataset& dataset, DetectorBatchSchedule schedule, LoaderOptions options,
                               std::int64_t maximum_objects)
    : state_(std::make_unique<State>(dataset, std::move(schedule), std::move(options), maximum_objects)) {
  state_->ring.start();
}

DetectorLoader::~DetectorLoader() = default;

std::optional<DetectorBatch> DetectorLoader::next() {
  const DetectorBatch::Slot* slot = state_->ring.next();
  if (slot == nullptr) return std::nullopt;
  return DetectorBatch(SlotLease(&state_->ring, state_->ring.position_of(slot->step)), slot);
}

LoaderStatistics DetectorLoader::statistics() const {
  return state_->ring.statistics();
}

std::vector<BrokenImage> DetectorLoader::broken_images() const {
  return state_->batches.broken.list();
}

std::int64_t maximum_objects_of(const DetectorDataset& dataset, bool with_mixup) {
  std::size_t largest = 0;
  for (std::int64_t index = 0; index < dataset.size(); ++index)
    largest = std::max(largest, dataset.objects(index).size());
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(largest) * (with_mixup ? 2 : 1));
}

std::int64_t DetectorBatch::step() const {
  return slot_->step;
}
std::int64_t DetectorBatch::epoch() const {
  return slot_->request.epoch;
}
std::int64_t DetectorBatch::size() const {
  return static_cast<std::int64_t>(slot_->request.samples.size());
}
std::int64_t DetectorBatch::height() const {
  return slot_->request.height;
}
std::int64_t DetectorBatch::width() const {
  return slot_->request.width;
}
std::int64_t DetectorBatch::maximum_objects() const {
  return slot_->maximum_objects;
}
std::span<const std::uint8_t> DetectorBatch::images() const {
  return {slot_->pixels.get(), static_cast<std::size_t>(size() * height() * width() * 3)};
}
std::span<const std::int32_t> DetectorBatch::flips() const {
  return slot_->flips;
}
std::span<const float> DetectorBatch::object_boxes() const {
  return slot_->object_boxes;
}
std::span<const std::int32_t> DetectorBatch::object_classes() const {
  return slot_->object_classes;
}
std::span<const float> DetectorBatch::object_weights() const {
  return slot_->object_weights;
}
std::span<const std::int32_t> DetectorBatch::object_counts() const {
  return slot_->object_counts;
}
std::span<const std::int64_t> DetectorBatch::samples() const {
  return slot_->request.samples;
}
std::span<const std::int64_t> DetectorBatch::sources() const {
  return slot_->sources;
}
std::span<const std::int64_t> DetectorBatch::partners() const {
  return slot_->request.partners;
}
std::span<const float> DetectorBatch::lambdas() const {
  return slot_->request.lambdas;
}
std::span<const ImageSize> DetectorBatch::image_sizes() const {
  return slot_->image_sizes;
}
std::span<const BoxTransform> DetectorBatch::transforms() const {
  return slot_->transforms;
}
DetectorBatch::operator DetectorBatchView() const {
  return {.size = size(),
          .height = height(),
          .width = width(),
          .maximum_objects = maximum_objects(),
          .images = images(),
          .flips = flips(),
          .object_boxes = object_boxes(),
          .object_classes = object_classes(),
          .object_weights = object_weights(),
          .images_pinned = slot_->pixels_pinned};
}

}  // namespace sleight
