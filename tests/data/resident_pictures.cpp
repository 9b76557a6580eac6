// Batches of pictures that live on the device are those of the loader, byte for byte.
#include "engine/data/resident_pictures.h"

#include <algorithm>

#include "catch2_adapter.h"
#include "test_pictures.h"

namespace sleight::test {

namespace {

constexpr std::int64_t side = 24;

// JPEG files in memory, of one size or of several.
class Pictures : public Dataset {
 public:
  Pictures(int count, bool one_size) {
    for (int i = 0; i < count; ++i) {
      const std::int64_t more = one_size ? 0 : i % 7;
      files_.push_back(encode_jpeg(random_picture(side + more, side + 2 * more, static_cast<std::uint64_t>(i)).view()));
    }
  }
  void break_picture(std::size_t index) { files_[index].resize(files_[index].size() / 2); }

  std::int64_t size() const override { return static_cast<std::int64_t>(files_.size()); }
  const std::vector<std::string>& class_names() const override { return names_; }
  std::int32_t label(std::int64_t index) const override { return static_cast<std::int32_t>(index % 5); }
  std::string name(std::int64_t index) const override { return std::to_string(index) + ".jpg"; }
  void read(std::int64_t index, StoredPicture& picture) const override {
    picture.form = StoredPicture::Form::encoded;
    picture.bytes = files_[static_cast<std::size_t>(index)];
  }
  const std::vector<std::string>& warnings() const override { return names_; }

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<std::byte>> files_;
};

// Twelve batches over two epochs, the last one of each smaller.
bool fill(const Dataset& dataset, const AugmentationRecipe& recipe, std::int64_t step, BatchRequest& request) {
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

// How many pictures were replaced.
std::int64_t compare_with_loader(const Dataset& dataset, const AugmentationRecipe& recipe) {
  const Device device("cpu");
  const ResidentPictures resident(
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
  CHECK(resident.broken().size() == loader.broken_pictures().size());
  return windows.statistics().replaced;
}

}  // namespace

TEST_CASE("resident pictures: the loader's batches for every recipe that can be done from them") {
  for (const bool one_size : {true, false}) {
    const Pictures dataset(31, one_size);
    CHECK(compare_with_loader(dataset, cifar_training_recipe()) == 0);
    CHECK(compare_with_loader(dataset, plain_recipe()) == 0);
    CHECK(compare_with_loader(dataset, imagenet_evaluation_recipe()) == 0);
  }
}

TEST_CASE("resident pictures: a broken one is replaced by the same one as in the loader, with its label") {
  Pictures dataset(31, true);
  for (const std::size_t broken : {0U, 4U, 5U, 30U})
    dataset.break_picture(broken);
  CHECK(compare_with_loader(dataset, cifar_training_recipe()) > 0);
}

TEST_CASE("resident pictures: recipes that need more than windows are refused with what to do") {
  const Pictures dataset(5, true);
  const Device device("cpu");
  const auto message = [&](const AugmentationRecipe& recipe, std::int64_t limit = 1 << 20) {
    return message_of([&] {
      ResidentPictures(dataset, device,
                       {.recipe = recipe, .height = side, .width = side, .threads = 1, .limit_bytes = limit});
    });
  };
  CHECK(contains(message(imagenet_training_recipe()), "random resized crops"));
  CHECK(contains(message(imagenet_training_recipe()), "(cifar, none)"));
  AugmentationRecipe coloured = cifar_training_recipe();
  coloured.saturation = 0.4;
  CHECK(contains(message(coloured), "saturation"));
  coloured = cifar_training_recipe();
  coloured.pca_noise = 0.1;
  CHECK(contains(message(coloured), "PCA"));
  // 5 pictures of 24 x 24.
  CHECK(message(cifar_training_recipe(), 5 * 24 * 24 * 3) == "");
  CHECK(contains(message(cifar_training_recipe(), 5 * 24 * 24 * 3 - 1), "more than the limit"));
}

TEST_CASE("resident pictures: a loader refuses sources of another dataset, and a recipe that they cannot serve") {
  const Pictures dataset(5, true);
  const std::vector<std::int64_t> sources = {0, 1, 2};
  LoaderOptions options{.maximum_batch_size = 7, .maximum_height = side, .maximum_width = side};
  options.resident_sources = sources;
  const auto schedule = [&](std::int64_t step, BatchRequest& request) {
    return fill(dataset, imagenet_training_recipe(), step, request);
  };
  CHECK(contains(message_of([&] { Loader(dataset, schedule, options); }), "3 pictures on the device"));
  const std::vector<std::int64_t> all = {0, 1, 2, 3, 4};
  options.resident_sources = all;
  Loader loader(dataset, schedule, options);
  CHECK(contains(message_of([&] { loader.next(); }), "random resized crops"));
}

}  // namespace sleight::test
