// PNG by stb_image. Used through PictureDecoder.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "engine/data/decode_picture.h"
#include "engine/data/picture.h"

namespace sleight {

bool is_png(std::span<const std::byte> file);

// From the header chunk alone; throws Error when there is none or the size is beyond the limits.
PictureSize read_png_header(std::span<const std::byte> file);

// Throws Error for damaged or missing data.
void decode_png(std::span<const std::byte> file, Picture& picture);

// A PNG file of the picture, for reports and sheets.
std::vector<std::byte> encode_png(PictureView picture);
// Written atomically; throws Error when that fails.
void write_png(const std::filesystem::path& path, PictureView picture);

}  // namespace sleight
