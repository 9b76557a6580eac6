#include "engine/train/picture_sheet.h"

#include <algorithm>

#include "catch2_adapter.h"
#include "engine/train/canvas_font.h"
#include "tests/base/error_message.h"

namespace sleight {

namespace {

constexpr Color black{0, 0, 0};
constexpr Color white{255, 255, 255};
constexpr Color red{255, 0, 0};

std::int64_t count_of(const Canvas& canvas, Color color) {
  std::int64_t count = 0;
  for (std::int64_t y = 0; y < canvas.picture().height(); ++y) {
    for (std::int64_t x = 0; x < canvas.picture().width(); ++x) {
      if (canvas.at(y, x) == color) ++count;
    }
  }
  return count;
}

// Rows of '#' and '.' as drawn.
std::string drawn(const Canvas& canvas) {
  std::string text;
  for (std::int64_t y = 0; y < canvas.picture().height(); ++y) {
    for (std::int64_t x = 0; x < canvas.picture().width(); ++x)
      text += canvas.at(y, x) == black ? '#' : '.';
    text += '\n';
  }
  return text;
}

Picture picture_of(std::int64_t height, std::int64_t width, Color color) {
  return Canvas(height, width, color).picture();
}

Color pixel(const Picture& picture, std::int64_t y, std::int64_t x) {
  const std::uint8_t* at = picture.view().row(y) + 3 * x;
  return {at[0], at[1], at[2]};
}

}  // namespace

TEST_CASE("rectangles and outlines are clipped to the canvas") {
  Canvas canvas(5, 7, white);
  canvas.fill_rectangle(-2, 3, 4, 10, black);
  CHECK(drawn(canvas) == ".......\n.......\n.......\n##.....\n##.....\n");
  canvas.fill_rectangle(0, 0, 7, 5, white);
  canvas.draw_outline(1, 1, 5, 3, black);
  CHECK(drawn(canvas) == ".......\n.#####.\n.#...#.\n.#####.\n.......\n");
  canvas.fill_rectangle(0, 0, 7, 5, white);
  canvas.draw_outline(1, 1, 5, 3, black, 9);
  CHECK(count_of(canvas, black) == 15);
  canvas.fill_rectangle(0, 0, 7, 5, white);
  canvas.fill_rectangle(5, -100'000, 100'000, 100'001, black);  // the sanitizers watch the rows above
  CHECK(drawn(canvas) == ".....##\n.......\n.......\n.......\n.......\n");
  canvas.fill_rectangle(100, 100, 5, 5, red);
  canvas.fill_rectangle(-100, -100, 5, 5, red);
  canvas.fill_rectangle(2, 2, 0, -3, red);
  CHECK(count_of(canvas, red) == 0);
  CHECK(contains(error_message([&] { canvas.at(5, 0); }), "outside"));
}

TEST_CASE("text is drawn letter by letter, scaled, and clipped") {
  Canvas canvas(10, 12, white);
  CHECK(canvas.draw_text(0, 0, "Tg", black) == 12);
  CHECK(drawn(canvas) ==
        "............\n"
        "#####.......\n"
        "..#.........\n"
        "..#....####.\n"
        "..#...#...#.\n"
        "..#...#...#.\n"
        "..#....####.\n"
        "..#.......#.\n"
        ".......###..\n"
        "............\n");
  Canvas large(20, 24, white);
  CHECK(large.draw_text(0, 0, "Tg", black, 2) == 24);
  CHECK(count_of(large, black) == 4 * count_of(canvas, black));
  for (std::int64_t y = 0; y < 20; ++y) {
    for (std::int64_t x = 0; x < 24; ++x)
      REQUIRE(large.at(y, x) == canvas.at(y / 2, x / 2));
  }
  Canvas tiny(4, 4, white);
  tiny.draw_text(-3, -3, "WWW", black, 3);
  CHECK(Canvas::text_width("abc", 2) == 36);
  CHECK(Canvas::text_width("\u00fc\u4e2d") == 12);
}

TEST_CASE("every printable character has its own glyph, and every other one the box") {
  const auto glyph = [](char character) {
    std::string text;
    for (int row = 0; row < 8; ++row) {
      for (int column = 0; column < 5; ++column)
        text += font_pixel(character, row, column) ? '#' : '.';
    }
    return text;
  };
  for (char first = ' '; first <= '~'; ++first) {
    for (char second = ' '; second < first; ++second) {
      CAPTURE(first, second);
      CHECK((glyph(first) != glyph(second)));
    }
  }
  CHECK(glyph('\xc3') == std::string(40, '#'));
  CHECK(glyph('\x7f') == std::string(40, '#'));
  CHECK(glyph('\n') == std::string(40, '#'));
}

TEST_CASE("pictures are enlarged by squares and reduced by means") {
  Picture source(2, 3);
  for (std::size_t i = 0; i < 18; ++i)
    source.view().pixels[i] = static_cast<std::uint8_t>(10 * i);
  Canvas canvas(7, 9, white);
  canvas.draw_picture(1, 1, 6, 4, source.view());
  for (std::int64_t y = 0; y < 4; ++y) {
    for (std::int64_t x = 0; x < 6; ++x)
      REQUIRE(canvas.at(1 + y, 1 + x) == pixel(source, y / 2, x / 2));
  }
  CHECK(count_of(canvas, white) == 7 * 9 - 24);
  Canvas small(1, 1, white);
  small.draw_picture(0, 0, 1, 1, source.view());
  CHECK(small.at(0, 0) == Color{75, 85, 95});
  small.draw_picture(-1, -1, 3, 3, source.view());
  CHECK(small.at(0, 0) == pixel(source, 0, 1));
}

TEST_CASE("a sheet has a cell for each picture, with its captions below") {
  const Picture dark = picture_of(16, 16, black);
  const Picture wide = picture_of(8, 16, red);
  const std::vector<SheetPicture> pictures = {
      {dark.view(), {{"dog 97%", right_color}, {"second line"}}},
      {wide.view(), {{"a caption much longer than its picture is wide", wrong_color}}},
      {dark.view(), {}}};
  const Picture sheet = make_picture_sheet(pictures, {.title = "title", .columns = 2});
  // 16 pixels are enlarged 8 times; margins 8, title 18, captions 2 x 10 + 2.
  CHECK(sheet.width() == 8 + 2 * (128 + 8));
  CHECK(sheet.height() == 8 + 18 + 2 * (128 + 22 + 8));
  CHECK(pixel(sheet, 26, 8) == black);
  CHECK(pixel(sheet, 26 + 127, 8 + 127) == black);
  CHECK(pixel(sheet, 26 + 128, 8) == white);
  CHECK(pixel(sheet, 26, 144) == white);  // the wide one is centred
  CHECK(pixel(sheet, 26 + 32, 144) == red);
  CHECK(pixel(sheet, 26 + 31, 144) == white);
  CHECK(pixel(sheet, 26 + 158, 8) == black);
  const auto has = [&](Color color, std::int64_t left, std::int64_t right) {
    bool found = false;
    for (std::int64_t y = 0; y < sheet.height(); ++y) {
      for (std::int64_t x = left; x < right; ++x)
        found = found || pixel(sheet, y, x) == color;
    }
    return found;
  };
  CHECK(has(right_color, 8, 136));
  CHECK(!has(right_color, 136, sheet.width()));
  CHECK(has(wrong_color, 144, 272));
  CHECK(!has(wrong_color, 0, 144));
  CHECK(!has(wrong_color, 272, sheet.width()));
}

TEST_CASE("a narrow picture stands in the middle of its cell") {
  const Picture narrow = picture_of(16, 8, red);
  const Picture square = picture_of(16, 16, black);
  const Picture sheet = make_picture_sheet(std::vector<SheetPicture>{{narrow.view(), {}}, {square.view(), {}}});
  CHECK(pixel(sheet, 8, 8 + 31) == white);
  CHECK(pixel(sheet, 8, 8 + 32) == red);
  CHECK(pixel(sheet, 8, 8 + 95) == red);
  CHECK(pixel(sheet, 8, 8 + 96) == white);
}

TEST_CASE("sheets of odd sizes") {
  for (const int count : {1, 2, 3, 5, 10, 17}) {
    for (const int columns : {0, 1, 4, 30}) {
      CAPTURE(count, columns);
      const Picture picture = picture_of(3, 5, red);
      const std::vector<SheetPicture> pictures(static_cast<std::size_t>(count), {picture.view(), {{"x"}}});
      const Picture sheet = make_picture_sheet(pictures, {.columns = columns, .picture_size = 50, .text_scale = 2});
      const int used = columns == 0 ? 0 : std::min(columns, count);
      if (used > 0) CHECK(sheet.width() == 8 + used * 58);
      std::int64_t red_pixels = 0;
      for (std::int64_t y = 0; y < sheet.height(); ++y) {
        for (std::int64_t x = 0; x < sheet.width(); ++x)
          red_pixels += pixel(sheet, y, x) == red ? 1 : 0;
      }
      CHECK(red_pixels == count * 50 * 30);
    }
  }
  const Picture large = picture_of(500, 1000, red);
  CHECK(make_picture_sheet(std::vector<SheetPicture>{{large.view(), {}}}).width() == 8 + 224 + 8);
}

TEST_CASE("sheets that cannot be drawn are refused") {
  CHECK(contains(error_message([] { make_picture_sheet({}); }), "at least one"));
  const Picture picture = picture_of(3, 5, red);
  std::vector<SheetPicture> pictures = {{picture.view(), {}}};
  CHECK(contains(error_message([&] { make_picture_sheet(pictures, {.picture_size = 1'000'000}); }), "too large"));
  CHECK(contains(error_message([&] { make_picture_sheet(pictures, {.text_scale = 0}); }), "text scale 0"));
  CHECK(contains(error_message([&] { make_picture_sheet(pictures, {.columns = -1}); }), "-1 columns"));
  pictures[0].picture.width = 0;
  CHECK(contains(error_message([&] { make_picture_sheet(pictures); }), "3 x 0"));
}

}  // namespace sleight
