// Samples of the detection loader: boxes that go along with their pixels, evaluation, mixup.
#include <algorithm>
#include <cmath>
#include <optional>

#include "batch_copy.h"
#include "catch2_adapter.h"
#include "engine/data/detector/loader.h"
#include "painted_dataset.h"

using namespace sleight;
using namespace sleight::test;

namespace {

using Copy = DetectorBatchCopy;

// The rectangle around the pixels of a channel that are above the threshold, as the network sees them: mirrored where
// flips says so.
Box painted_box(const Copy& batch, std::size_t i, std::int64_t channel, double threshold) {
  Box box{1e9, 1e9, -1e9, -1e9};
  const std::uint8_t* pixels = batch.images.data() + static_cast<std::int64_t>(i) * batch.height * batch.width * 3;
  for (std::int64_t y = 0; y < batch.height; ++y)
    for (std::int64_t x = 0; x < batch.width; ++x) {
      if (pixels[(y * batch.width + x) * 3 + channel] <= threshold) continue;
      const double seen = static_cast<double>(batch.flips[i] == 1 ? batch.width - 1 - x : x);
      const double row = static_cast<double>(y);
      box = {std::min(box.left, seen), std::min(box.top, row), std::max(box.right, seen + 1.0),
             std::max(box.bottom, row + 1.0)};
    }
  return box;
}

double largest_difference(const Box& a, const Box& b) {
  return std::max(
      {std::abs(a.left - b.left), std::abs(a.top - b.top), std::abs(a.right - b.right), std::abs(a.bottom - b.bottom)});
}

}  // namespace

TEST_CASE("boxes go along with the pixels through mixup, expansion, crop, resize and flip") {
  struct Case {
    DetectionImages::Form form;
    std::int64_t smallest, largest;  // images
    std::int64_t height, width;      // batch
  };
  // Enlarged, reduced, and JPEGs that are decoded at a reduced size.
  for (const Case& c :
       {Case{DetectionImages::Form::pixels, 40, 70, 96, 80}, Case{DetectionImages::Form::pixels, 120, 200, 64, 96},
        Case{DetectionImages::Form::jpeg, 300, 500, 64, 80}}) {
    const DetectionImages dataset = painted_images(24, c.smallest, c.largest, c.form);
    const auto batches = all_batches(
        dataset,
        [&](std::int64_t step, DetectorBatchRequest& request) {
          request.epoch = step;
          request.height = c.height;
          request.width = c.width;
          request.recipe = detector_training_augmentation();
          // What is black stays black: the ground, the fill, the other image's color.
          request.recipe.color_probability = 0.0;
          request.recipe.fill = {0.0, 0.0, 0.0};
          request.recipe.letterbox = step % 3 == 2;
          for (std::int64_t i = 0; i < 8; ++i) {
            request.samples.push_back((step * 8 + i) % dataset.size());
            request.partners.push_back((request.samples.back() + 1 + 2 * step) % dataset.size());
            request.lambdas.push_back(i % 2 == 0 ? 1.0F : 0.6F);
          }
          return step < 40;
        },
        small_options(2, 96));
    int compared = 0, dropped = 0, flipped = 0, expanded = 0, partners = 0;
    double worst = 0.0;
    const std::size_t places = static_cast<std::size_t>(maximum_objects_of(dataset, true));
    REQUIRE(places == 2);
    for (const Copy& batch : batches)
      for (std::size_t i = 0; i < 8; ++i) {
        CAPTURE(c.height, batch.step, i);
        const BoxTransform& transform = batch.transforms[i];
        flipped += batch.flips[i];
        expanded += transform.offset_x > 0.0 || transform.offset_y > 0.0;
        int stayed = 0;
        for (const std::int64_t image : {batch.sources[i], batch.partners[i]}) {
          if (image < 0) continue;
          const bool is_partner = image == batch.partners[i];
          const double share =
              is_partner ? 1.0 - static_cast<double>(batch.lambdas[i]) : static_cast<double>(batch.lambdas[i]);
          // Found again by its class: the two images of a sample never have the same.
          const std::int32_t class_index = static_cast<std::int32_t>(image % 2);
          std::optional<std::size_t> place;
          for (std::size_t k = 0; k < places; ++k)
            if (batch.classes[i * places + k] == class_index) place = i * places + k;
          const Box whole = transform.to_batch(dataset.objects(image)[0].box);
          if (!place) {
            ++dropped;
            const double x = (whole.left + whole.right) / 2, y = (whole.top + whole.bottom) / 2;
            const double width = static_cast<double>(batch.width), height = static_cast<double>(batch.height);
            const bool inside = x > 1e-9 && x < width - 1e-9 && y > 1e-9 && y < height - 1e-9;
            // Beside a letterboxed part is inside the batch.
            if (batch.step % 3 != 2) CHECK_FALSE(inside);
            continue;
          }
          ++stayed;
          partners += is_partner;
          CHECK(std::abs(static_cast<double>(batch.weights[*place]) - share) <= 1e-6);
          const float* b = batch.boxes.data() + *place * 4;
          const Box carried{static_cast<double>(b[0]), static_cast<double>(b[1]), static_cast<double>(b[2]),
                            static_cast<double>(b[3])};
          const Box painted = painted_box(batch, i, class_index == 0 ? 0 : 2, 127.5 * share);
          const double difference = largest_difference(carried, painted);
          CHECK(difference <= 1.0);
          worst = std::max(worst, difference);
          ++compared;
        }
        CHECK(batch.counts[i] == stayed);
        for (std::size_t k = static_cast<std::size_t>(stayed); k < places; ++k) {
          CHECK(batch.classes[i * places + k] == -1);
          CHECK(batch.weights[i * places + k] == 0.0F);
        }
      }
    CAPTURE(worst);
    CHECK(compared > 300);
    CHECK(dropped >= 5);
    CHECK(partners > 100);
    CHECK((flipped > 100 && flipped < 220));
    CHECK(expanded > 40);
  }
}

TEST_CASE("evaluation: a plain resize or a letterbox, and the way back to the image") {
  DetectionImages dataset;
  Image white(30, 60);
  std::fill_n(white.view().pixels, 30 * 60 * 3, std::uint8_t{255});
  dataset.add(white, {{.box = {6, 3, 36, 27}, .class_index = 1}}, DetectionImages::Form::pixels);
  const auto batch_of = [&](bool letterbox) {
    return one_batch(dataset, [&](DetectorBatchRequest& request) {
      request.height = request.width = 40;
      request.recipe = detector_evaluation_augmentation();
      request.recipe.letterbox = letterbox;
      request.samples = {0};
    });
  };
  const Copy plain = batch_of(false), boxed = batch_of(true);
  CHECK(std::all_of(plain.images.begin(), plain.images.end(), [](std::uint8_t value) { return value == 255; }));
  for (std::int64_t y = 0; y < 40; ++y)
    for (std::int64_t x = 0; x < 40; ++x) {
      const bool inside = y >= 10 && y < 30;
      const std::uint8_t* pixel = &boxed.images[static_cast<std::size_t>((y * 40 + x) * 3)];
      REQUIRE(pixel[0] == (inside ? 255 : 124));
      REQUIRE(pixel[1] == (inside ? 255 : 117));
      REQUIRE(pixel[2] == (inside ? 255 : 104));
    }
  CHECK(plain.flips[0] == 0);
  CHECK(vector_of(std::span<const float>(plain.boxes).first(4)) == std::vector<float>{4, 4, 24, 36});
  CHECK(vector_of(std::span<const float>(boxed.boxes).first(4)) == std::vector<float>{4, 12, 24, 28});
  CHECK(largest_difference(plain.transforms[0].to_image({4, 4, 24, 36}), {6, 3, 36, 27}) <= 1e-9);
  CHECK(largest_difference(boxed.transforms[0].to_image({4, 12, 24, 28}), {6, 3, 36, 27}) <= 1e-9);
}

TEST_CASE("mixup: pixels by lambda on a black canvas, objects of both with their weights") {
  DetectionImages dataset;
  Image wide(10, 40), high(40, 10);
  std::fill_n(wide.view().pixels, 1200, std::uint8_t{100});
  std::fill_n(high.view().pixels, 1200, std::uint8_t{200});
  dataset.add(wide, {{.box = {0, 0, 40, 10}, .class_index = 0}}, DetectionImages::Form::pixels);
  dataset.add(high, {{.box = {0, 0, 10, 40}, .class_index = 1}}, DetectionImages::Form::pixels);
  const auto batch_of = [&](float lambda, bool weigh) {
    return one_batch(dataset, [&](DetectorBatchRequest& request) {
      request.height = request.width = 40;
      request.samples = {0};
      request.partners = {1};
      request.lambdas = {lambda};
      request.weigh_objects = weigh;
    });
  };
  const Copy mixed = batch_of(0.25F, true);
  for (std::int64_t y = 0; y < 40; ++y)
    for (std::int64_t x = 0; x < 40; ++x)
      REQUIRE(mixed.images[static_cast<std::size_t>((y * 40 + x) * 3)] == (y < 10 ? 25 : 0) + (x < 10 ? 150 : 0));
  CHECK(mixed.boxes == std::vector<float>{0, 0, 40, 10, 0, 0, 10, 40});
  CHECK(mixed.classes == std::vector<std::int32_t>{0, 1});
  CHECK(mixed.weights == std::vector<float>{0.25F, 0.75F});
  CHECK(batch_of(0.25F, false).weights == std::vector<float>{1.0F, 1.0F});
  const Copy plain = batch_of(1.0F, true);
  CHECK(plain.weights == std::vector<float>{1.0F, 0.0F});
  CHECK(plain.partners == std::vector<std::int64_t>{-1});
  CHECK(plain.images == std::vector<std::uint8_t>(40 * 40 * 3, 100));
}
