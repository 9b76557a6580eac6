#include "engine/data/picture_writer.h"

#include <cstdint>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/file.h"

// The library's implementation is compiled here. Its warnings are its own.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace sleight {

namespace {

// What the library calls with each piece of a file.
void append(void* file, void* data, int size) {
  auto& bytes = *static_cast<std::vector<std::byte>*>(file);
  const auto* first = static_cast<const std::byte*>(data);
  bytes.insert(bytes.end(), first, first + size);
}

}  // namespace

std::vector<std::byte> encode_png(PictureView picture) {
  std::vector<std::byte> file;
  const int written =
      stbi_write_png_to_func(append, &file, static_cast<int>(picture.width), static_cast<int>(picture.height), 3,
                             picture.pixels, static_cast<int>(picture.row_stride));
  check(written != 0, "cannot encode a PNG of ", picture.width, " x ", picture.height, " pixels: out of memory");
  return file;
}

void write_png(const std::filesystem::path& path, PictureView picture) {
  write_file_atomically(path, encode_png(picture));
}

std::vector<std::byte> encode_as_jpeg(PictureView picture, int quality) {
  constexpr std::int64_t longest_side = 65535;
  check(picture.width <= longest_side && picture.height <= longest_side, "a JPEG has at most ", longest_side,
        " pixels on a side, not ", picture.width, " x ", picture.height, "; write a PNG");
  // The library knows no distance between rows.
  const std::size_t row_bytes = static_cast<std::size_t>(picture.width) * 3;
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(picture.height) * row_bytes);
  for (std::int64_t y = 0; y < picture.height; ++y)
    std::memcpy(pixels.data() + static_cast<std::size_t>(y) * row_bytes, picture.row(y), row_bytes);

  std::vector<std::byte> file;
  const int written = stbi_write_jpg_to_func(append, &file, static_cast<int>(picture.width),
                                             static_cast<int>(picture.height), 3, pixels.data(), quality);
  check(written != 0, "cannot encode a JPEG of ", picture.width, " x ", picture.height, " pixels");
  return file;
}

void write_jpeg(const std::filesystem::path& path, PictureView picture, int quality) {
  write_file_atomically(path, encode_as_jpeg(picture, quality));
}

}  // namespace sleight
