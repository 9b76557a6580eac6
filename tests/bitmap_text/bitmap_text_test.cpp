// The library without a font file.
#include "catch2_adapter.h"
#include "engine/report/font/bitmap_font.h"
#include "engine/report/font/font.h"

namespace sleight {

TEST_CASE("without a font file, text is drawn in the bitmap font") {
  CHECK(dynamic_cast<const BitmapFont*>(&text_font()) != nullptr);
}

}  // namespace sleight
