// Boxes on images: where their lines are, and what wild boxes do.
#include "engine/report/object_drawing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/report/class_color.h"
#include "engine/report/font/text_line.h"

using namespace sleight;

namespace {

Image gray_image(std::int64_t height, std::int64_t width) {
  Image image(height, width);
  std::fill_n(image.view().pixels, height * width * 3, std::uint8_t{100});
  return image;
}

bool is_color(const Image& image, std::int64_t y, std::int64_t x, Color color) {
  const std::uint8_t* pixel = image.view().row(y) + x * 3;
  return pixel[0] == color.red && pixel[1] == color.green && pixel[2] == color.blue;
}

// Of letters of 11 pixels, the smallest.
std::int64_t label_height() {
  const LineMetrics line = text_font().metrics(11);
  return line.ascent + line.descent;
}

std::int64_t count_of(const Image& image, Color color) {
  std::int64_t count = 0;
  for (std::int64_t y = 0; y < image.height(); ++y)
    for (std::int64_t x = 0; x < image.width(); ++x)
      count += is_color(image, y, x, color) ? 1 : 0;
  return count;
}

constexpr Color red{200, 0, 0};
constexpr Color gray{100, 100, 100};

}  // namespace

TEST_CASE("object drawing: the outline lies inside the box, on exactly its edges, enlarged or not") {
  const Image image = gray_image(40, 50);
  const DrawnObject object{{10, 15, 30, 35}, "", red};
  for (const int enlargement : {1, 3}) {
    const Image drawn = draw_objects(image.view(), {&object, 1}, enlargement, 1);
    REQUIRE(drawn.height() == 40 * enlargement);
    REQUIRE(drawn.width() == 50 * enlargement);
    int wrong = 0;
    for (std::int64_t y = 0; y < drawn.height(); ++y)
      for (std::int64_t x = 0; x < drawn.width(); ++x) {
        const std::int64_t left = 10 * enlargement, right = 30 * enlargement - 1;
        const std::int64_t top = 15 * enlargement, bottom = 35 * enlargement - 1;
        const bool inside = y >= top && y <= bottom && x >= left && x <= right;
        const bool edge = inside && (y == top || y == bottom || x == left || x == right);
        wrong += !is_color(drawn, y, x, edge ? red : gray);
      }
    CHECK(wrong == 0);
  }
}

TEST_CASE("object drawing: the label is above the box, or inside where there is no room") {
  const Image image = gray_image(60, 80);
  const auto drawn_at = [&](double top) {
    const DrawnObject object{{20, top, 70, top + 30}, "cat", red};
    return draw_objects(image.view(), {&object, 1}, 1, 1);
  };
  // The label's ground has the box's color; its first columns are free of letters.
  CHECK(is_color(drawn_at(25), 25 - label_height(), 20, red));
  CHECK(is_color(drawn_at(25), 25 - label_height() - 1, 20, gray));
  CHECK(is_color(drawn_at(4), 4 + label_height() - 1, 21, red));
  CHECK(is_color(drawn_at(4), 3, 20, gray));
}

TEST_CASE("object drawing: boxes beyond the image are clipped, empty and wild ones harmless") {
  const Image image = gray_image(20, 20);
  const double infinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<DrawnObject> harmless = {{{5, 5, 5, 9}, "empty", red},
                                             {{9, 9, 5, 5}, "swapped", red},
                                             {{nan, 0, 5, 5}, "nan", red},
                                             {{-1e300, -infinity, 1e300, infinity}, "", red},
                                             {{30, 30, 50, 50}, "", red}};
  const Image drawn = draw_objects(image.view(), harmless, 1, 1);
  int changed = 0;
  for (std::int64_t y = 0; y < 20; ++y)
    for (std::int64_t x = 0; x < 20; ++x)
      changed += !is_color(drawn, y, x, gray);
  CHECK(changed == 0);
  const DrawnObject half{{-10, 5, 10, 15}, "", red};
  CHECK(is_color(draw_objects(image.view(), {&half, 1}, 1, 1), 5, 0, red));
  CHECK_THROWS_AS(draw_objects(image.view(), {}, 0, 1), Error);
}

TEST_CASE("object drawing: a label keeps inside the image, at any box and of any length") {
  const Image image = gray_image(70, 90);
  const std::string endless(3000, 'W');
  for (const std::string& label : {std::string("W"), std::string("a rather long name"), endless}) {
    for (const Box& box : {Box{60, 5, 88, 30}, Box{-30, -30, 20, 20}, Box{80, 60, 200, 100}, Box{0, 0, 90, 70}}) {
      CAPTURE(label.size(), box.left);
      // Nothing but the label has this color, and it has a whole row of it above the letters.
      const DrawnObject object{box, label, red, "97%"};
      const Image drawn = draw_objects(image.view(), {&object, 1}, 1, 1);
      std::int64_t widest = 0;
      for (std::int64_t y = 0; y < 70; ++y) {
        std::int64_t row = 0;
        for (std::int64_t x = 0; x < 90; ++x)
          row += is_color(drawn, y, x, red) ? 1 : 0;
        widest = std::max(widest, row);
      }
      CHECK(widest >= 9);
      CHECK(count_of(drawn, red) > 9 * label_height() / 2);
    }
  }
}

TEST_CASE("object drawing: labels of boxes at one place do not cover each other") {
  const Image image = gray_image(200, 200);
  const std::vector<Color> colors = {{200, 0, 0}, {0, 200, 0}, {0, 0, 200}, {200, 0, 200}};
  std::vector<DrawnObject> objects;
  for (const Color& color : colors)
    objects.push_back({{60, 60, 160, 140}, "dog", color, "50%"});
  const Image drawn = draw_objects(image.view(), objects, 1, 1);
  const auto label_area = static_cast<std::int64_t>(text_width("dog 50%", 11)) * label_height();
  for (const Color& color : colors)
    CHECK(count_of(drawn, color) > label_area / 2);
}

TEST_CASE("object drawing: lines and letters grow with the image") {
  const auto drawn_width = [](std::int64_t height, std::int64_t width) {
    const Image image = gray_image(height, width);
    const auto h = static_cast<double>(height), w = static_cast<double>(width);
    const DrawnObject object{{0.5 * w, 0.5 * h, 0.75 * w, 0.75 * h}, "", red};
    const Image drawn = draw_objects(image.view(), {&object, 1});
    std::int64_t line = 0;
    while (is_color(drawn, height * 5 / 8, width / 2 + line, red))
      ++line;
    return line;
  };
  CHECK(drawn_width(96, 128) == 1);
  CHECK(drawn_width(300, 400) == 2);
  CHECK(drawn_width(1500, 2000) == 5);
  // A label above the box is as high as a line of its text.
  const Image image = gray_image(1500, 2000);
  const DrawnObject object{{500, 500, 900, 900}, "cat", red};
  const Image drawn = draw_objects(image.view(), {&object, 1});
  std::int64_t height = 0;
  while (is_color(drawn, 499 - height, 501, red))
    ++height;
  const LineMetrics line = text_font().metrics(38.5);
  CHECK(height == line.ascent + line.descent);
}

TEST_CASE("object drawing: an image without room for text has boxes alone") {
  const Image image = gray_image(12, 40);
  const DrawnObject plain{{2, 2, 30, 10}, "", red};
  const DrawnObject named{{2, 2, 30, 10}, "cat", red, "98%"};
  CHECK(std::ranges::equal(draw_objects(image.view(), {&plain, 1}).pixels(),
                           draw_objects(image.view(), {&named, 1}).pixels()));
}

TEST_CASE("object drawing: every class has a color that can be told from the others") {
  const auto distance = [](Color a, Color b) {
    return std::abs(a.red - b.red) + std::abs(a.green - b.green) + std::abs(a.blue - b.blue);
  };
  int least_of_ten = 765, least = 765;
  for (std::int32_t k = 0; k < class_colors; ++k) {
    for (std::int32_t other = 0; other < k; ++other) {
      const int apart = distance(class_color(k), class_color(other));
      least = std::min(least, apart);
      if (k < 10) least_of_ten = std::min(least_of_ten, apart);
    }
  }
  CHECK(least_of_ten >= 100);
  CHECK(least >= 30);
  CHECK(class_color(3) == class_color(3));
  CHECK(class_color(class_colors) == class_color(0));
  for (const std::int32_t wild : {-1, std::numeric_limits<std::int32_t>::min()})
    CHECK(distance(class_color(wild), {}) > 0);
}

TEST_CASE("object drawing: text on a color is black or white, whichever stands out") {
  CHECK(text_color_on({255, 255, 255}) == Color{0, 0, 0});
  CHECK(text_color_on({255, 200, 25}) == Color{0, 0, 0});
  CHECK(text_color_on({0, 0, 255}) == Color{255, 255, 255});
  CHECK(text_color_on({0, 0, 0}) == Color{255, 255, 255});
}
