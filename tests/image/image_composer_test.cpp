// The filters and the one-pass composition against plain references in double precision.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/image/image_composer.h"
#include "engine/image/resize.h"
#include "tests/data/test_images.h"

using namespace sleight;
using namespace sleight::test;

namespace {

constexpr std::array<ResizeFilter, 5> all_filters = {ResizeFilter::nearest, ResizeFilter::bilinear,
                                                     ResizeFilter::bicubic, ResizeFilter::area, ResizeFilter::lanczos};

double sinc(double x) {
  return x == 0.0 ? 1.0 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
}

double filter_value(ResizeFilter filter, double x) {
  x = std::abs(x);
  if (filter == ResizeFilter::bilinear) return std::max(0.0, 1.0 - x);
  if (filter == ResizeFilter::lanczos) return x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
  if (x < 1.0) return 1.5 * x * x * x - 2.5 * x * x + 1.0;
  return x < 2.0 ? -0.5 * x * x * x + 2.5 * x * x - 4.0 * x + 2.0 : 0.0;
}

// Weight of source pixel j for one output position, straight from the definition; j may lie outside the source.
double weight_of(ResizeFilter filter, double begin, double extent, std::int64_t output_size, std::int64_t output,
                 std::int64_t j) {
  const double scale = extent / static_cast<double>(output_size);
  const double center = begin + (static_cast<double>(output) + 0.5) * scale;
  const auto raw = [&](std::int64_t pixel) {
    const double p = static_cast<double>(pixel);
    const bool touched = p + 1.0 > begin + 1e-9 && p < begin + extent - 1e-9;
    if (!touched) return 0.0;
    if (filter == ResizeFilter::nearest) return std::floor(center) == p ? 1.0 : 0.0;
    if (filter == ResizeFilter::area)
      return std::max(0.0, std::min(p + 1.0, center + scale / 2) - std::max(p, center - scale / 2));
    return filter_value(filter, (p + 0.5 - center) / std::max(1.0, scale));
  };
  double sum = 0.0;
  for (std::int64_t k = -300; k < 300; ++k)
    sum += raw(k);
  return raw(j) / sum;
}

struct Reference {
  std::vector<double> values;  // [height, width, 3], not clamped
};

Reference compose_plainly(const std::vector<const Image*>& images, const std::vector<double>& shares,
                          const CropBox& box, ResizeFilter filter, const ColorMap& colors,
                          const std::array<double, 3>& fill, std::int64_t height, std::int64_t width) {
  std::int64_t canvas_height = 0, canvas_width = 0;
  for (const Image* image : images) {
    canvas_height = std::max(canvas_height, image->height());
    canvas_width = std::max(canvas_width, image->width());
  }
  // The canvas as an image in real numbers, blended.
  std::vector<double> canvas(static_cast<std::size_t>(canvas_height * canvas_width * 3), 0.0);
  for (std::size_t k = 0; k < images.size(); ++k)
    for (std::int64_t y = 0; y < images[k]->height(); ++y)
      for (std::int64_t x = 0; x < images[k]->width() * 3; ++x)
        canvas[static_cast<std::size_t>(y * canvas_width * 3 + x)] += shares[k] * images[k]->view().row(y)[x];
  const auto table = [&](double begin, double extent, std::int64_t size, std::int64_t output_size) {
    std::vector<std::vector<double>> weights;
    for (std::int64_t i = 0; i < output_size; ++i) {
      weights.emplace_back();
      for (std::int64_t j = 0; j < size; ++j)
        weights.back().push_back(weight_of(filter, begin, extent, output_size, i, j));
    }
    return weights;
  };
  const auto rows = table(box.top, box.height, canvas_height, height);
  const auto columns = table(box.left, box.width, canvas_width, width);
  Reference result;
  for (const auto& row : rows)
    for (const auto& column : columns) {
      std::array<double, 3> value{};
      double inside = 0.0;
      for (std::size_t i = 0; i < row.size(); ++i)
        for (std::size_t j = 0; j < column.size(); ++j) {
          const double weight = row[i] * column[j];
          const double* pixel = &canvas[(i * column.size() + j) * 3];
          inside += weight;
          // First the color of the pixel, then the filter: as if the colored canvas were resized.
          for (std::size_t c = 0; c < 3; ++c)
            value[c] += weight * (colors.matrix[c][0] * pixel[0] + colors.matrix[c][1] * pixel[1] +
                                  colors.matrix[c][2] * pixel[2] + colors.offset[c]);
        }
      for (std::size_t c = 0; c < 3; ++c)
        result.values.push_back(value[c] + (1.0 - inside) * fill[c]);
    }
  return result;
}

double largest_error(const Reference& reference, const Image& result) {
  double largest = 0.0;
  for (std::size_t i = 0; i < reference.values.size(); ++i) {
    const double error = std::abs(std::clamp(reference.values[i], 0.0, 255.0) - result.pixels()[i]);
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

const std::array<double, 3> fill = {200.0, 10.0, 90.0};

ColorMap some_colors() {
  ColorMap map{.matrix = multiply(hue_matrix(0.3), saturation_matrix(1.4)), .offset = {11.0, 11.0, 11.0}};
  return map;
}

}  // namespace

TEST_CASE("composing one image follows the definition, with every filter and parts beyond the image") {
  struct Case {
    std::int64_t height, width;
    CropBox box;
    std::int64_t output_height, output_width;
  };
  const std::vector<Case> cases = {
      {20, 30, {0, 0, 30, 20}, 7, 11},         {9, 11, {2, 1, 5, 7}, 23, 19},
      {20, 30, {-13, -7, 60, 50}, 17, 13},     {13, 17, {-5, 4, 12, 20}, 31, 8},
      {10, 10, {-40, -40, 89, 91}, 33, 33},    {16, 12, {3, -9, 30, 12}, 12, 30},
      {31, 17, {0.3, 2.6, 15.9, 25.1}, 13, 9}, {1, 1, {-1, -1, 3, 3}, 9, 5},
  };
  ImageComposer composer;
  for (const Case& c : cases)
    for (const ResizeFilter filter : all_filters)
      for (const ColorMap& colors : {ColorMap{}, some_colors()}) {
        CAPTURE(name_of(filter), c.height, c.width, c.box.left, c.box.top, c.output_height, c.output_width);
        const Image source = random_image(c.height, c.width, 8);
        Image result(c.output_height, c.output_width);
        const ImageLayer layer{.pixels = source.view(), .box = c.box};
        composer.compose({&layer, 1}, filter, colors, fill, result.view());
        const double error = largest_error(
            compose_plainly({&source}, {1.0}, c.box, filter, colors, fill, c.output_height, c.output_width), result);
        CHECK(error <= 0.5 + 1e-2);
      }
}

TEST_CASE("composing two images blends them on black, each with its own size, before everything else") {
  struct Sizes {
    std::int64_t first_height, first_width, second_height, second_width;
  };
  ImageComposer composer;
  for (const Sizes& s :
       {Sizes{20, 30, 20, 30}, Sizes{12, 40, 31, 9}, Sizes{31, 9, 12, 40}, Sizes{8, 8, 25, 25}, Sizes{25, 25, 8, 8}})
    for (const ResizeFilter filter : all_filters)
      for (const CropBox& box : {CropBox{0, 0, 25, 20}, CropBox{-15, -20, 70, 60}, CropBox{10, 9, 30, 30}}) {
        CAPTURE(name_of(filter), s.first_height, s.first_width, box.left, box.width);
        const Image first = random_image(s.first_height, s.first_width, 1);
        const Image second = random_image(s.second_height, s.second_width, 2);
        Image result(15, 21);
        const std::array<ImageLayer, 2> layers = {ImageLayer{first.view(), box, 0.3F},
                                                  ImageLayer{second.view(), box, 0.7F}};
        composer.compose(layers, filter, some_colors(), fill, result.view());
        const double error = largest_error(
            compose_plainly({&first, &second}, {0.3, 0.7}, box, filter, some_colors(), fill, 15, 21), result);
        CHECK(error <= 0.5 + 1e-2);
      }
}

TEST_CASE("composing bilinearly inside an image gives the resizer's bytes") {
  const Image source = random_image(40, 50, 3);
  for (const CropBox& box : {CropBox{0, 0, 50, 40}, CropBox{3, 5, 40, 21}, CropBox{7, 7, 12, 9}}) {
    Image resized(19, 23);
    Image composed(19, 23);
    Resizer().resize(source.view(), box, resized.view());
    const ImageLayer layer{.pixels = source.view(), .box = box};
    ImageComposer().compose({&layer, 1}, ResizeFilter::bilinear, {}, fill, composed.view());
    CHECK(std::equal(resized.pixels().begin(), resized.pixels().end(), composed.pixels().begin()));
  }
}

TEST_CASE("an image of the output's size is copied by every filter, its surroundings are the fill") {
  const Image source = random_image(16, 20, 5);
  for (const ResizeFilter filter : all_filters) {
    CAPTURE(name_of(filter));
    Image result(40, 50);
    const ImageLayer layer{.pixels = source.view(), .box = {-7, -11, 50, 40}};
    ImageComposer().compose({&layer, 1}, filter, {}, fill, result.view());
    int wrong = 0;
    for (std::int64_t y = 0; y < 40; ++y)
      for (std::int64_t x = 0; x < 50; ++x)
        for (std::int64_t channel = 0; channel < 3; ++channel) {
          const bool inside = y >= 11 && y < 27 && x >= 7 && x < 27;
          const double expected =
              inside ? source.view().row(y - 11)[(x - 7) * 3 + channel] : fill[static_cast<std::size_t>(channel)];
          wrong += std::as_const(result).view().row(y)[x * 3 + channel] != expected;
        }
    CHECK(wrong == 0);
  }
}

TEST_CASE("a part without any pixel of the image is the fill, an empty part is an error") {
  const Image source = random_image(16, 20, 5);
  Image result(9, 9);
  const ImageLayer beside{.pixels = source.view(), .box = {20, 0, 30, 30}};
  ImageComposer composer;
  composer.compose({&beside, 1}, ResizeFilter::lanczos, some_colors(), fill, result.view());
  int wrong = 0;
  for (std::size_t i = 0; i < 9 * 9 * 3; ++i)
    wrong += result.pixels()[i] != fill[i % 3];
  CHECK(wrong == 0);
  const ImageLayer empty{.pixels = source.view(), .box = {2, 2, 0, 3}};
  CHECK_THROWS_AS(composer.compose({&empty, 1}, ResizeFilter::area, {}, fill, result.view()), Error);
  CHECK_THROWS_AS(composer.compose({}, ResizeFilter::area, {}, fill, result.view()), Error);
}
