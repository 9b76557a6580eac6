#include "engine/report/image_sheet.h"

#include <algorithm>
#include <cmath>

#include "catch2_adapter.h"
#include "engine/report/font/bitmap_font.h"
#include "engine/report/font/text_line.h"
#include "tests/base/error_message.h"

namespace sleight {

namespace {

constexpr Color black{0, 0, 0};
constexpr Color white{255, 255, 255};
constexpr Color red{255, 0, 0};

std::int64_t count_of(const Canvas& canvas, Color color) {
  std::int64_t count = 0;
  for (std::int64_t y = 0; y < canvas.image().height(); ++y) {
    for (std::int64_t x = 0; x < canvas.image().width(); ++x) {
      if (canvas.at(y, x) == color) ++count;
    }
  }
  return count;
}

// Rows of '#' and '.' as drawn.
std::string drawn(const Canvas& canvas) {
  std::string text;
  for (std::int64_t y = 0; y < canvas.image().height(); ++y) {
    for (std::int64_t x = 0; x < canvas.image().width(); ++x)
      text += canvas.at(y, x) == black ? '#' : '.';
    text += '\n';
  }
  return text;
}

Image image_of(std::int64_t height, std::int64_t width, Color color) {
  return Canvas(height, width, color).image();
}

Color pixel(const Image& image, std::int64_t y, std::int64_t x) {
  const std::uint8_t* at = image.view().row(y) + 3 * x;
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

TEST_CASE("text in the bitmap font is drawn letter by letter, scaled, and clipped") {
  const BitmapFont font;
  Canvas canvas(10, 12, white);
  canvas.draw_text(0, 0, "Tg", black, 10, font);
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
  large.draw_text(0, 0, "Tg", black, 20, font);
  CHECK(count_of(large, black) == 4 * count_of(canvas, black));
  for (std::int64_t y = 0; y < 20; ++y) {
    for (std::int64_t x = 0; x < 24; ++x)
      REQUIRE(large.at(y, x) == canvas.at(y / 2, x / 2));
  }
  Canvas tiny(4, 4, white);
  tiny.draw_text(-3, -3, "WWW", black, 30, font);
  CHECK(text_width("abc", 20, font) == 36);
  CHECK(text_width("\u00fc\u4e2d", 11, font) == 12);
}

TEST_CASE("text in the font of images is drawn inside of its line and its width") {
  for (const double size : {11.0, 13.7, 20.0, 47.0}) {
    const LineMetrics line = text_font().metrics(size);
    const std::string text = "Wj\u00c5g|";
    const auto width = static_cast<std::int64_t>(std::ceil(text_width(text, size)));
    Canvas canvas(line.ascent + line.descent + 20, width + 20, white);
    canvas.draw_text(10, 10, text, black, size);
    std::int64_t outside = 0, inside = 0;
    for (std::int64_t y = 0; y < canvas.image().height(); ++y) {
      for (std::int64_t x = 0; x < canvas.image().width(); ++x) {
        const bool is_inside = y >= 10 && y < 10 + line.ascent + line.descent && x >= 9 && x < 11 + width;
        (is_inside ? inside : outside) += canvas.at(y, x) == white ? 0 : 1;
      }
    }
    CAPTURE(size);
    CHECK(outside == 0);
    CHECK(inside > 50);
  }
  Canvas canvas(20, 20, white);
  CHECK(contains(error_message([&] { canvas.draw_text(0, 0, "a", black, 0); }), "0 pixels"));
}

TEST_CASE("in the bitmap font every printable character has its own glyph, and every other one the box") {
  const BitmapFont font;
  const auto glyph = [&font](char32_t character) { return font.draw(character, 10, 0).coverage; };
  for (char32_t first = ' '; first <= '~'; ++first) {
    for (char32_t second = ' '; second < first; ++second) {
      CAPTURE(static_cast<int>(first), static_cast<int>(second));
      CHECK((glyph(first) != glyph(second)));
    }
  }
  for (const char32_t other : {0x7FU, 0xE4U, 0x4E2DU, 0xFFFDU}) {
    CAPTURE(other);
    CHECK(!font.has(other));
    CHECK((glyph(other) == std::vector<std::uint8_t>(40, 255)));
  }
}

TEST_CASE("images are enlarged by squares and reduced by means") {
  Image source(2, 3);
  for (std::size_t i = 0; i < 18; ++i)
    source.view().pixels[i] = static_cast<std::uint8_t>(10 * i);
  Canvas canvas(7, 9, white);
  canvas.draw_image(1, 1, 6, 4, source.view());
  for (std::int64_t y = 0; y < 4; ++y) {
    for (std::int64_t x = 0; x < 6; ++x)
      REQUIRE(canvas.at(1 + y, 1 + x) == pixel(source, y / 2, x / 2));
  }
  CHECK(count_of(canvas, white) == 7 * 9 - 24);
  Canvas small(1, 1, white);
  small.draw_image(0, 0, 1, 1, source.view());
  CHECK(small.at(0, 0) == Color{75, 85, 95});
  small.draw_image(-1, -1, 3, 3, source.view());
  CHECK(small.at(0, 0) == pixel(source, 0, 1));
}

TEST_CASE("a sheet has a cell for each image, with its captions below") {
  const Image dark = image_of(16, 16, black);
  const Image wide = image_of(8, 16, red);
  const std::vector<SheetImage> images = {
      {dark.view(), {{"dog 97%", right_color}, {"second line"}}},
      {wide.view(), {{"a caption much longer than its image is wide", wrong_color}}},
      {dark.view(), {}}};
  const Image sheet = make_image_sheet(images, {.title = "title", .columns = 2});
  // 16 pixels are enlarged 8 times; margins of 10, the captions 3 below; the letters are 11 pixels high.
  const auto line_height = [](double size) {
    return text_font().metrics(size).ascent + text_font().metrics(size).descent;
  };
  const std::int64_t cell = 128 + 3 + 2 * line_height(11);
  const std::int64_t top = 10 + line_height(1.2 * 11) + 10;
  CHECK(sheet.width() == 10 + 2 * (128 + 10));
  CHECK(sheet.height() == top + 2 * (cell + 10));
  CHECK(pixel(sheet, top, 10) == black);
  CHECK(pixel(sheet, top + 127, 10 + 127) == black);
  CHECK(pixel(sheet, top + 128, 10) == white);
  CHECK(pixel(sheet, top, 148) == white);  // the wide one is centered
  CHECK(pixel(sheet, top + 32, 148) == red);
  CHECK(pixel(sheet, top + 31, 148) == white);
  CHECK(pixel(sheet, top + cell + 10, 10) == black);
  // Anti-aliased letters have few pixels of the very color: what counts is which channel is the strongest.
  const auto has = [&](bool is_green, std::int64_t left, std::int64_t right) {
    std::int64_t found = 0;
    for (std::int64_t y = top + 128; y < top + cell; ++y) {
      for (std::int64_t x = left; x < right; ++x) {
        const Color color = pixel(sheet, y, x);
        found += (is_green ? color.green > color.red + 30 : color.red > color.green + 30) ? 1 : 0;
      }
    }
    return found > 20;
  };
  CHECK(has(true, 10, 138));
  CHECK(!has(true, 138, sheet.width()));
  CHECK(has(false, 148, 276));
  CHECK(!has(false, 0, 148));
  CHECK(!has(false, 276, sheet.width()));
}

TEST_CASE("a narrow image stands in the middle of its cell") {
  const Image narrow = image_of(16, 8, red);
  const Image square = image_of(16, 16, black);
  const Image sheet = make_image_sheet(std::vector<SheetImage>{{narrow.view(), {}}, {square.view(), {}}});
  CHECK(pixel(sheet, 10, 10 + 31) == white);
  CHECK(pixel(sheet, 10, 10 + 32) == red);
  CHECK(pixel(sheet, 10, 10 + 95) == red);
  CHECK(pixel(sheet, 10, 10 + 96) == white);
}

TEST_CASE("sheets of odd sizes") {
  for (const int count : {1, 2, 3, 5, 10, 17}) {
    for (const int columns : {0, 1, 4, 30}) {
      CAPTURE(count, columns);
      const Image image = image_of(3, 5, red);
      const std::vector<SheetImage> images(static_cast<std::size_t>(count), {image.view(), {{"x"}}});
      const Image sheet = make_image_sheet(images, {.columns = columns, .image_size = 50, .text_size = 20});
      const int used = columns == 0 ? 0 : std::min(columns, count);
      if (used > 0) CHECK(sheet.width() == 10 + used * 60);
      std::int64_t red_pixels = 0;
      for (std::int64_t y = 0; y < sheet.height(); ++y) {
        for (std::int64_t x = 0; x < sheet.width(); ++x)
          red_pixels += pixel(sheet, y, x) == red ? 1 : 0;
      }
      CHECK(red_pixels == count * 50 * 30);
    }
  }
  const Image large = image_of(500, 1000, red);
  CHECK(make_image_sheet(std::vector<SheetImage>{{large.view(), {}}}).width() == 10 + 224 + 10);
}

TEST_CASE("a long title makes a narrow sheet wider, but not by any amount") {
  const Image image = image_of(16, 16, red);
  const std::vector<SheetImage> images = {{image.view(), {}}};
  const std::string title = "epoch 3 step 17, 32x32, 12 objects";
  CHECK(make_image_sheet(images, {.title = title}).width() ==
        20 + static_cast<std::int64_t>(std::ceil(text_width(title, 1.2 * 11))));
  CHECK(make_image_sheet(images, {.title = std::string(100'000, 'x')}).width() == 20 + 600);
}

TEST_CASE("sheets that cannot be drawn are refused") {
  CHECK(contains(error_message([] { make_image_sheet({}); }), "at least one"));
  const Image image = image_of(3, 5, red);
  std::vector<SheetImage> images = {{image.view(), {}}};
  CHECK(contains(error_message([&] { make_image_sheet(images, {.image_size = 1'000'000}); }), "too large"));
  CHECK(contains(error_message([&] { make_image_sheet(images, {.text_size = -1}); }), "text of -1"));
  CHECK(contains(error_message([&] { make_image_sheet(images, {.columns = -1}); }), "-1 columns"));
  images[0].image.width = 0;
  CHECK(contains(error_message([&] { make_image_sheet(images); }), "3 x 0"));
}

}  // namespace sleight
