// The loader: order, the same batches whatever the threads, broken images, errors, shutdown, and no allocation once
// it runs.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/data/classifier/dataset.h"
#include "engine/data/classifier/loader.h"
#include "engine/value/random.h"
#include "tests/data/allocation_count.h"
#include "tests/data/test_images.h"

using namespace sleight;
using namespace sleight::test;

namespace {

// JPEG files in memory; some may be broken.
class JpegDataset : public Dataset {
 public:
  explicit JpegDataset(int count) {
    for (int i = 0; i < count; ++i)
      files_.push_back(encode_jpeg(random_image(40 + i % 7, 50 + i % 11, static_cast<std::uint64_t>(i)).view()));
  }
  void break_image(std::size_t index) { files_[index].resize(files_[index].size() / 2); }

  std::int64_t size() const override { return static_cast<std::int64_t>(files_.size()); }
  const std::vector<std::string>& class_names() const override { return names_; }
  std::int32_t label(std::int64_t index) const override { return static_cast<std::int32_t>(index % 3); }
  std::string name(std::int64_t index) const override { return "memory/" + std::to_string(index) + ".jpg"; }
  void read(std::int64_t index, StoredImage& image) const override {
    image.form = StoredImage::Form::encoded;
    image.bytes = files_[static_cast<std::size_t>(index)];
  }
  const std::vector<std::string>& warnings() const override { return names_; }

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<std::byte>> files_;
};

// Batches of 5 to 8 images of two sizes, with partners, in a different order each epoch.
bool varied_schedule(const Dataset& dataset, std::int64_t steps, std::int64_t step, BatchRequest& request) {
  if (step >= steps) return false;
  const std::int64_t count = 5 + step % 4;
  request.epoch = step / 4;
  request.height = step % 3 == 0 ? 24 : 17;
  request.width = step % 3 == 0 ? 24 : 31;
  request.recipe = imagenet_training_augmentation();
  for (std::int64_t i = 0; i < count; ++i) {
    request.samples.push_back((step * 13 + i * 5) % dataset.size());
    if (step % 2 == 0) {
      request.partners.push_back(static_cast<std::int32_t>(count - 1 - i));
      request.lambdas.push_back(0.75F);
    }
  }
  return true;
}

LoaderOptions small_options(int threads) {
  LoaderOptions options;
  options.seed = 7;
  options.threads = threads;
  options.slots = 3;
  options.maximum_batch_size = 8;
  options.maximum_height = 32;
  options.maximum_width = 32;
  return options;
}

struct Copy {
  std::int64_t step, epoch, height, width;
  std::vector<std::uint8_t> images;
  std::vector<std::int32_t> labels, flips, partners;
  std::vector<float> lambdas;
  std::vector<std::int64_t> samples, sources;

  bool operator==(const Copy&) const = default;
};

template <class T>
std::vector<T> vector_of(std::span<const T> values) {
  return {values.begin(), values.end()};
}

std::vector<Copy> all_batches(const Dataset& dataset, std::int64_t steps, const LoaderOptions& options) {
  Loader loader(
      dataset, [&](std::int64_t step, BatchRequest& request) { return varied_schedule(dataset, steps, step, request); },
      options);
  std::vector<Copy> batches;
  while (const std::optional<Batch> batch = loader.next())
    batches.push_back({batch->step(), batch->epoch(), batch->height(), batch->width(), vector_of(batch->images()),
                       vector_of(batch->labels()), vector_of(batch->flips()), vector_of(batch->partners()),
                       vector_of(batch->lambdas()), vector_of(batch->samples()), vector_of(batch->sources())});
  REQUIRE(!loader.next().has_value());
  return batches;
}

}  // namespace

TEST_CASE("batches are the same for every number of threads, in order of steps") {
  const JpegDataset dataset(60);
  const auto reference = all_batches(dataset, 23, small_options(1));
  REQUIRE(reference.size() == 23);
  for (std::size_t step = 0; step < reference.size(); ++step) {
    const Copy& batch = reference[step];
    const std::size_t count = 5 + step % 4;
    CHECK(batch.step == static_cast<std::int64_t>(step));
    CHECK(batch.samples.size() == count);
    CHECK(batch.sources == batch.samples);
    CHECK(batch.images.size() == count * static_cast<std::size_t>(batch.height * batch.width) * 3);
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(batch.labels[i] == batch.samples[i] % 3);
      CHECK(batch.partners[i] == static_cast<std::int32_t>(step % 2 == 0 ? count - 1 - i : i));
      CHECK(batch.lambdas[i] == (step % 2 == 0 ? 0.75F : 1.0F));
      CHECK((batch.flips[i] == 0 || batch.flips[i] == 1));
    }
  }
  for (const int threads : {2, 5}) {
    CAPTURE(threads);
    CHECK(all_batches(dataset, 23, small_options(threads)) == reference);
  }
  LoaderOptions later = small_options(2);
  later.first_step = 9;
  const auto rest = all_batches(dataset, 23, later);
  CHECK(rest == std::vector<Copy>(reference.begin() + 9, reference.end()));
  LoaderOptions other_seed = small_options(2);
  other_seed.seed = 8;
  CHECK(all_batches(dataset, 23, other_seed) != reference);
}

TEST_CASE("an epoch changes the draws of an image, its place in the batch does not") {
  const JpegDataset dataset(10);
  Loader loader(
      dataset,
      [](std::int64_t step, BatchRequest& request) {
        request.epoch = step == 2 ? 1 : 0;
        request.height = request.width = 20;
        request.recipe = imagenet_training_augmentation();
        request.samples = step == 1 ? std::vector<std::int64_t>{5, 4, 3} : std::vector<std::int64_t>{3, 4, 5};
        return step < 3;
      },
      small_options(2));
  const auto first = loader.next();
  const auto turned = loader.next();
  const auto next_epoch = loader.next();
  REQUIRE(next_epoch.has_value());
  const std::size_t bytes = 20 * 20 * 3;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(std::memcmp(&first->images()[i * bytes], &turned->images()[(2 - i) * bytes], bytes) == 0);
    CHECK(first->flips()[i] == turned->flips()[2 - i]);
    CHECK(std::memcmp(&first->images()[i * bytes], &next_epoch->images()[i * bytes], bytes) != 0);
  }
}

TEST_CASE("a broken image is replaced by the next readable one, counted and named") {
  JpegDataset dataset(60);
  for (const std::size_t index : {7, 8, 59})
    dataset.break_image(index);
  const auto reference = all_batches(dataset, 40, small_options(1));
  CHECK(all_batches(dataset, 40, small_options(4)) == reference);
  int replaced = 0;
  for (const Copy& batch : reference)
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      const std::int64_t sample = batch.samples[i];
      const std::int64_t expected = sample == 7 || sample == 8 ? 9 : sample == 59 ? 0 : sample;
      CHECK(batch.sources[i] == expected);
      CHECK(batch.labels[i] == expected % 3);
      if (expected != sample) ++replaced;
    }
  REQUIRE(replaced > 3);

  Loader loader(
      dataset, [&](std::int64_t step, BatchRequest& request) { return varied_schedule(dataset, 40, step, request); },
      small_options(3));
  while (loader.next())
    continue;
  CHECK(loader.statistics().replaced == replaced);
  const auto broken = loader.broken_images();
  REQUIRE(broken.size() == 3);
  CHECK(broken[0].index == 7);
  CHECK(broken[2].name == "memory/59.jpg");
  CHECK(contains(broken[1].reason, "cut off"));
}

TEST_CASE("too many broken images stop the run and the first are listed") {
  JpegDataset dataset(60);
  for (std::size_t index = 0; index < 60; index += 2)
    dataset.break_image(index);
  for (const int threads : {1, 3}) {
    Loader loader(
        dataset, [&](std::int64_t step, BatchRequest& request) { return varied_schedule(dataset, 99, step, request); },
        small_options(threads));
    const std::string message = message_of([&] {
      while (loader.next())
        continue;
    });
    CHECK(contains(message, "too many broken images: 11 of 60"));
    CHECK(contains(message, ".jpg: the JPEG file is cut off"));
    CHECK(message_of([&] { loader.next(); }) == message);
  }
  for (std::size_t index = 0; index < 60; ++index)
    dataset.break_image(index);
  LoaderOptions lenient = small_options(2);
  lenient.broken_share = 1.0;
  lenient.broken_minimum = 100;
  CHECK(contains(message_of([&] { all_batches(dataset, 9, lenient); }), "all there are"));
}

TEST_CASE("what the schedule throws or asks wrongly reaches the consumer") {
  const JpegDataset dataset(10);
  const auto message = [&](auto change) {
    return message_of([&] {
      Loader loader(
          dataset,
          [&](std::int64_t step, BatchRequest& request) {
            varied_schedule(dataset, 100, step, request);
            if (step == 5) change(request);
            return true;
          },
          small_options(2));
      for (int i = 0; i < 10; ++i)
        loader.next();
    });
  };
  CHECK(contains(message([](BatchRequest&) { throw std::runtime_error("out of luck"); }), "out of luck"));
  CHECK(contains(message([](BatchRequest& request) { request.samples.clear(); }), "step 5 asks for 0 images"));
  CHECK(contains(message([](BatchRequest& request) { request.samples.resize(9); }), "asks for 9 images"));
  CHECK(contains(message([](BatchRequest& request) { request.samples[1] = 10; }), "image 10 of a dataset of 10"));
  CHECK(contains(message([](BatchRequest& request) { request.width = 33; }), "33 x"));
  CHECK(contains(message([](BatchRequest& request) { request.partners = {0}; }), "1 partners"));
  CHECK(contains(message([](BatchRequest& request) { request.partners.assign(request.samples.size(), 8); }),
                 "partner 8"));
  CHECK(contains(message([](BatchRequest& request) { request.lambdas.assign(request.samples.size(), 1.5F); }), "1.5"));
  CHECK(contains(message([](BatchRequest& request) { request.recipe.maximum_area = 2; }), "area"));
}

TEST_CASE("a batch held for too long is an error, not a standstill") {
  const JpegDataset dataset(10);
  Loader loader(
      dataset, [&](std::int64_t step, BatchRequest& request) { return varied_schedule(dataset, 99, step, request); },
      small_options(2));
  {
    const auto first = loader.next();
    loader.next();
    loader.next();
    CHECK(contains(message_of([&] { loader.next(); }), "step 0 is still held"));
    CHECK(first->step() == 0);
  }
  CHECK(loader.next()->step() == 3);
}

TEST_CASE("the loader ends cleanly at any time") {
  const JpegDataset dataset(30);
  for (int trial = 0; trial < 40; ++trial) {
    Loader loader(
        dataset, [&](std::int64_t step, BatchRequest& request) { return varied_schedule(dataset, 99, step, request); },
        small_options(1 + trial % 4));
    for (int i = 0; i < trial % 5; ++i)
      loader.next();
    if (trial % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(trial * 100));
  }
}

TEST_CASE("once it runs, the loader allocates nothing") {
  const JpegDataset jpegs(40);
  TemporaryFolder folder;
  for (int i = 0; i < 40; ++i)
    write_bytes(folder / ("train/" + std::to_string(i % 2) + "/" + std::to_string(i) + ".jpg"),
                encode_jpeg(random_image(44, 44, static_cast<std::uint64_t>(i)).view()));
  const auto files = open_dataset(folder.path().string(), DatasetSplit::training);
  DatasetOptions options;
  options.synthetic.height = options.synthetic.width = 40;
  const auto generated = open_dataset("synthetic", DatasetSplit::training, options);
  for (const Dataset* dataset : std::vector<const Dataset*>{&jpegs, files.get(), generated.get()})
    for (const CropKind crop : {CropKind::random_resized, CropKind::padded, CropKind::center}) {
      CAPTURE(static_cast<int>(crop));
      Loader loader(
          *dataset,
          [&](std::int64_t step, BatchRequest& request) {
            varied_schedule(*dataset, 1 << 20, step, request);
            request.recipe.crop = crop;
            return true;
          },
          small_options(2));
      // Each worker's buffers grow to the largest part it has met.
      for (int i = 0; i < 300; ++i)
        loader.next();
      const std::int64_t before = allocation_count();
      for (int i = 0; i < 100; ++i)
        loader.next();
      // A new largest part may still come by chance, rarely; an allocation for each image would be hundreds.
      CHECK(allocation_count() - before <= 4);
    }
}

TEST_CASE("the statistics say who waits for whom") {
  const JpegDataset dataset(30);
  Loader loader(
      dataset, [&](std::int64_t step, BatchRequest& request) { return varied_schedule(dataset, 1000, step, request); },
      small_options(2));
  for (int i = 0; i < 5; ++i) {
    loader.next();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const LoaderStatistics slow_consumer = loader.statistics();
  CHECK(slow_consumer.batches == 5);
  CHECK(slow_consumer.images >= 5 + 6 + 7 + 8 + 5);
  CHECK(slow_consumer.decoding > 0);
  CHECK(slow_consumer.augmenting > 0);
  CHECK(slow_consumer.waiting_for_slot > 20'000'000);
  for (int i = 0; i < 300; ++i)
    loader.next();
  CHECK(loader.statistics().consumer_waiting > slow_consumer.consumer_waiting);
}

TEST_CASE("pixels may live in memory the caller provides") {
  const JpegDataset dataset(10);
  LoaderOptions options = small_options(1);
  std::vector<std::size_t> sizes;
  options.allocate_pixels = [&](std::size_t bytes) {
    sizes.push_back(bytes);
    return std::shared_ptr<std::uint8_t>(new std::uint8_t[bytes], std::default_delete<std::uint8_t[]>());
  };
  const auto batches = all_batches(dataset, 6, options);
  CHECK(sizes == std::vector<std::size_t>(3, 8 * 32 * 32 * 3));
  CHECK(batches == all_batches(dataset, 6, small_options(2)));
}

TEST_CASE("loader options that make no sense are refused") {
  const JpegDataset dataset(4);
  const auto message = [&](auto change) {
    LoaderOptions options = small_options(1);
    change(options);
    return message_of([&] {
      Loader(
          dataset, [](std::int64_t, BatchRequest&) { return false; }, options);
    });
  };
  CHECK(message([](LoaderOptions&) {}).empty());
  CHECK(contains(message([](LoaderOptions& options) { options.threads = 0; }), "threads"));
  CHECK(contains(message([](LoaderOptions& options) { options.slots = 1; }), "slots"));
  CHECK(contains(message([](LoaderOptions& options) { options.maximum_width = 0; }), "largest batch"));
  CHECK(contains(message([](LoaderOptions& options) { options.broken_share = 2; }), "share"));
}
