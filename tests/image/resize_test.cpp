// The resizer against a plain reference in double precision.
#include <algorithm>
#include <cmath>
#include <vector>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/image/resize.h"
#include "engine/value/random.h"
#include "tests/data/test_images.h"

using namespace sleight;
using namespace sleight::test;

namespace {

// Weights of all source positions for one output position, straight from the definition.
std::vector<double> triangle_weights(double begin, double extent, std::int64_t source_size, std::int64_t output_size,
                                     std::int64_t output) {
  const double scale = extent / static_cast<double>(output_size);
  const double half_width = std::max(1.0, scale);
  const double center = begin + (static_cast<double>(output) + 0.5) * scale;
  std::vector<double> weights(static_cast<std::size_t>(source_size), 0.0);
  double sum = 0.0;
  for (std::int64_t j = 0; j < source_size; ++j) {
    const bool touched = static_cast<double>(j + 1) > begin + 1e-9 && static_cast<double>(j) < begin + extent - 1e-9;
    const double weight = 1.0 - std::abs(static_cast<double>(j) + 0.5 - center) / half_width;
    if (touched && weight > 0.0) sum += weights[static_cast<std::size_t>(j)] = weight;
  }
  for (double& weight : weights)
    weight /= sum;
  return weights;
}

double largest_error(const Image& source, const CropBox& box, const Image& result) {
  double largest = 0.0;
  for (std::int64_t y = 0; y < result.height(); ++y) {
    const auto rows = triangle_weights(box.top, box.height, source.height(), result.height(), y);
    for (std::int64_t x = 0; x < result.width(); ++x) {
      const auto columns = triangle_weights(box.left, box.width, source.width(), result.width(), x);
      for (int channel = 0; channel < 3; ++channel) {
        double value = 0.0;
        for (std::int64_t i = 0; i < source.height(); ++i)
          for (std::int64_t j = 0; j < source.width(); ++j)
            value += rows[static_cast<std::size_t>(i)] * columns[static_cast<std::size_t>(j)] *
                     source.view().row(i)[j * 3 + channel];
        const double error = std::abs(value - result.view().row(y)[x * 3 + channel]);
        if (!(error <= largest)) largest = error;
      }
    }
  }
  return largest;
}

}  // namespace

TEST_CASE("resizing follows the definition") {
  struct Case {
    std::int64_t height, width;
    CropBox box;
    std::int64_t output_height, output_width;
  };
  const std::vector<Case> cases = {
      {20, 30, {0, 0, 30, 20}, 20, 30},
      {20, 30, {0, 0, 30, 20}, 7, 11},
      {20, 30, {3, 5, 13, 9}, 5, 7},
      {9, 11, {2, 1, 5, 7}, 23, 19},
      {31, 17, {0.3, 2.6, 15.9, 25.1}, 13, 9},
      {31, 17, {1.25, 0.5, 8.5, 8.5}, 8, 8},
      {1, 1, {0, 0, 1, 1}, 5, 3},
      {40, 40, {0, 0, 40, 40}, 1, 1},
      {12, 50, {0, 0, 50, 12}, 12, 25},
      {50, 12, {0, 7, 12, 30}, 31, 12},
      {16, 16, {15.2, 15.2, 0.7, 0.7}, 4, 4},
      {24, 64, {0.125, 0.375, 63.875, 23.625}, 17, 33},
  };
  Resizer resizer;
  for (const Case& c : cases) {
    CAPTURE(c.height, c.width, c.box.left, c.box.top, c.box.width, c.box.height, c.output_height, c.output_width);
    const Image source = random_image(c.height, c.width, 8);
    Image result(c.output_height, c.output_width);
    resizer.resize(source.view(), c.box, result.view());
    const double error = largest_error(source, c.box, result);
    CHECK(error <= 0.5 + 1e-3);
  }
}

TEST_CASE("a crop of the output's own size is copied pixel by pixel") {
  const Image source = coordinate_image(60, 80);
  Image result(16, 20);
  Resizer().resize(source.view(), {7, 13, 20, 16}, result.view());
  for (std::int64_t y = 0; y < 16; ++y)
    for (std::int64_t x = 0; x < 20; ++x) {
      REQUIRE(result.view().row(y)[x * 3] == x + 7);
      REQUIRE(result.view().row(y)[x * 3 + 1] == y + 13);
    }
}

TEST_CASE("an image of one color stays that color") {
  Image source(37, 41);
  std::fill_n(source.view().pixels, 37 * 41 * 3, std::uint8_t{255});
  Image result(13, 90);
  Resizer().resize(source.view(), {1.1, 2.2, 38.7, 33.3}, result.view());
  CHECK(std::all_of(result.pixels().begin(), result.pixels().end(), [](std::uint8_t value) { return value == 255; }));
}

TEST_CASE("a box outside the image is an error") {
  const Image source = random_image(10, 10, 1);
  Image result(4, 4);
  Resizer resizer;
  CHECK_THROWS_AS(resizer.resize(source.view(), {5, 0, 6, 4}, result.view()), Error);
  CHECK_THROWS_AS(resizer.resize(source.view(), {-1, 0, 6, 4}, result.view()), Error);
  CHECK_THROWS_AS(resizer.resize(source.view(), {0, 0, 0, 4}, result.view()), Error);
}
