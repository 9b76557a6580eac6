// Boxes on pictures: where their lines are, and what wild boxes do.
#include "engine/train/object_drawing.h"

#include <limits>
#include <set>
#include <tuple>
#include <vector>

#include "catch2_adapter.h"
#include "engine/base/error.h"

using namespace sleight;

namespace {

Picture grey_picture(std::int64_t height, std::int64_t width) {
  Picture picture(height, width);
  std::fill_n(picture.view().pixels, height * width * 3, std::uint8_t{100});
  return picture;
}

bool is_color(const Picture& picture, std::int64_t y, std::int64_t x, Color color) {
  const std::uint8_t* pixel = picture.view().row(y) + x * 3;
  return pixel[0] == color.red && pixel[1] == color.green && pixel[2] == color.blue;
}

constexpr Color red{200, 0, 0};
constexpr Color grey{100, 100, 100};

}  // namespace

TEST_CASE("object drawing: the outline lies inside the box, on exactly its edges, enlarged or not") {
  const Picture picture = grey_picture(40, 50);
  const DrawnObject object{{10, 15, 30, 35}, "", red};
  for (const int enlargement : {1, 3}) {
    const Picture drawn = draw_objects(picture.view(), {&object, 1}, enlargement, 1);
    REQUIRE(drawn.height() == 40 * enlargement);
    REQUIRE(drawn.width() == 50 * enlargement);
    int wrong = 0;
    for (std::int64_t y = 0; y < drawn.height(); ++y)
      for (std::int64_t x = 0; x < drawn.width(); ++x) {
        const std::int64_t left = 10 * enlargement, right = 30 * enlargement - 1;
        const std::int64_t top = 15 * enlargement, bottom = 35 * enlargement - 1;
        const bool inside = y >= top && y <= bottom && x >= left && x <= right;
        const bool edge = inside && (y == top || y == bottom || x == left || x == right);
        wrong += !is_color(drawn, y, x, edge ? red : grey);
      }
    CHECK(wrong == 0);
  }
}

TEST_CASE("object drawing: the label is above the box, or inside where there is no room") {
  const Picture picture = grey_picture(60, 80);
  const auto drawn_at = [&](double top) {
    const DrawnObject object{{20, top, 70, top + 30}, "cat", red};
    return draw_objects(picture.view(), {&object, 1}, 1, 1);
  };
  // The label's ground has the box's colour; its first column is free of letters.
  CHECK(is_color(drawn_at(25), 25 - Canvas::character_height, 20, red));
  CHECK(is_color(drawn_at(25), 25 - Canvas::character_height - 1, 20, grey));
  CHECK(is_color(drawn_at(4), 4 + Canvas::character_height - 1, 21, red));
  CHECK(is_color(drawn_at(4), 3, 20, grey));
}

TEST_CASE("object drawing: boxes beyond the picture are clipped, empty and wild ones harmless") {
  const Picture picture = grey_picture(20, 20);
  const double infinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<DrawnObject> harmless = {{{5, 5, 5, 9}, "empty", red},
                                             {{9, 9, 5, 5}, "swapped", red},
                                             {{nan, 0, 5, 5}, "nan", red},
                                             {{-1e300, -infinity, 1e300, infinity}, "", red},
                                             {{30, 30, 50, 50}, "", red}};
  const Picture drawn = draw_objects(picture.view(), harmless, 1, 1);
  int changed = 0;
  for (std::int64_t y = 0; y < 20; ++y)
    for (std::int64_t x = 0; x < 20; ++x)
      changed += !is_color(drawn, y, x, grey);
  CHECK(changed == 0);
  const DrawnObject half{{-10, 5, 10, 15}, "", red};
  CHECK(is_color(draw_objects(picture.view(), {&half, 1}, 1, 1), 5, 0, red));
  CHECK_THROWS_AS(draw_objects(picture.view(), {}, 0, 1), Error);
}

TEST_CASE("object drawing: forty classes have forty colours") {
  std::set<std::tuple<int, int, int>> colors;
  for (std::int32_t k = 0; k < 40; ++k) {
    const Color color = class_color(k);
    colors.insert({color.red, color.green, color.blue});
  }
  CHECK(colors.size() == 40);
  CHECK(class_color(3) == class_color(3));
}
