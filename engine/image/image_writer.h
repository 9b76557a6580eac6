// PNG and JPEG files for people to look at (stb_image_write).
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "engine/image/image.h"

namespace sleight {

// A PNG file of the image.
std::vector<std::byte> encode_png(ImageView image);
// Written atomically; throws Error on failure.
void write_png(const std::filesystem::path& path, ImageView image);

// A baseline JPEG file of the image. quality: 1 to 100, as in libjpeg. Throws Error for more than 65,535 pixels in a
// row or a column, the limit of the format.
std::vector<std::byte> encode_as_jpeg(ImageView image, int quality = 90);
// Written atomically; throws Error on failure.
void write_jpeg(const std::filesystem::path& path, ImageView image, int quality = 90);

}  // namespace sleight
