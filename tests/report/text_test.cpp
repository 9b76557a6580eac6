// Text on images: which characters bytes are, which letters are drawn, how wide they are, and what fits.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/report/canvas.h"
#include "engine/report/font/bitmap_font.h"
#include "engine/report/font/system_fonts.h"
#include "engine/report/font/text_line.h"
#include "engine/report/font/truetype_font.h"
#include "engine/report/font/utf8.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"

namespace sleight {

namespace {

namespace fs = std::filesystem;

// The file that CMake found for the library; empty where there is none.
const fs::path font_file = SLEIGHT_FONT_FILE;

bool has_no_font() {
  if (fs::exists(font_file)) return false;
  WARN("[skipped] CMake found no font, or this is another machine");
  return true;
}

struct FileFont {
  MappedFile file{font_file};
  TruetypeFont font{file.bytes()};
};

std::u32string characters_of(std::string_view text) {
  std::u32string characters;
  for (std::size_t at = 0; at < text.size();)
    characters += next_character(text, at);
  return characters;
}

std::vector<std::uint8_t> drawn(const std::string& text, const Font& font, double size = 16, double left = 4) {
  Canvas canvas(40, 400, {255, 255, 255});
  canvas.draw_text(left, 5, text, {0, 0, 0}, size, font);
  return {canvas.image().pixels().begin(), canvas.image().pixels().end()};
}

}  // namespace

TEST_CASE("utf-8: each byte sequence is its character, and any other byte the replacement") {
  CHECK(characters_of("aé中🐱") == U"aé中🐱");
  CHECK(characters_of("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf") ==
        std::u32string{0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF});
  const std::u32string one(1, replacement_character);
  CHECK(characters_of("\x80") == one);
  CHECK(characters_of("\xff") == one);
  CHECK(characters_of("a\xc3") == U"a" + one);
  CHECK(characters_of("\xc3z") == one + U"z");
  CHECK(characters_of("\xe4\xb8z") == one + one + U"z");
  CHECK(characters_of("\xc0\xaf") == one + one);                      // '/' in two bytes
  CHECK(characters_of("\xe0\x80\xaf") == one + one + one);            // and in three
  CHECK(characters_of("\xed\xa0\x80") == one + one + one);            // a surrogate
  CHECK(characters_of("\xf4\x90\x80\x80") == one + one + one + one);  // above U+10FFFF
  CHECK(characters_of("\xf8\x88\x80\x80\x80") == one + one + one + one + one);
  CHECK(characters_of(std::string_view("a\0b", 3)) == std::u32string{U'a', 0, U'b'});
}

TEST_CASE("drawn order: words from the right are turned around, the rest stays") {
  CHECK(drawn_order("dog 87%") == U"dog 87%");
  CHECK(drawn_order("\u05d0\u05d1\u05d2") == U"\u05d2\u05d1\u05d0");
  CHECK(drawn_order("\u05d0\u05d1 \u05d2 87%") == U"\u05d2 \u05d1\u05d0 87%");
  CHECK(drawn_order("is \u0642\u0637.") == U"is \u0637\u0642.");
  CHECK(drawn_order("\u0661\u0662") == U"\u0661\u0662");  // numbers are written from the left in Arabic too
  CHECK(drawn_order("a\u202eb\u200dc\ufeff") == U"abc");
  CHECK(drawn_order("a\nb\tc\x7f") == U"a\uFFFDb\uFFFDc\uFFFD");
  CHECK(drawn_order("").empty());
}

TEST_CASE("shortened: as much of the beginning as fits, with dots, cut between characters") {
  const BitmapFont font;  // six pixels for each character, and no ellipsis
  CHECK(shortened("automobile", 60, 10, font) == "automobile");
  CHECK(shortened("automobile", 59.9, 10, font) == "automob..");
  CHECK(shortened("automobile", 18, 10, font) == "a..");
  CHECK(shortened("automobile", 17, 10, font).empty());
  CHECK(shortened("automobile", -5, 10, font).empty());
  CHECK(shortened("", 0, 10, font).empty());
  CHECK(shortened("\u4e2d\u4e2d\u4e2d\u4e2d\u4e2d", 26, 10, font) == "\u4e2d\u4e2d..");
  CHECK(shortened(std::string(1'000'000, 'x'), 30, 10, font) == "xxx..");
  CHECK(shortened_before("98%", "automobile", 54, 10, font) == "aut.. 98%");
  CHECK(shortened_before("98%", "automobile", 200, 10, font) == "automobile 98%");
  CHECK(shortened_before("98%", "automobile", 20, 10, font) == "98%");
  CHECK(shortened_before("", "automobile", 18, 10, font) == "a..");
  CHECK(shortened_before("98%", "", 200, 10, font) == "98%");
  // With the font of images whatever comes back fits.
  for (double width = 0; width < 150; width += 0.7) {
    const std::string text = shortened("WAVE To \u0411\u0443\u0441 fi", width, 13);
    CAPTURE(width, text);
    CHECK(text_width(text, 13) <= width + 0.5);
  }
}

TEST_CASE("truetype: widths add up, grow with the size, and kerning draws letters together") {
  if (has_no_font()) return;
  const FileFont opened;
  const TruetypeFont& font = opened.font;
  CHECK(text_width("", 16, font) == 0);
  const double single = text_width("m", 16, font);
  CHECK(single > 10);
  CHECK(std::abs(text_width("mmmm", 16, font) - 4 * single) <= 1e-6);
  CHECK(text_width("iiii", 16, font) < 2 * single);
  CHECK(text_width("AV", 40, font) < text_width("A", 40, font) + text_width("V", 40, font) - 1);
  for (double size = 8; size < 60; size += 1)
    CHECK(text_width("width", size, font) <= text_width("width", size + 2, font));
  // The same proportions at every size, but for half a pixel in the height of x: advances are not rounded.
  CHECK(std::abs(text_width("width", 500, font) / 500 - text_width("width", 50, font) / 50) <= 0.05);
  const LineMetrics line = font.metrics(20);
  CHECK(line.ascent + line.descent >= 20);
  CHECK(line.ascent + line.descent <= 28);
}

TEST_CASE("truetype: letters have gray edges, sharp tops, and move by fractions of a pixel") {
  if (has_no_font()) return;
  const FileFont opened;
  const std::vector<std::uint8_t> pixels = drawn("Quick", opened.font);
  const std::set<std::uint8_t> levels(pixels.begin(), pixels.end());
  CHECK(levels.size() > 20);
  CHECK(levels.contains(0));
  CHECK((drawn("l", opened.font, 16, 4) != drawn("l", opened.font, 16, 4.3)));
  CHECK((drawn("l", opened.font, 16, 4.3) != drawn("l", opened.font, 16, 4.6)));
  // Flat small letters begin with a whole row at any size: half a row would be gray.
  for (const double size : {11.0, 13.0, 15.0, 17.3, 24.0}) {
    const Glyph glyph = opened.font.draw('z', size, 0);
    const auto first = std::ranges::find_if(glyph.coverage, [](std::uint8_t value) { return value > 2; });
    CAPTURE(size);
    REQUIRE(first != glyph.coverage.end());
    const auto row = glyph.coverage.begin() + (first - glyph.coverage.begin()) / glyph.width * glyph.width;
    CHECK(*std::max_element(row, row + glyph.width) > 200);
  }
  CHECK(opened.font.draw(' ', 16, 0).coverage.empty());
}

TEST_CASE("truetype: names in other scripts differ from each other and from the unknown glyph") {
  if (has_no_font()) return;
  const FileFont opened;
  const std::u32string letters = U"aжщλΩçŁאשقط";
  std::set<std::vector<std::uint8_t>> glyphs = {opened.font.draw(0x10FFFF, 32, 0).coverage};
  CHECK(!opened.font.has(0x10FFFF));
  CHECK(*std::ranges::max_element(*glyphs.begin()) == 255);  // a box, and not nothing
  for (const char32_t letter : letters) {
    CAPTURE(static_cast<int>(letter));
    CHECK(opened.font.has(letter));
    CHECK(glyphs.insert(opened.font.draw(letter, 32, 0).coverage).second);
  }
  CHECK((drawn("собака", opened.font) != drawn("кошка!", opened.font)));
}

TEST_CASE("truetype: Chinese, Japanese and Korean names with the fonts of this system") {
  const std::u32string letters = U"红细胞語버";
  if (!std::ranges::all_of(letters, [](char32_t letter) { return text_font().has(letter); })) {
    WARN("[skipped] no font with these characters here (fonts-droid-fallback)");
    return;
  }
  std::set<std::vector<std::uint8_t>> glyphs = {text_font().draw(0x10FFFF, 32, 0).coverage};
  for (const char32_t letter : letters)
    CHECK(glyphs.insert(text_font().draw(letter, 32, 0).coverage).second);
}

TEST_CASE("fallback fonts: a character is drawn by the first font that has it") {
  const BitmapFont first;
  int searches = 0;
  const TemporaryFolder folder;
  std::ofstream(folder / "broken.ttf") << "this is no font at all, though it has a few bytes";
  const auto fonts = font_with_fallbacks(first, [&] {
    ++searches;
    return std::vector<fs::path>{folder / "missing.ttf", folder / "broken.ttf", font_file};
  });
  CHECK(fonts->has('a'));
  CHECK((fonts->draw('a', 10, 0).coverage == first.draw('a', 10, 0).coverage));
  CHECK(searches == 0);
  CHECK(!fonts->has(0x10FFFF));
  CHECK((fonts->draw(0x10FFFF, 10, 0).coverage == first.draw(0x10FFFF, 10, 0).coverage));
  CHECK(fonts->metrics(10).ascent == first.metrics(10).ascent);
  CHECK(searches == 1);
  if (has_no_font()) return;
  const FileFont opened;
  CHECK(fonts->has(0x0436));
  CHECK((fonts->draw(0x0436, 10, 0).coverage == opened.font.draw(0x0436, 10, 0).coverage));
  CHECK(fonts->advance(0x0436, 10) == opened.font.advance(0x0436, 10));
  CHECK(fonts->kerning(0x0433, 0x0434, 40) == opened.font.kerning(0x0433, 0x0434, 40));
  CHECK(opened.font.kerning(0xC0, 'V', 40) != 0);
  CHECK(fonts->kerning(0xC0, 'V', 40) == 0);  // letters of two fonts
  CHECK(searches == 1);
}

TEST_CASE("fallback fonts: files are found by name in folders and below, in the order of the names") {
  const TemporaryFolder folder;
  fs::create_directories(folder / "a/deep");
  fs::create_directories(folder / "b");
  for (const char* name : {"a/deep/two.ttf", "b/one.ttf", "b/two.ttf", "b/other.ttf"})
    std::ofstream(folder / name) << "x";
  const std::vector<fs::path> folders = {folder / "missing", folder / "a", folder / "b"};
  const std::vector<std::string_view> names = {"one.ttf", "none.ttf", "two.ttf"};
  CHECK(find_font_files(folders, names) == std::vector<fs::path>{folder / "b/one.ttf", folder / "a/deep/two.ttf"});
  CHECK(find_font_files({}, names).empty());
  CHECK(!system_font_folders().empty());
}

TEST_CASE("truetype: files that are no fonts are refused") {
  for (const std::size_t size : {0, 5, 12, 13, 4000}) {
    const std::vector<std::byte> bytes(size, std::byte{'x'});
    CHECK(!error_message([&] { TruetypeFont font(bytes); }).empty());
  }
}

TEST_CASE("hostile strings are drawn as something, in any font and at any place") {
  std::mt19937 random(5);
  const BitmapFont bitmap;
  for (const Font* font : {static_cast<const Font*>(&bitmap), &text_font()}) {
    for (int round = 0; round < 300; ++round) {
      std::string text;
      for (int i = 0; i < 40; ++i)
        text += static_cast<char>(round % 2 == 0 ? random() % 256 : 0x80 + random() % 0x7F);
      Canvas canvas(1 + random() % 30, 1 + random() % 30, {});
      const auto place = [&] { return static_cast<std::int64_t>(random() % 80) - 40; };
      canvas.draw_text(static_cast<double>(place()) + 0.37, place(), text, {255, 255, 255},
                       1 + static_cast<double>(random() % 90), *font);
      const double width = text_width(text, 13, *font);
      CHECK(width >= 0);
      const double room = static_cast<double>(random() % 100);
      CHECK(text_width(shortened(text, room, 13, *font), 13, *font) <= room + 0.5);
    }
  }
  // A long line ends where the canvas does.
  Canvas canvas(20, 50, {});
  canvas.draw_text(0, 0, std::string(1'000'000, 'W'), {255, 255, 255}, 12);
}

}  // namespace sleight
