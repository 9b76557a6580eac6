#include "engine/report/font/truetype_font.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/error.h"

// Compiles the library's implementation. Its warnings are not ours.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#define STBTT_STATIC
#define STB_TRUETYPE_IMPLEMENTATION
#include <stb/stb_truetype.h>
#pragma GCC diagnostic pop

namespace sleight {

namespace {

// Below this many pixels, rounding the height of x would change a size by too much.
constexpr double smallest_rounded_height = 3.5;

}  // namespace

struct TruetypeFont::Tables {
  stbtt_fontinfo info = {};
  double x_height = 0.0;  // of the em square; 0 for a font without an x

  int glyph_of(char32_t character) const { return stbtt_FindGlyphIndex(&info, static_cast<int>(character)); }
};

TruetypeFont::TruetypeFont(std::span<const std::byte> file) {
  check(file.size() > 12 && file.size() <= std::numeric_limits<int>::max(), "a font file of ", file.size(),
        " bytes cannot be read");
  const auto* bytes = reinterpret_cast<const unsigned char*>(file.data());
  auto tables = std::make_unique<Tables>();
  const int offset = stbtt_GetFontOffsetForIndex(bytes, 0);
  check(offset >= 0 && stbtt_InitFont(&tables->info, bytes, offset) != 0,
        "this is no TrueType or OpenType font with a table of Unicode characters");
  int left = 0, bottom = 0, right = 0, top = 0;
  if (tables->glyph_of('x') != 0 && stbtt_GetCodepointBox(&tables->info, 'x', &left, &bottom, &right, &top) != 0)
    tables->x_height = static_cast<double>(stbtt_ScaleForMappingEmToPixels(&tables->info, 1.0F)) * top;
  tables_ = std::move(tables);
}

TruetypeFont::~TruetypeFont() = default;

float TruetypeFont::scale_of(double size) const {
  const double height = tables_->x_height * size;
  if (height >= smallest_rounded_height) size = std::round(height) / tables_->x_height;
  return stbtt_ScaleForMappingEmToPixels(&tables_->info, static_cast<float>(size));
}

bool TruetypeFont::has(char32_t character) const {
  return tables_->glyph_of(character) != 0;
}

LineMetrics TruetypeFont::metrics(double size) const {
  int ascent = 0, descent = 0, gap = 0;
  stbtt_GetFontVMetrics(&tables_->info, &ascent, &descent, &gap);
  const double scale = static_cast<double>(scale_of(size));
  return {std::llround(std::ceil(ascent * scale)), std::llround(std::ceil(-descent * scale))};
}

double TruetypeFont::advance(char32_t character, double size) const {
  int width = 0, bearing = 0;
  stbtt_GetGlyphHMetrics(&tables_->info, tables_->glyph_of(character), &width, &bearing);
  return width * static_cast<double>(scale_of(size));
}

double TruetypeFont::kerning(char32_t left, char32_t right, double size) const {
  return stbtt_GetGlyphKernAdvance(&tables_->info, tables_->glyph_of(left), tables_->glyph_of(right)) *
         static_cast<double>(scale_of(size));
}

Glyph TruetypeFont::draw(char32_t character, double size, double shift) const {
  const float scale = scale_of(size);
  const auto offset = static_cast<float>(shift);
  const int index = tables_->glyph_of(character);
  int left = 0, top = 0, right = 0, bottom = 0;
  stbtt_GetGlyphBitmapBoxSubpixel(&tables_->info, index, scale, scale, offset, 0.0F, &left, &top, &right, &bottom);
  Glyph glyph{.left = left, .top = top, .height = std::max(bottom - top, 0), .width = std::max(right - left, 0)};
  glyph.coverage.assign(static_cast<std::size_t>(glyph.height * glyph.width), 0);
  if (!glyph.coverage.empty()) {
    const auto width = static_cast<int>(glyph.width);
    stbtt_MakeGlyphBitmapSubpixel(&tables_->info, glyph.coverage.data(), width, static_cast<int>(glyph.height), width,
                                  scale, scale, offset, 0.0F, index);
  }
  return glyph;
}

}  // namespace sleight
