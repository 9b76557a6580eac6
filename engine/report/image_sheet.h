// A sheet of images with captions: the content of a batch, or a network's predictions.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/image/image.h"
#include "engine/report/canvas.h"

namespace sleight {

inline constexpr Color plain_color{40, 40, 40};
inline constexpr Color right_color{22, 128, 60};
inline constexpr Color wrong_color{200, 40, 40};

struct Caption {
  std::string text;
  Color color = plain_color;
  std::string note = {};  // after the text, never cut: "98%"
};

struct SheetImage {
  ImageView image;
  std::vector<Caption> captions = {};  // one line each
};

struct SheetOptions {
  std::string title = {};  // above the images; may be empty
  int columns = 0;         // 0: about as many as rows
  int image_size = 0;      // longer side of the largest image on the sheet, in pixels; 0: small images are enlarged
                           // by whole factors to 128, larger ones shown at 224 at most
  double text_size = 0;    // of the captions, in pixels; 0: grows with the images, from 11 to 20
};

// All images are scaled by the same factor. A caption that does not fit under its image ends with "…". Encode the
// result with encode_png or write_png (engine/image/image_writer.h). Throws Error for an empty list or an image without
// pixels.
Image make_image_sheet(std::span<const SheetImage> images, const SheetOptions& options = {});

}  // namespace sleight
