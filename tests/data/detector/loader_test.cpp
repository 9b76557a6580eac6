// The detection loader: the same batches whatever the threads, broken images and partners, errors, and no allocation
// once it runs.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "batch_copy.h"
#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/data/detector/loader.h"
#include "painted_dataset.h"
#include "tests/data/allocation_count.h"
#include "tests/data/test_images.h"

using namespace sleight;
using namespace sleight::test;

namespace {

using Copy = DetectorBatchCopy;

// Batches of 5 to 8 images of two sizes; every second one is mixed, with a lambda of 1 among them.
bool varied_schedule(const DetectorDataset& dataset, std::int64_t steps, std::int64_t step,
                     DetectorBatchRequest& request) {
  if (step >= steps) return false;
  const std::int64_t count = 5 + step % 4;
  request.epoch = step / 4;
  request.height = step % 3 == 0 ? 24 : 17;
  request.width = step % 3 == 0 ? 24 : 31;
  request.recipe = detector_training_augmentation();
  for (std::int64_t i = 0; i < count; ++i) {
    request.samples.push_back((step * 13 + i * 5) % dataset.size());
    if (step % 2 == 0) {
      request.partners.push_back((request.samples.back() + 1 + i) % dataset.size());
      request.lambdas.push_back(i == 0 ? 1.0F : 0.75F);
    }
  }
  return true;
}

std::vector<Copy> varied_batches(const DetectorDataset& dataset, std::int64_t steps, const LoaderOptions& options) {
  return all_batches(
      dataset,
      [&](std::int64_t step, DetectorBatchRequest& request) { return varied_schedule(dataset, steps, step, request); },
      options);
}

}  // namespace

TEST_CASE("detection batches are the same for every number of threads, in order of steps") {
  const DetectionImages dataset = noise_images(60);
  const auto reference = varied_batches(dataset, 23, small_options(1));
  REQUIRE(reference.size() == 23);
  for (std::size_t step = 0; step < reference.size(); ++step) {
    const Copy& batch = reference[step];
    CHECK(batch.step == static_cast<std::int64_t>(step));
    CHECK(batch.samples.size() == 5 + step % 4);
    CHECK(batch.sources == batch.samples);
    CHECK(batch.images.size() == batch.samples.size() * static_cast<std::size_t>(batch.height * batch.width) * 3);
    CHECK(batch.partners[0] == -1);  // lambda 1: no mixup
    CHECK((batch.partners[1] == -1) == (step % 2 == 1));
  }
  for (const int threads : {2, 5}) {
    CAPTURE(threads);
    CHECK(varied_batches(dataset, 23, small_options(threads)) == reference);
  }
  LoaderOptions later = small_options(2);
  later.first_step = 9;
  CHECK(varied_batches(dataset, 23, later) == std::vector<Copy>(reference.begin() + 9, reference.end()));
  LoaderOptions other_seed = small_options(2);
  other_seed.seed = 8;
  CHECK(varied_batches(dataset, 23, other_seed) != reference);
}

TEST_CASE("a sample's draws depend on epoch and index, not on its place") {
  const DetectionImages dataset = noise_images(10);
  const auto batch_of = [&](std::int64_t epoch, std::vector<std::int64_t> samples) {
    return one_batch(dataset, [&](DetectorBatchRequest& request) {
      request.epoch = epoch;
      request.height = request.width = 20;
      request.recipe = detector_training_augmentation();
      request.samples = samples;
    });
  };
  const Copy first = batch_of(0, {3, 4, 5}), turned = batch_of(0, {5, 4, 3}), later = batch_of(1, {3, 4, 5});
  constexpr std::size_t bytes = 20 * 20 * 3;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(std::memcmp(&first.images[i * bytes], &turned.images[(2 - i) * bytes], bytes) == 0);
    CHECK(first.transforms[i] == turned.transforms[2 - i]);
    CHECK(std::memcmp(&first.images[i * bytes], &later.images[i * bytes], bytes) != 0);
  }
}

TEST_CASE("broken images and broken partners are replaced, counted and named") {
  DetectionImages dataset = noise_images(60);
  for (const std::size_t index : {7, 8, 59})
    dataset.break_image(index);
  const auto reference = varied_batches(dataset, 40, small_options(1));
  CHECK(varied_batches(dataset, 40, small_options(4)) == reference);
  const auto readable = [](std::int64_t index) { return index == 7 || index == 8 ? 9 : index == 59 ? 0 : index; };
  int replaced = 0, partners_replaced = 0;
  for (const Copy& batch : reference)
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      const std::int64_t sample = batch.samples[i];
      CHECK(batch.sources[i] == readable(sample));
      replaced += batch.sources[i] != sample;
      if (batch.partners[i] < 0) continue;
      const std::int64_t asked = (sample + 1 + static_cast<std::int64_t>(i)) % 60;
      // Not the sample's own, which may have been replaced by it.
      const std::int64_t partner = readable(asked) == batch.sources[i] ? readable(asked + 1) : readable(asked);
      const std::int64_t expected = partner == batch.sources[i] ? partner + 1 : partner;
      CHECK(batch.partners[i] == expected);
      partners_replaced += batch.partners[i] != asked;
    }
  REQUIRE(replaced > 3);
  REQUIRE(partners_replaced > 3);

  DetectorLoader loader(
      dataset,
      [&](std::int64_t step, DetectorBatchRequest& request) { return varied_schedule(dataset, 40, step, request); },
      small_options(3), maximum_objects_of(dataset, true));
  while (loader.next())
    continue;
  CHECK(loader.statistics().replaced == replaced);
  const auto broken = loader.broken_images();
  REQUIRE(broken.size() == 3);
  CHECK(broken[2].name == "memory/59.jpg");
  CHECK(contains(broken[1].reason, "cut off"));
}

TEST_CASE("without another readable image a sample is not mixed, without any the run stops") {
  DetectionImages dataset = noise_images(2);
  dataset.break_image(1);
  const auto fill_request = [](DetectorBatchRequest& request) {
    request.height = request.width = 16;
    request.samples = {0, 1};
    request.partners = {1, 0};
    request.lambdas = {0.5F, 0.5F};
  };
  const Copy batch = one_batch(dataset, fill_request);
  CHECK(batch.sources == std::vector<std::int64_t>{0, 0});
  CHECK(batch.partners == std::vector<std::int64_t>{-1, -1});
  CHECK(batch.lambdas == std::vector<float>{1.0F, 1.0F});
  CHECK(batch.weights[0] == 1.0F);
  dataset.break_image(0);
  CHECK(contains(message_of([&] { one_batch(dataset, fill_request); }), "all there are"));

  DetectionImages many = noise_images(60);
  for (std::size_t index = 0; index < 60; index += 2)
    many.break_image(index);
  CHECK(contains(message_of([&] { varied_batches(many, 99, small_options(3)); }), "too many broken images: 11 of 60"));
}

TEST_CASE("more objects than there is room for name the image") {
  DetectionImages dataset = noise_images(12);
  CHECK(maximum_objects_of(dataset, false) == 3);
  CHECK(maximum_objects_of(dataset, true) == 6);
  CHECK(maximum_objects_of(DetectionImages(), true) == 1);
  const auto message = [&](std::int64_t maximum_objects, std::vector<std::int64_t> partners) {
    return message_of([&] {
      DetectorLoader loader(
          dataset,
          [&](std::int64_t, DetectorBatchRequest& request) {
            request.height = request.width = 16;
            request.samples = {2};
            request.partners = partners;
            request.lambdas = {0.5F};
            return true;
          },
          small_options(2), maximum_objects);
      loader.next();
      loader.next();
    });
  };
  CHECK(message(3, {-1}).empty());
  CHECK(contains(message(2, {-1}), "memory/2.jpg has 3 objects, but the loader was made for 2"));
  CHECK(message(6, {5}).empty());
  CHECK(contains(message(5, {5}), "memory/2.jpg together with its partner memory/5.jpg has 6 objects"));
}

TEST_CASE("detection requests that cannot be met reach the consumer") {
  const DetectionImages dataset = noise_images(10);
  const auto message = [&](auto change) {
    return message_of([&] {
      DetectorLoader loader(
          dataset,
          [&](std::int64_t step, DetectorBatchRequest& request) {
            varied_schedule(dataset, 100, step, request);
            if (step == 5) change(request);
            return true;
          },
          small_options(2), 6);
      for (int i = 0; i < 10; ++i)
        loader.next();
    });
  };
  using Request = DetectorBatchRequest;
  CHECK(message([](Request&) {}).empty());
  CHECK(contains(message([](Request&) { throw std::runtime_error("out of luck"); }), "out of luck"));
  CHECK(contains(message([](Request& request) { request.samples.clear(); }), "step 5 asks for 0 images"));
  CHECK(contains(message([](Request& request) { request.samples[1] = 10; }), "image 10 of a dataset of 10"));
  CHECK(contains(message([](Request& request) { request.height = 33; }), "x 33"));
  CHECK(contains(message([](Request& request) { request.partners = {0}; }), "1 partners"));
  CHECK(contains(message([](Request& request) { request.partners.assign(request.samples.size(), 10); }),
                 "with image 10"));
  CHECK(contains(message([](Request& request) { request.partners = request.samples; }), "must be another one"));
  CHECK(contains(message([](Request& request) { request.lambdas.assign(request.samples.size(), NAN); }), "lambda"));
  CHECK(contains(message([](Request& request) { request.recipe.hue = -1; }), "hue"));
  CHECK(contains(message_of([&] { DetectorLoader(dataset, {}, small_options(1), 6); }), "no schedule"));
  CHECK(contains(message_of([&] {
                   DetectorLoader(
                       dataset, [](std::int64_t, Request&) { return false; }, small_options(1), 0);
                 }),
                 "objects"));
}

TEST_CASE("once it runs, the detection loader allocates nothing") {
  const DetectionImages dataset = noise_images(40);
  DetectorLoader loader(
      dataset,
      [&](std::int64_t step, DetectorBatchRequest& request) {
        return varied_schedule(dataset, 1 << 20, step, request);
      },
      small_options(2), maximum_objects_of(dataset, true));
  // Each worker's buffers grow to the largest part it has met.
  for (int i = 0; i < 400; ++i)
    loader.next();
  const std::int64_t before = allocation_count();
  for (int i = 0; i < 100; ++i)
    loader.next();
  // A new largest part may still come by chance, rarely; an allocation for each image would be hundreds.
  CHECK(allocation_count() - before <= 6);
}

TEST_CASE("what a detector's step takes is a view of the batch") {
  const DetectionImages dataset = noise_images(10);
  LoaderOptions options = small_options(1);
  options.allocate_pixels = [](std::size_t bytes) {
    return std::shared_ptr<std::uint8_t>(new std::uint8_t[bytes], std::default_delete<std::uint8_t[]>());
  };
  DetectorLoader loader(
      dataset,
      [&](std::int64_t step, DetectorBatchRequest& request) { return varied_schedule(dataset, 4, step, request); },
      options, 9);
  const auto batch = loader.next();
  const DetectorBatchView view = *batch;
  CHECK(view.size == 5);
  CHECK(view.maximum_objects == 9);
  CHECK(view.images_pinned);
  CHECK(view.images.size() == static_cast<std::size_t>(5 * view.height * view.width * 3));
  CHECK(view.object_boxes.size() == 5 * 9 * 4);
  CHECK(view.object_classes.data() == batch->object_classes().data());
  CHECK(view.object_weights.size() == 5 * 9);
  CHECK(view.flips.size() == 5);
  CHECK((batch->image_sizes()[1].height >= 40 && batch->image_sizes()[1].width >= 50));
}
