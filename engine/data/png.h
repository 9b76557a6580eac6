// Reading PNG by stb_image. Used through PictureDecoder.
#pragma once

#include <cstddef>
#include <span>

#include "engine/data/decode_picture.h"
#include "engine/data/picture.h"

namespace sleight {

bool is_png(std::span<const std::byte> file);

// From the header chunk alone; throws Error when there is none or the size is beyond the limits.
PictureSize read_png_header(std::span<const std::byte> file);

// Throws Error for damaged or missing data.
void decode_png(std::span<const std::byte> file, Picture& picture);

}  // namespace sleight
