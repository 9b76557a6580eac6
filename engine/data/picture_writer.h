// PNG and JPEG files of pictures, for people to look at (stb_image_write).
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "engine/data/picture.h"

namespace sleight {

// A PNG file of the picture.
std::vector<std::byte> encode_png(PictureView picture);
// Written atomically; throws Error when that fails.
void write_png(const std::filesystem::path& path, PictureView picture);

// A baseline JPEG file of the picture. quality: 1 to 100, as in libjpeg. Throws Error for more than 65,535 pixels in a
// row or a column, which the format cannot say.
std::vector<std::byte> encode_as_jpeg(PictureView picture, int quality = 90);
// Written atomically; throws Error when that fails.
void write_jpeg(const std::filesystem::path& path, PictureView picture, int quality = 90);

}  // namespace sleight
