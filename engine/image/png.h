// Reading PNG by stb_image. Used through ImageDecoder.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "engine/image/decode_image.h"
#include "engine/image/image.h"
#include "engine/image/orientation.h"

namespace sleight {

bool is_png(std::span<const std::byte> file);

// Reads the header chunk alone. Throws Error if it is missing or the size is beyond the limits.
ImageSize read_png_header(std::span<const std::byte> file);

// Of the eXIf chunk before the image data; empty if that part continues past `beginning`.
std::optional<Orientation> find_png_orientation(std::span<const std::byte> beginning);

// Whether the header alone leaves ImageOddities possible: 16 bits a channel, or transparency.
bool may_be_odd(std::span<const std::byte> file);

// Throws Error for damaged or missing data.
ImageOddities decode_png(std::span<const std::byte> file, Image& image);

}  // namespace sleight
