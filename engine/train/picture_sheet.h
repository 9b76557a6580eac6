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
  std::string note = {};  // after the text and never cut: "98%"
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
  double text_size = 0;    // of the captions, in pixels; 0: grows with the pictures, from 11 to 20
};

// All pictures are scaled by the same factor; a caption that does not fit under its picture ends with "…". Encode the result with encode_png or write_png (engine/data/picture_writer.h). Throws Error for an empty list or a picture
// without pixels.
Picture make_picture_sheet(std::span<const SheetPicture> pictures, const SheetOptions& options = {});

}  // namespace sleight
