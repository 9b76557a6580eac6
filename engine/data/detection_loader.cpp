#include "engine/data/detection_loader.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/data/batch_ring.h"
#include "engine/data/broken_pictures.h"
#include "engine/data/detection_pipeline.h"
#include "engine/tensor/random.h"

namespace sleight {

struct DetectionBatch::Slot {
  std::int64_t step = 0;
  DetectionBatchRequest request;  // partners and lambdas become those that were used
  std::int64_t maximum_objects = 0;
  std::shared_ptr<std::uint8_t> pixels;
  bool pixels_pinned = false;
  std::vector<std::int32_t> flips;
  std::vector<std::int64_t> sources;
  std::vector<PictureSize> picture_sizes;
  std::vector<BoxTransform> transforms;
  std::vector<std::int32_t> object_counts;
  std::vector<float> object_boxes;
  std::vector<std::int32_t> object_classes;
  std::vector<float> object_weights;

  void resize(std::size_t count) {
    const std::size_t objects = count * static_cast<std::size_t>(maximum_objects);
    flips.resize(count);
    sources.resize(count);
    picture_sizes.resize(count);
    transforms.resize(count);
    object_counts.resize(count);
    object_boxes.resize(objects * 4);
    object_classes.resize(objects);
    object_weights.resize(objects);
  }
};

namespace {

constexpr std::int64_t no_picture = -1;

// The pictures of one sample, as they turn out to be readable.
struct SamplePictures {
  std::int64_t own = 0;
  std::int64_t partner = no_picture;
};

// The next picture to try instead of `broken`, counting up and around; no_picture after all have been tried.
std::int64_t next_picture(std::int64_t broken, std::int64_t asked, std::int64_t pictures) {
  const std::int64_t next = (broken + 1) % pictures;
  return next == asked ? no_picture : next;
}

}  // namespace

// What the ring needs to know about batches of pictures with objects.
struct DetectionLoader::Content {
  using Request = DetectionBatchRequest;
  using Slot = DetectionBatch::Slot;

  struct Worker {
    DetectionPipeline pipeline;
    std::vector<ObjectBox> objects;  // of the sample, partner's included, in pixels of the canvas
  };

  const DetectionDataset& dataset;
  const LoaderOptions options;
  const std::int64_t maximum_objects;
  BrokenPictures broken;

  Content(const DetectionDataset& the_dataset, LoaderOptions the_options, std::int64_t the_maximum_objects)
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

  void clear(DetectionBatchRequest& request) const {
    request.epoch = request.height = request.width = 0;
    request.recipe = {};
    request.samples.clear();
    request.partners.clear();
    request.lambdas.clear();
    request.weigh_objects = true;
  }

  // Throws Error for a request that cannot be met; fills in what was left out.
  void begin(Slot& slot) const {
    const std::int64_t step = slot.step;
    DetectionBatchRequest& request = slot.request;
    const std::size_t count = request.samples.size();
    check_batch_size(options, step, count, request.height, request.width);
    check_recipe(request.recipe);
    if (request.partners.empty()) request.partners.resize(count, no_picture);
    if (request.lambdas.empty()) request.lambdas.resize(count, 1.0F);
    check(request.partners.size() == count && request.lambdas.size() == count, "step ", step, " has ", count,
          " pictures, but ", request.partners.size(), " partners and ", request.lambdas.size(), " lambdas");
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t sample = request.samples[i];
      const std::int64_t partner = request.partners[i];
      const float lambda = request.lambdas[i];
      check(sample >= 0 && sample < dataset.size(), "step ", step, " asks for picture ", sample, " of a dataset of ",
            dataset.size());
      check(partner >= no_picture && partner < dataset.size() && partner != sample, "step ", step, " mixes picture ",
            sample, " with picture ", partner, " of a dataset of ", dataset.size(),
            "; the partner must be another one, or -1 for none");
      check(lambda >= 0.0F && lambda <= 1.0F, "step ", step, " has lambda ", lambda, ", which is not within [0, 1]");
    }
    slot.resize(count);
  }

  void prepare(Slot& slot, std::size_t i, Worker& worker, LoaderStatistics& done) {
    const DetectionBatchRequest& request = slot.request;
    const std::int64_t sample = request.samples[i];
    const std::int64_t partner = request.lambdas[i] < 1.0F ? request.partners[i] : no_picture;
    SamplePictures pictures{sample, partner};
    while (true) {
      // A broken picture may have been replaced by the sample's own.
      if (pictures.partner == pictures.own) pictures.partner = next_picture(pictures.partner, partner, dataset.size());
      std::int64_t at_work = no_picture;
      try {
        make(slot, i, pictures, worker, done, at_work);
        if (pictures.own != sample) ++done.replaced;
        return;
      } catch (const Error& problem) {
        // Not a matter of one picture: too many objects.
        if (at_work == no_picture) throw;
        broken.add(at_work, problem.what());
      }
      if (at_work == pictures.own) {
        pictures.own = next_picture(pictures.own, sample, dataset.size());
        if (pictures.own == no_picture) broken.none_is_readable();
      } else {
        pictures.partner = next_picture(pictures.partner, partner, dataset.size());
      }
    }
  }

  // Fills place i. While a picture is being read, at_work is its index, to know which one an Error is about.
  void make(Slot& slot, std::size_t i, const SamplePictures& pictures, Worker& worker, LoaderStatistics& done,
            std::int64_t& at_work) const {
    DetectionBatchRequest& request = slot.request;
    const std::array<std::int64_t, 2> indices = {pictures.own, pictures.partner};
    const std::size_t count = pictures.partner == no_picture ? 1 : 2;
    const float lambda = count == 2 ? request.lambdas[i] : 1.0F;

    PictureSize canvas;
    for (std::size_t k = 0; k < count; ++k) {
      const auto start = std::chrono::steady_clock::now();
      at_work = indices[k];
      dataset.read(indices[k], worker.pipeline.stored(k));
      done.reading += nanoseconds_since(start);
      const PictureSize size = worker.pipeline.open(k);
      if (k == 0) slot.picture_sizes[i] = size;
      canvas = {std::max(canvas.height, size.height), std::max(canvas.width, size.width)};
    }
    at_work = no_picture;
    gather_objects(request, pictures, lambda, worker.objects);

    RandomStream random(options.seed, RandomPurpose::augmentation, static_cast<std::uint64_t>(request.epoch),
                        static_cast<std::uint64_t>(request.samples[i]));
    const DetectionDraws draws = draw_detection(request.recipe, canvas, worker.objects, random);
    const PartPlacement placement = place_part(request.recipe, draws.part, {request.height, request.width});

    const auto start = std::chrono::steady_clock::now();
    for (std::size_t k = 0; k < count; ++k) {
      at_work = indices[k];
      worker.pipeline.decode(k, draws.part, placement);
    }
    at_work = no_picture;
    const auto decoded = std::chrono::steady_clock::now();
    const std::int64_t row_bytes = request.width * 3;
    worker.pipeline.compose(count, lambda, draws, placement, request.recipe,
                            {slot.pixels.get() + static_cast<std::int64_t>(i) * request.height * row_bytes,
                             request.height, request.width, row_bytes});
    slot.flips[i] = draws.flip ? 1 : 0;
    slot.sources[i] = pictures.own;
    request.partners[i] = pictures.partner;
    request.lambdas[i] = lambda;
    slot.transforms[i] = transform_of(draws.part, placement);
    write_objects(slot, i, draws, worker.objects);
    done.decoding += std::chrono::duration_cast<std::chrono::nanoseconds>(decoded - start).count();
    done.augmenting += nanoseconds_since(decoded);
  }

  void gather_objects(const DetectionBatchRequest& request, const SamplePictures& pictures, float lambda,
                      std::vector<ObjectBox>& objects) const {
    objects.clear();
    const auto add = [&](std::int64_t picture, double weight) {
      for (const ObjectBox& object : dataset.objects(picture)) {
        objects.push_back(object);
        objects.back().weight = object.weight * (request.weigh_objects ? weight : 1.0);
      }
    };
    add(pictures.own, static_cast<double>(lambda));
    if (pictures.partner != no_picture) add(pictures.partner, 1.0 - static_cast<double>(lambda));
    if (objects.size() <= static_cast<std::size_t>(maximum_objects)) return;
    const std::string mixed =
        pictures.partner == no_picture ? "" : " together with its partner " + dataset.name(pictures.partner);
    fail(dataset.name(pictures.own), mixed, " has ", objects.size(), " objects, but the loader was made for ",
         maximum_objects, " in a picture. Give it the largest number in the dataset, twice that with mixup");
  }

  void write_objects(Slot& slot, std::size_t i, const DetectionDraws& draws, std::span<const ObjectBox> objects) const {
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

struct DetectionLoader::State {
  Content content;
  BatchRing<Content> ring;

  State(const DetectionDataset& dataset, DetectionBatchSchedule schedule, LoaderOptions options,
        std::int64_t maximum_objects)
      : content(dataset, std::move(options), maximum_objects),
        ring(content, content.make_slots(), std::move(schedule), content.options) {}
};

DetectionLoader::DetectionLoader(const DetectionDataset& dataset, DetectionBatchSchedule schedule,
                                 LoaderOptions options, std::int64_t maximum_objects)
    : state_(std::make_unique<State>(dataset, std::move(schedule), std::move(options), maximum_objects)) {
  state_->ring.start();
}

DetectionLoader::~DetectionLoader() = default;

std::optional<DetectionBatch> DetectionLoader::next() {
  const DetectionBatch::Slot* slot = state_->ring.next();
  if (slot == nullptr) return std::nullopt;
  return DetectionBatch(SlotLease(&state_->ring, state_->ring.position_of(slot->step)), slot);
}

LoaderStatistics DetectionLoader::statistics() const {
  return state_->ring.statistics();
}

std::vector<BrokenPicture> DetectionLoader::broken_pictures() const {
  return state_->content.broken.list();
}

std::int64_t maximum_objects_of(const DetectionDataset& dataset, bool with_mixup) {
  std::size_t largest = 0;
  for (std::int64_t index = 0; index < dataset.size(); ++index)
    largest = std::max(largest, dataset.objects(index).size());
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(largest) * (with_mixup ? 2 : 1));
}

std::int64_t DetectionBatch::step() const {
  return slot_->step;
}
std::int64_t DetectionBatch::epoch() const {
  return slot_->request.epoch;
}
std::int64_t DetectionBatch::size() const {
  return static_cast<std::int64_t>(slot_->request.samples.size());
}
std::int64_t DetectionBatch::height() const {
  return slot_->request.height;
}
std::int64_t DetectionBatch::width() const {
  return slot_->request.width;
}
std::int64_t DetectionBatch::maximum_objects() const {
  return slot_->maximum_objects;
}
std::span<const std::uint8_t> DetectionBatch::images() const {
  return {slot_->pixels.get(), static_cast<std::size_t>(size() * height() * width() * 3)};
}
std::span<const std::int32_t> DetectionBatch::flips() const {
  return slot_->flips;
}
std::span<const float> DetectionBatch::object_boxes() const {
  return slot_->object_boxes;
}
std::span<const std::int32_t> DetectionBatch::object_classes() const {
  return slot_->object_classes;
}
std::span<const float> DetectionBatch::object_weights() const {
  return slot_->object_weights;
}
std::span<const std::int32_t> DetectionBatch::object_counts() const {
  return slot_->object_counts;
}
std::span<const std::int64_t> DetectionBatch::samples() const {
  return slot_->request.samples;
}
std::span<const std::int64_t> DetectionBatch::sources() const {
  return slot_->sources;
}
std::span<const std::int64_t> DetectionBatch::partners() const {
  return slot_->request.partners;
}
std::span<const float> DetectionBatch::lambdas() const {
  return slot_->request.lambdas;
}
std::span<const PictureSize> DetectionBatch::picture_sizes() const {
  return slot_->picture_sizes;
}
std::span<const BoxTransform> DetectionBatch::transforms() const {
  return slot_->transforms;
}
DetectionBatch::operator DetectionBatchView() const {
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
