// text_font() where CMake found no font file.
#include "engine/report/font/bitmap_font.h"
#include "engine/report/font/font.h"

namespace sleight {

const Font& text_font() {
  static const BitmapFont font;
  return font;
}

}  // namespace sleight
