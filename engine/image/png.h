// Reading PNG by stb_image. Used through ImageDecoder.
#pragma once

#include <cstddef>
#include <span>

#include "engine/image/decode_image.h"
#include "engine/image/image.h"

namespace sleight {

bool is_png(std::span<const std::byte> file);

// Reads the header chunk alone. Throws Error if it is missing or the size is beyond the limits.
ImageSize read_png_header(std::span<const std::byte> file);

// Throws Error for damaged or missing data.
void decode_png(std::span<const std::byte> file, Image& image);

}  // namespace sleight
