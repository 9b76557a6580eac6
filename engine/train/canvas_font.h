// The letters that Canvas draws: ASCII 32 to 126 in 5x8 pixels, and a box for everything else.
#pragma once

namespace sleight {

// Whether the pixel is set; row 0 to 7 from the top (the last one is below the base line), column 0 to 4. A character
// without a glyph gives the box.
bool font_pixel(char character, int row, int column);

}  // namespace sleight
