// Crops and color changes: the distributions they promise, and the numbers they give.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/data/classifier/augmentation.h"
#include "engine/data/classifier/pipeline.h"
#include "tests/data/test_images.h"

using namespace sleight;
using namespace sleight::test;

namespace {

RandomStream stream(std::uint64_t index) {
  return {17, RandomPurpose::augmentation, 3, index};
}

StoredImage stored_pixels(const Image& image) {
  StoredImage stored;
  stored.form = StoredImage::Form::pixels;
  stored.height = image.height();
  stored.width = image.width();
  stored.bytes = std::as_bytes(image.pixels());
  return stored;
}

using Pixel = std::array<double, 3>;

double gray_of(const Pixel& pixel) {
  return 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
}

}  // namespace

TEST_CASE("random resized crops have the area and aspect they were asked for") {
  const ClassifierAugmentation recipe = imagenet_training_augmentation();
  const double image_area = 1000.0 * 1000.0;
  constexpr int draws = 100000;
  double sum_area = 0.0;
  double sum_log_aspect = 0.0;
  double sum_left_share = 0.0;
  int small = 0;
  int large = 0;
  for (int i = 0; i < draws; ++i) {
    RandomStream random = stream(static_cast<std::uint64_t>(i));
    const CropBox box = draw_random_resized_crop(recipe, 1000, 1000, random);
    REQUIRE((box.left >= 0 && box.top >= 0 && box.left + box.width <= 1000 && box.top + box.height <= 1000));
    const double area = box.width * box.height / image_area;
    const double aspect = box.width / box.height;
    REQUIRE((area > 0.079 && area <= 1.0));
    REQUIRE((aspect > 0.748 && aspect < 1.337));
    sum_area += area;
    sum_log_aspect += std::log(aspect);
    if (area < 0.5) ++small;
    if (area > 0.9) ++large;
    sum_left_share += box.width < 1000 ? box.left / (1000 - box.width) : 0.5;
  }
  // Area is uniform on 0.08 .. 1 before those that do not fit are drawn again: large ones with a far aspect, so the
  // mean is below 0.54. 100,000 draws of torchvision's RandomResizedCrop.get_params: mean 0.4796, 53.0% below 0.5, 2.4%
  // above 0.9.
  CHECK(std::abs(sum_area / draws - 0.4796) < 0.003);
  CHECK(std::abs(small / static_cast<double>(draws) - 0.530) < 0.006);
  CHECK(std::abs(large / static_cast<double>(draws) - 0.0242) < 0.002);
  CHECK(std::abs(sum_log_aspect / draws) < 0.005);
  CHECK(std::abs(sum_left_share / draws - 0.5) < 0.01);
}

TEST_CASE("when no random crop fits, the center is taken with the nearest aspect") {
  ClassifierAugmentation recipe = imagenet_training_augmentation();
  recipe.minimum_area = recipe.maximum_area = 1.0;
  RandomStream random = stream(0);
  CHECK(draw_random_resized_crop(recipe, 100, 1000, random) == CropBox{433, 0, 133, 100});
  CHECK(draw_random_resized_crop(recipe, 1000, 100, random) == CropBox{0, 433, 100, 133});
  recipe.minimum_aspect = recipe.maximum_aspect = 2.0;
  CHECK(draw_random_resized_crop(recipe, 1, 1, random) == CropBox{0, 0, 1, 1});
}

TEST_CASE("the center crop is what resizing the short side and cropping gives") {
  // 500 x 375 to short side 256: scale 375 / 256; 224 of that.
  const CropBox box = center_crop(375, 500, 224, 224, 0.875);
  CHECK(box.width == Approx(375.0 * 224 / 256));
  CHECK(box.height == Approx(box.width));
  CHECK(box.left == Approx((500 - box.width) / 2));
  CHECK(box.top == Approx((375 - box.height) / 2));
  const CropBox wide = center_crop(100, 100, 50, 100, 1.0);
  CHECK(wide.width == Approx(100.0));
  CHECK(wide.height == Approx(50.0));
}

TEST_CASE("the padded crop moves the image by up to the padding, with black around it") {
  const Image image = coordinate_image(32, 32);
  const StoredImage stored = stored_pixels(image);
  ImagePipeline pipeline;
  Image output(32, 32);
  std::array<int, 9> seen_x{};
  std::array<int, 9> seen_y{};
  int flips = 0;
  for (std::uint64_t i = 0; i < 900; ++i) {
    RandomStream random = stream(i);
    flips += pipeline.prepare(stored, cifar_training_augmentation(), random, output.view()) ? 1 : 0;
    // The middle pixel tells the shift; then every other must follow.
    const std::uint8_t* middle = output.view().row(16) + 16 * 3;
    const int shift_x = middle[0] - 16;
    const int shift_y = middle[1] - 16;
    REQUIRE((std::abs(shift_x) <= 4 && std::abs(shift_y) <= 4));
    ++seen_x[static_cast<std::size_t>(shift_x + 4)];
    ++seen_y[static_cast<std::size_t>(shift_y + 4)];
    bool right = true;
    for (int y = 0; y < 32; ++y)
      for (int x = 0; x < 32; ++x) {
        const int source_x = x + shift_x;
        const int source_y = y + shift_y;
        const bool inside = source_x >= 0 && source_x < 32 && source_y >= 0 && source_y < 32;
        const std::uint8_t* pixel = output.view().row(y) + x * 3;
        right = right && pixel[0] == (inside ? source_x : 0) && pixel[1] == (inside ? source_y : 0) &&
                pixel[2] == (inside ? source_x + source_y : 0);
      }
    REQUIRE(right);
  }
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK((seen_x[i] > 60 && seen_x[i] < 145));
    CHECK((seen_y[i] > 60 && seen_y[i] < 145));
  }
  CHECK((flips > 390 && flips < 510));
}

TEST_CASE("color changes agree with a step by step reference in double precision") {
  const Image original = random_image(13, 29, 6);
  for (std::uint64_t i = 0; i < 50; ++i) {
    ClassifierAugmentation recipe;
    if (i % 5 != 0) recipe.brightness = 0.4;
    if (i % 5 != 1) recipe.contrast = 0.4;
    if (i % 5 != 2) recipe.saturation = 0.4;
    if (i % 5 != 3) recipe.hue = 0.4;
    if (i % 5 != 4) recipe.pca_noise = 0.1;
    CAPTURE(i);
    RandomStream random = stream(i);
    const ColorChange change = draw_color_change(recipe, random);
    Image changed = original;
    apply_color_change(change, changed.view());

    // The same draws, each change on its own.
    RandomStream again = stream(i);
    const auto factor = [&again](double strength) {
      return strength == 0.0 ? 1.0 : again.uniform(1.0 - strength, 1.0 + strength);
    };
    const double brightness = factor(recipe.brightness);
    const double contrast = factor(recipe.contrast);
    const double saturation = factor(recipe.saturation);
    const double angle = (factor(recipe.hue) - 1.0) * std::numbers::pi;
    Pixel noise{};
    if (recipe.pca_noise > 0.0) {
      const double values[3] = {55.46, 4.794, 1.148};
      const double vectors[3][3] = {{-0.5675, 0.7192, 0.4009}, {-0.5808, -0.0045, -0.8140}, {-0.5836, -0.6948, 0.4203}};
      for (std::size_t k = 0; k < 3; ++k) {
        const double alpha = 0.1 * again.normal();
        for (std::size_t channel = 0; channel < 3; ++channel)
          noise[channel] += vectors[channel][k] * alpha * values[k];
      }
    }
    double mean = 0.0;
    const std::size_t pixels = 13 * 29;
    std::vector<Pixel> reference(pixels);
    for (std::size_t p = 0; p < pixels; ++p) {
      for (std::size_t channel = 0; channel < 3; ++channel)
        reference[p][channel] = brightness * original.pixels()[p * 3 + channel];
      mean += gray_of(reference[p]) / static_cast<double>(pixels);
    }
    for (std::size_t p = 0; p < pixels; ++p) {
      Pixel& pixel = reference[p];
      for (double& value : pixel)
        value = contrast * value + (1.0 - contrast) * mean;
      const double gray = gray_of(pixel);
      for (double& value : pixel)
        value = saturation * value + (1.0 - saturation) * gray;
      // Turn the color difference from gray: its I and Q, by Cramer's rule back to red, green, blue.
      const double y = gray_of(pixel);
      const double in_phase = 0.5959 * pixel[0] - 0.2746 * pixel[1] - 0.3213 * pixel[2];
      const double quadrature = 0.2115 * pixel[0] - 0.5227 * pixel[1] + 0.3112 * pixel[2];
      const double turned_i = std::cos(angle) * in_phase - std::sin(angle) * quadrature;
      const double turned_q = std::sin(angle) * in_phase + std::cos(angle) * quadrature;
      // With d = pixel - y: 0.299 dr + 0.587 dg + 0.114 db = 0 removes db.
      const double a = 0.5959 + 0.3213 * 0.299 / 0.114, b = -0.2746 + 0.3213 * 0.587 / 0.114;
      const double c = 0.2115 - 0.3112 * 0.299 / 0.114, d = -0.5227 - 0.3112 * 0.587 / 0.114;
      const double red = (turned_i * d - b * turned_q) / (a * d - b * c);
      const double green = (a * turned_q - turned_i * c) / (a * d - b * c);
      pixel = {y + red, y + green, y - (0.299 * red + 0.587 * green) / 0.114};
      for (std::size_t channel = 0; channel < 3; ++channel) {
        const double expected = std::clamp(pixel[channel] + noise[channel], 0.0, 255.0);
        const double error = std::abs(expected - changed.pixels()[p * 3 + channel]);
        REQUIRE(error <= 0.5 + 1e-3);
      }
    }
  }
}

TEST_CASE("color factors are uniform and PCA noise has the stated spread") {
  ClassifierAugmentation recipe;
  recipe.brightness = 0.4;
  double lowest = 2.0, highest = 0.0, sum = 0.0;
  double noise_square = 0.0;
  constexpr int draws = 5000;
  for (std::uint64_t i = 0; i < draws; ++i) {
    RandomStream random = stream(i);
    const double factor = draw_color_change(recipe, random).matrix[1][1];
    lowest = std::min(lowest, factor);
    highest = std::max(highest, factor);
    sum += factor;
    ClassifierAugmentation only_noise;
    only_noise.pca_noise = 0.1;
    RandomStream other = stream(i);
    const ColorChange change = draw_color_change(only_noise, other);
    REQUIRE(change.matrix == ColorChange{}.matrix);
    noise_square += change.noise[0] * change.noise[0];
  }
  CHECK((lowest >= 0.6 && lowest < 0.601));
  CHECK((highest < 1.4 && highest > 1.399));
  CHECK(std::abs(sum / draws - 1.0) < 0.01);
  const double expected = 0.1 * std::hypot(0.5675 * 55.46, 0.7192 * 4.794, 0.4009 * 1.148);
  CHECK(std::sqrt(noise_square / draws) == Approx(expected).epsilon(0.05));
}

TEST_CASE("an empty recipe changes nothing") {
  const Image image = random_image(21, 17, 2);
  Image output(21, 17);
  RandomStream random = stream(1);
  ImagePipeline pipeline;
  CHECK(!pipeline.prepare(stored_pixels(image), plain_recipe(), random, output.view()));
  CHECK(std::equal(output.pixels().begin(), output.pixels().end(), image.pixels().begin()));
}

TEST_CASE("recipes that make no sense are refused") {
  for (const ClassifierAugmentation& recipe :
       {imagenet_training_augmentation(), imagenet_training_augmentation_with_hue(), imagenet_evaluation_augmentation(),
        cifar_training_augmentation(), plain_recipe()})
    CHECK_NOTHROW(check_recipe(recipe));
  ClassifierAugmentation recipe;
  recipe.minimum_area = 0.0;
  CHECK_THROWS_AS(check_recipe(recipe), Error);
  recipe = {};
  recipe.flip_probability = std::nan("");
  CHECK_THROWS_AS(check_recipe(recipe), Error);
  recipe = {};
  recipe.contrast = 1.5;
  CHECK_THROWS_AS(check_recipe(recipe), Error);
  recipe = {};
  recipe.padding = -1;
  CHECK_THROWS_AS(check_recipe(recipe), Error);
}
