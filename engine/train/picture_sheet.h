// A sheet of pictures with captions under them: what a batch looks like, what a network made of it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/data/picture.h"
#include "engine/train/canvas.h"

namespace sleight {

inline constexpr Color plain_color{40, 40, 40};
inline constexpr Color right_color{22, 128, 60};
inline constexpr Color wrong_color{200, 40, 40};

struct Caption {
  std::string text;
  Color color = plain_color;
};

struct SheetPicture {
  PictureView picture;
  std::vector<Caption> captions = {};  // one line each
};

struct SheetOptions {
  std::string title = {};  // above everything; may be empty
  int columns = 0;         // 0: about as many as rows
  int picture_size = 0;    // longer side of the largest picture on the sheet, in pixels; 0: small pictures are enlarged
                           // by whole factors to 128, larger ones shown at 224 at most
  int text_scale = 1;      // 1: letters of 5x8 pixels; 2: 10x16
};

// All pictures are scaled by the same factor; captions that do not fit under their picture end with "..". Encode the
// result with encode_png or write_png (engine/data/picture_writer.h). Throws Error for an empty list or a picture
// without pixels.
Picture make_picture_sheet(std::span<const SheetPicture> pictures, const SheetOptions& options = {});

}  // namespace sleight
