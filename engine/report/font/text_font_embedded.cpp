// text_font() where CMake found a font file.
#include <memory>
#include <span>

#include "engine/report/font/embedded_font.h"
#include "engine/report/font/font.h"
#include "engine/report/font/system_fonts.h"
#include "engine/report/font/truetype_font.h"

namespace sleight {

const Font& text_font() {
  static const TruetypeFont embedded(std::as_bytes(std::span(embedded_font)));
  static const std::unique_ptr<Font> font =
      font_with_fallbacks(embedded, [] { return find_font_files(system_font_folders(), system_font_names()); });
  return *font;
}

}  // namespace sleight
