// The draws of a detector's augmentation, and how boxes go along.
#include <cmath>
#include <numbers>
#include <vector>

#include "catch2_adapter.h"
#include "engine/data/detector/augmentation.h"
#include "tests/data/test_images.h"

using namespace sleight;
using namespace sleight::test;

namespace {

using Color = std::array<double, 3>;

Color colored(const ColorMap& map, const Color& color) {
  Color result = map.offset;
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      result[i] += map.matrix[i][j] * color[j];
  return result;
}

double difference(const Color& a, const Color& b) {
  return std::max({std::abs(a[0] - b[0]), std::abs(a[1] - b[1]), std::abs(a[2] - b[2])});
}

RandomStream stream(std::uint64_t index) {
  return {31, RandomPurpose::test, 0, index};
}

// The recipe with only one of the four color changes.
DetectorAugmentation only(double DetectorAugmentation::*strength) {
  DetectorAugmentation recipe;
  recipe.*strength = detector_training_augmentation().*strength;
  return recipe;
}

ColorMap draw(const DetectorAugmentation& recipe, std::uint64_t index) {
  RandomStream random = stream(index);
  return draw_colors(recipe, random);
}

DetectorDraws draw(const DetectorAugmentation& recipe, const std::vector<ObjectBox>& objects, std::uint64_t index,
                   const ImageSize& size = {80, 120}) {
  RandomStream random = stream(index);
  return draw_detection(recipe, size, objects, random);
}

ObjectBox object(double left, double top, double right, double bottom) {
  return {.box = {left, top, right, bottom}};
}

}  // namespace

TEST_CASE("detection colors: brightness, then contrast, saturation and hue in either of GluonCV's orders") {
  const DetectorAugmentation all = detector_training_augmentation();
  for (std::uint64_t index = 0; index < 200; ++index) {
    const ColorMap whole = draw(all, index);
    const ColorMap brightness = draw(only(&DetectorAugmentation::brightness), index);
    const ColorMap contrast = draw(only(&DetectorAugmentation::contrast), index);
    const ColorMap saturation = draw(only(&DetectorAugmentation::saturation), index);
    const ColorMap hue = draw(only(&DetectorAugmentation::hue), index);
    for (const Color& color : {Color{10, 200, 90}, Color{255, 0, 31}, Color{77, 77, 77}}) {
      const Color bright = colored(brightness, color);
      const Color first = colored(hue, colored(saturation, colored(contrast, bright)));
      const Color second = colored(contrast, colored(hue, colored(saturation, bright)));
      REQUIRE(difference(colored(whole, color), first) <= 1e-9);
      REQUIRE(difference(colored(whole, color), second) <= 1e-9);
    }
  }
}

TEST_CASE("detection colors: each of the four by its formula, in its range, every second time") {
  std::array<int, 4> changed{};
  double largest_hue = 0.0;
  constexpr int draws = 2000;
  for (std::uint64_t index = 0; index < draws; ++index) {
    const Color color = {10, 200, 90};
    const double gray = 0.299 * 10 + 0.587 * 200 + 0.114 * 90;

    const ColorMap brightness = draw(only(&DetectorAugmentation::brightness), index);
    const double added = brightness.offset[0];
    REQUIRE(std::abs(added) <= 32.0);
    REQUIRE(difference(colored(brightness, color), {10 + added, 200 + added, 90 + added}) <= 1e-9);
    changed[0] += added != 0.0;

    const ColorMap contrast = draw(only(&DetectorAugmentation::contrast), index);
    const double factor = contrast.matrix[1][1];
    REQUIRE((factor >= 0.5 && factor <= 1.5));
    REQUIRE(difference(colored(contrast, color), {10 * factor, 200 * factor, 90 * factor}) <= 1e-9);
    changed[1] += factor != 1.0;

    const ColorMap saturation = draw(only(&DetectorAugmentation::saturation), index);
    const double alpha = saturation.matrix[0][0] - saturation.matrix[1][0];
    REQUIRE((alpha >= 0.5 - 1e-12 && alpha <= 1.5 + 1e-12));
    const double rest = (1.0 - alpha) * gray;
    REQUIRE(difference(colored(saturation, color), {alpha * 10 + rest, alpha * 200 + rest, alpha * 90 + rest}) <= 1e-9);
    changed[2] += std::abs(alpha - 1.0) > 1e-12;

    const ColorMap hue = draw(only(&DetectorAugmentation::hue), index);
    const auto yiq = [](const Color& c) {
      return Color{0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2], 0.5959 * c[0] - 0.2746 * c[1] - 0.3213 * c[2],
                   0.2115 * c[0] - 0.5227 * c[1] + 0.3112 * c[2]};
    };
    const Color before = yiq(color), after = yiq(colored(hue, color));
    REQUIRE(std::abs(before[0] - after[0]) <= 1e-9);
    REQUIRE(std::abs(std::hypot(before[1], before[2]) - std::hypot(after[1], after[2])) <= 1e-9);
    const double angle =
        std::remainder(std::atan2(after[2], after[1]) - std::atan2(before[2], before[1]), 2 * std::numbers::pi) *
        180.0 / std::numbers::pi;
    REQUIRE(std::abs(angle) <= 18.0 + 1e-9);
    largest_hue = std::max(largest_hue, std::abs(angle));
    changed[3] += std::abs(angle) > 1e-9;
  }
  CHECK(largest_hue >= 17.0);
  for (const int count : changed)
    CHECK(std::abs(count - draws / 2) <= 5.0 * std::sqrt(draws / 4.0));
  // 0 leaves everything as it is, bit for bit.
  CHECK(draw(DetectorAugmentation{}, 3) == ColorMap{});
}

TEST_CASE("expansion: every second time, up to four times, the image whole inside") {
  DetectorAugmentation recipe;
  recipe.expand_probability = 0.5;
  int expanded = 0;
  double largest = 0.0, leftmost = 0.0, rightmost = 0.0;
  for (std::uint64_t index = 0; index < 2000; ++index) {
    const CropBox part = draw(recipe, {}, index).part;
    const double room_right = part.left + part.width - 120.0, room_below = part.top + part.height - 80.0;
    REQUIRE((part.left <= 0.0 && part.top <= 0.0 && room_right >= 0.0 && room_below >= 0.0));
    REQUIRE((part.left == std::floor(part.left) && part.width == std::floor(part.width)));
    // The same ratio for both sides, but for the rounding down.
    REQUIRE(std::abs(part.width / 120.0 - part.height / 80.0) <= 1.0 / 80.0);
    expanded += part.width > 120.0;
    largest = std::max(largest, part.width / 120.0);
    if (part.width > 130.0) {
      leftmost = std::max(leftmost, -part.left / (part.width - 120.0));
      rightmost = std::max(rightmost, room_right / (part.width - 120.0));
    }
  }
  CHECK(std::abs(expanded - 1000) <= 5.0 * std::sqrt(500.0));
  CHECK((largest > 3.9 && largest <= 4.0));
  CHECK((leftmost > 0.99 && rightmost > 0.99));
}

TEST_CASE("constrained crop: inside the region, of the drawn shapes, and some object always stays") {
  ConstrainedCropOptions options;
  options.constraint = CropConstraint::every_object;
  const std::vector<ObjectBox> objects = {object(-10, 0, 20, 30), object(60, 40, 118, 79), object(30, 5, 44, 12)};
  const CropBox region{-40, -20, 200, 150};
  int cropped = 0;
  double smallest = 1.0, narrowest = 1.0, widest = 1.0;
  for (std::uint64_t index = 0; index < 3000; ++index) {
    RandomStream random = stream(index);
    const CropBox part = draw_constrained_crop(options, region, objects, random);
    REQUIRE((part.left >= -40 && part.top >= -20 && part.left + part.width <= 160 && part.top + part.height <= 130));
    REQUIRE((part.left == std::floor(part.left) && part.height == std::floor(part.height) && part.height >= 1));
    REQUIRE(std::any_of(objects.begin(), objects.end(), [&](const ObjectBox& o) { return keeps_object(part, o.box); }));
    if (part == region) continue;
    ++cropped;
    const double across = part.width / 200.0, down = part.height / 150.0;
    smallest = std::min(smallest, std::sqrt(across * down));
    narrowest = std::min(narrowest, across / down);
    widest = std::max(widest, across / down);
  }
  CHECK(cropped > 500);
  CHECK((smallest >= 0.29 && smallest < 0.36));
  CHECK((narrowest >= 0.49 && narrowest < 0.55));
  CHECK((widest <= 2.05 && widest > 1.8));
}

TEST_CASE("constrained crop: every object must overlap as demanded, or any") {
  // The small object's overlap with a part that holds it is far below 0.1, the large one's is not.
  const std::vector<ObjectBox> objects = {object(5, 5, 115, 115), object(50, 50, 54, 54)};
  const CropBox region{0, 0, 120, 120};
  const auto whole_share = [&](CropConstraint constraint) {
    ConstrainedCropOptions options;
    options.constraint = constraint;
    int whole = 0;
    for (std::uint64_t index = 0; index < 2000; ++index) {
      RandomStream random = stream(index);
      whole += draw_constrained_crop(options, region, objects, random) == region;
    }
    return whole / 2000.0;
  };
  CHECK(whole_share(CropConstraint::none) == 1.0);
  // Candidates: the whole and one free part; or these and five more. A free part without any object gives way.
  const double every = whole_share(CropConstraint::every_object);
  const double any = whole_share(CropConstraint::any_object);
  CHECK((every >= 0.46 && every <= 0.62));
  CHECK((any >= 0.11 && any <= 0.22));

  // An object as large as the region overlaps a part by the part's share of the area: of the seven candidates the whole
  // and those of 0.3, 0.5, 0.7, 0.9 overlap it by 0.3 at least, and so on.
  const std::vector<ObjectBox> one = {object(0, 0, 120, 120)};
  for (const CropConstraint constraint : {CropConstraint::every_object, CropConstraint::any_object}) {
    ConstrainedCropOptions options;
    options.constraint = constraint;
    std::array<double, 3> above{};
    for (std::uint64_t index = 0; index < 2000; ++index) {
      RandomStream random = stream(index);
      const CropBox part = draw_constrained_crop(options, region, one, random);
      const double overlap = part.width * part.height / (120.0 * 120.0);
      above[0] += (overlap >= 0.3) / 2000.0;
      above[1] += (overlap >= 0.7) / 2000.0;
      above[2] += (overlap >= 0.9) / 2000.0;
    }
    CHECK(above[0] >= 5.0 / 7.0 - 0.05);
    CHECK(above[1] >= 3.0 / 7.0 - 0.05);
    CHECK((above[2] >= 2.0 / 7.0 - 0.05 && above[2] <= 2.0 / 7.0 + 0.15));
  }
}

TEST_CASE("an image without objects is cropped too, by the first part that is drawn") {
  int whole = 0;
  for (std::uint64_t index = 0; index < 200; ++index) {
    DetectorAugmentation recipe = detector_training_augmentation();
    recipe.expand_probability = 0.0;
    const CropBox part = draw(recipe, {}, index).part;
    CHECK(part.left >= 0.0);
    CHECK(part.top >= 0.0);
    CHECK(part.left + part.width <= 120.0);
    CHECK(part.top + part.height <= 80.0);
    CHECK(part.width * part.height >= 0.3 * 0.3 * 120 * 80 * 0.9);
    whole += part == CropBox{0, 0, 120, 80} ? 1 : 0;
    recipe.crop.constraint = CropConstraint::none;
    CHECK(draw(recipe, {}, index).part == CropBox{0, 0, 120, 80});
  }
  CHECK(whole < 20);
}

TEST_CASE("a trick of the recipe that is switched off leaves the draws of all others alone") {
  const std::vector<ObjectBox> objects = {object(5, 5, 100, 70), object(50, 40, 64, 54)};
  const DetectorAugmentation all = detector_training_augmentation();
  DetectorAugmentation without_crop = all, without_flip = all, without_color = all, without_filter = all,
                       without_expansion = all;
  without_crop.crop.constraint = CropConstraint::none;
  without_flip.flip_probability = 0.0;
  without_color.color_probability = 0.0;
  without_filter.random_filter = false;
  without_expansion.expand_probability = 0.0;
  std::array<int, 5> filters{};
  int flips = 0;
  for (std::uint64_t index = 0; index < 1000; ++index) {
    const DetectorDraws reference = draw(all, objects, index);
    ++filters[static_cast<std::size_t>(reference.filter)];
    flips += reference.flip;
    for (const DetectorAugmentation* recipe :
         {&without_crop, &without_flip, &without_color, &without_filter, &without_expansion}) {
      const DetectorDraws draws = draw(*recipe, objects, index);
      if (recipe != &without_color) REQUIRE(draws.colors == reference.colors);
      if (recipe != &without_filter) REQUIRE(draws.filter == reference.filter);
      if (recipe != &without_flip) REQUIRE(draws.flip == reference.flip);
      if (recipe != &without_crop && recipe != &without_expansion) REQUIRE(draws.part == reference.part);
    }
    REQUIRE(draw(without_filter, objects, index).filter == ResizeFilter::bilinear);
    REQUIRE_FALSE(draw(without_flip, objects, index).flip);
  }
  CHECK(std::abs(flips - 500) <= 80);
  for (const int count : filters)
    CHECK(std::abs(count - 200) <= 64);
}

TEST_CASE("a box stays if its center does, and is clipped") {
  const CropBox part{10, 20, 40, 30};
  const BoxTransform transform = transform_of(part, {0, 0, 80, 90});
  Box box;
  REQUIRE(carry_box({0, 25, 30, 35}, part, transform, box));  // center 15, 30
  CHECK(box == Box{0, 15, 40, 45});
  CHECK_FALSE(carry_box({0, 25, 19, 35}, part, transform, box));   // center 9.5
  CHECK(carry_box({0, 25, 20, 35}, part, transform, box));         // center 10, the left edge
  CHECK_FALSE(carry_box({40, 25, 60, 35}, part, transform, box));  // center 50, the right edge
  CHECK_FALSE(carry_box({20, 20, 20, 40}, part, transform, box));  // nothing of it
  CHECK(transform.to_image(transform.to_batch({11, 22, 33, 44})) == Box{11, 22, 33, 44});
  CHECK(mirrored({10, 1, 30, 2}, 80) == Box{50, 1, 70, 2});
}

TEST_CASE("letterbox keeps the aspect and lies in the middle") {
  DetectorAugmentation recipe;
  recipe.letterbox = true;
  const auto place = [&](double width, double height, ImageSize output) {
    const PartPlacement p = place_part(recipe, {0, 0, width, height}, output);
    return std::vector<std::int64_t>{p.left, p.top, p.width, p.height};
  };
  CHECK(place(640, 480, {416, 416}) == std::vector<std::int64_t>{0, 52, 416, 312});
  CHECK(place(480, 640, {416, 416}) == std::vector<std::int64_t>{52, 0, 312, 416});
  CHECK(place(100, 100, {32, 64}) == std::vector<std::int64_t>{16, 0, 32, 32});
  CHECK(place(10000, 1, {32, 32}) == std::vector<std::int64_t>{0, 15, 32, 1});
  recipe.letterbox = false;
  CHECK(place(640, 480, {416, 352}) == std::vector<std::int64_t>{0, 0, 352, 416});
}

TEST_CASE("detection recipes are values, and senseless ones are refused") {
  CHECK(detector_training_augmentation() == detector_training_augmentation());
  CHECK_FALSE(detector_training_augmentation() == detector_evaluation_augmentation());
  const auto message = [](auto change) {
    DetectorAugmentation recipe = detector_training_augmentation();
    change(recipe);
    return message_of([&] { check_recipe(recipe); });
  };
  CHECK(message([](DetectorAugmentation&) {}).empty());
  CHECK(contains(message([](DetectorAugmentation& r) { r.color_probability = 1.5; }), "probabilities"));
  CHECK(contains(message([](DetectorAugmentation& r) { r.flip_probability = std::nan(""); }), "probabilities"));
  CHECK(contains(message([](DetectorAugmentation& r) { r.hue = 181; }), "hue"));
  CHECK(contains(message([](DetectorAugmentation& r) { r.saturation = -0.1; }), "saturation"));
  CHECK(contains(message([](DetectorAugmentation& r) { r.maximum_expansion = 0.5; }), "expansion"));
  CHECK(contains(message([](DetectorAugmentation& r) { r.crop.minimum_scale = 0; }), "scale"));
  CHECK(contains(message([](DetectorAugmentation& r) { r.crop.maximum_aspect = 0.9; }), "aspect"));
  CHECK(contains(message([](DetectorAugmentation& r) { r.crop.tries = 0; }), "tries"));
  CHECK(contains(message([](DetectorAugmentation& r) { r.fill[1] = 256; }), "fill"));
}
