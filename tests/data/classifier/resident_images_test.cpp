// Batches of images that live on the device are those of the loader, byte for byte.
#include "engine/data/classifier/resident_images.h"

#include <algorithm>

#include "catch2_adapter.h"
#include "tests/data/test_images.h"

namespace sleight::test {

namespace {

constexpr std::int64_t side = 24;

// JPEG files in memory, of one size or of several.
class Images : public Dataset {
 public:
  Images(int count, bool one_size) {
    for (int i = 0; i < count; ++i) {
      const std::int64_t more = one_size ? 0 : i % 7;
      files_.push_back(encode_jpeg(random_image(side + more, side + 2 * more, static_cast<std::uint64_t>(i)).view()));
    }
  }
  void break_image(std::size_t index) { files_[index].resize(files_[index].size() / 2); }

  std::int64_t size() const override { return static_cast<std::int64_t>(files_.size()); }
  const std::vector<std::string>& class_names() const override { return names_; }
  std::int32_t label(std::int64_t index) const override { return static_cast<std::int32_t>(index % 5); }
  std::string name(std::int64_t index) const override { return std::to_string(index) + ".jpg"; }
  void read(std::int64_t index, StoredImage& image) const override {
    image.form = StoredImage::Form::encoded;
    image.bytes = files_[static_cast<std::size_t>(index)];
  }
  const std::vector<std::string>& warnings() const override { return names_; }

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<std::byte>> files_;
};

// Twelve batches over two epochs, the last one of each smaller.
bool fill(const Dataset& dataset, const ClassifierAugmentation& recipe, std::int64_t step, BatchRequest& request) {
  if (step >= 12) return false;
  request.epoch = step / 6;
  request.height = request.width = side;
  request.recipe = recipe;
  const std::int64_t count = step % 6 == 5 ? 3 : 7;
  for (std::int64_t i = 0; i < count; ++i) {
    request.samples.push_back((step * 11 + i * 3) % dataset.size());
    request.partners.push_back(static_cast<std::int32_t>(count - 1 - i));
    request.lambdas.push_back(0.25F);
  }
  return true;
}

template <class T>
bool equal(std::span<const T> a, std::span<const T> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

// How many images were replaced.
std::int64_t compare_with_loader(const Dataset& dataset, const ClassifierAugmentation& recipe) {
  const Device device("cpu");
  const ResidentImages resident(
      dataset, device, {.recipe = recipe, .height = side, .width = side, .threads = 2, .limit_bytes = 1 << 20});
  CHECK(resident.count() == dataset.size());
  const auto schedule = [&](std::int64_t step, BatchRequest& request) { return fill(dataset, recipe, step, request); };
  LoaderOptions options{
      .seed = 5, .threads = 2, .maximum_batch_size = 7, .maximum_height = side, .maximum_width = side};
  Loader loader(dataset, schedule, options);
  options.resident_sources = resident.sources();
  Loader windows(dataset, schedule, options);
  std::int64_t mirrored = 0, moved = 0;
  for (int step = 0; step < 12; ++step) {
    const std::optional<Batch> expected = loader.next(), batch = windows.next();
    REQUIRE((expected && batch));
    CAPTURE(step);
    CHECK(batch->images().empty());
    CHECK(batch->step() == expected->step());
    CHECK(equal(batch->labels(), expected->labels()));
    CHECK(equal(batch->flips(), expected->flips()));
    CHECK(equal(batch->partners(), expected->partners()));
    CHECK(equal(batch->lambdas(), expected->lambdas()));
    CHECK(equal(batch->sources(), expected->sources()));
    const std::vector<std::uint8_t> images = resident.images_of(*batch);
    CHECK(equal(std::span<const std::uint8_t>(images), expected->images()));
    mirrored += std::count(batch->flips().begin(), batch->flips().end(), 1);
    for (const std::int32_t offset : batch->windows()) {
      moved += offset != 0 ? 1 : 0;
      CHECK(std::abs(offset) <= recipe.padding);
    }
  }
  CHECK((mirrored > 0) == (recipe.flip_probability > 0.0));
  CHECK((moved > 0) == (recipe.crop == CropKind::padded));
  CHECK(!windows.next().has_value());
  CHECK(windows.statistics().decoding == 0);
  CHECK(windows.statistics().replaced == loader.statistics().replaced);
  CHECK(resident.broken().size() == loader.broken_images().size());
  return windows.statistics().replaced;
}

}  // namespace

TEST_CASE("resident images: the loader's batches for every recipe that can be done from them") {
  for (const bool one_size : {true, false}) {
    const Images dataset(31, one_size);
    CHECK(compare_with_loader(dataset, cifar_training_augmentation()) == 0);
    CHECK(compare_with_loader(dataset, plain_recipe()) == 0);
    CHECK(compare_with_loader(dataset, imagenet_evaluation_augmentation()) == 0);
  }
}

TEST_CASE("resident images: a broken one is replaced by the same one as in the loader, with its label") {
  Images dataset(31, true);
  for (const std::size_t broken : {0U, 4U, 5U, 30U})
    dataset.break_image(broken);
  CHECK(compare_with_loader(dataset, cifar_training_augmentation()) > 0);
}

TEST_CASE("resident images: recipes that need more than windows are refused with what to do") {
  const Images dataset(5, true);
  const Device device("cpu");
  const auto message = [&](const ClassifierAugmentation& recipe, std::int64_t limit = 1 << 20) {
    return message_of([&] {
      ResidentImages(dataset, device,
                     {.recipe = recipe, .height = side, .width = side, .threads = 1, .limit_bytes = limit});
    });
  };
  CHECK(contains(message(imagenet_training_augmentation()), "random resized crops"));
  CHECK(contains(message(imagenet_training_augmentation()), "(cifar, none)"));
  ClassifierAugmentation colored = cifar_training_augmentation();
  colored.saturation = 0.4;
  CHECK(contains(message(colored), "saturation"));
  colored = cifar_training_augmentation();
  colored.pca_noise = 0.1;
  CHECK(contains(message(colored), "PCA"));
  // 5 images of 24 x 24.
  CHECK(message(cifar_training_augmentation(), 5 * 24 * 24 * 3) == "");
  CHECK(contains(message(cifar_training_augmentation(), 5 * 24 * 24 * 3 - 1), "more than the limit"));
}

TEST_CASE("resident images: a loader refuses sources of another dataset, and a recipe that they cannot serve") {
  const Images dataset(5, true);
  const std::vector<std::int64_t> sources = {0, 1, 2};
  LoaderOptions options{.maximum_batch_size = 7, .maximum_height = side, .maximum_width = side};
  options.resident_sources = sources;
  const auto schedule = [&](std::int64_t step, BatchRequest& request) {
    return fill(dataset, imagenet_training_augmentation(), step, request);
  };
  CHECK(contains(message_of([&] { Loader(dataset, schedule, options); }), "3 images on the device"));
  const std::vector<std::int64_t> all = {0, 1, 2, 3, 4};
  options.resident_sources = all;
  Loader loader(dataset, schedule, options);
  CHECK(contains(message_of([&] { loader.next(); }), "random resized crops"));
}

}  // namespace sleight::test
