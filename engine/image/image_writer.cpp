#include "engine/image/image_writer.h"

#include <cstdint>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/file.h"

// Compiles the library's implementation. Its warnings are not ours.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace sleight {

namespace {

// The library calls this with each piece of a file.
void append(void* file, void* data, int size) {
  auto& bytes = *static_cast<std::vector<std::byte>*>(file);
  const auto* first = static_cast<const std::byte*>(data);
  bytes.insert(bytes.end(), first, first + size);
}

}  // namespace

std::vector<std::byte> encode_png(ImageView image) {
  std::vector<std::byte> file;
  const int written =
      stbi_write_png_to_func(append, &file, static_cast<int>(image.width), static_cast<int>(image.height), 3,
                             image.pixels, static_cast<int>(image.row_stride));
  check(written != 0, "cannot encode a PNG of ", image.width, " x ", image.height, " pixels: out of memory");
  return file;
}

void write_png(const std::filesystem::path& path, ImageView image) {
  write_file_atomically(path, encode_png(image));
}

std::vector<std::byte> encode_as_jpeg(ImageView image, int quality) {
  constexpr std::int64_t longest_side = 65535;
  check(image.width <= longest_side && image.height <= longest_side, "a JPEG has at most ", longest_side,
        " pixels on a side, not ", image.width, " x ", image.height, "; write a PNG");
  // The library has no row stride.
  const std::size_t row_bytes = static_cast<std::size_t>(image.width) * 3;
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(image.height) * row_bytes);
  for (std::int64_t y = 0; y < image.height; ++y)
    std::memcpy(pixels.data() + static_cast<std::size_t>(y) * row_bytes, image.row(y), row_bytes);

  std::vector<std::byte> file;
  const int written = stbi_write_jpg_to_func(append, &file, static_cast<int>(image.width),
                                             static_cast<int>(image.height), 3, pixels.data(), quality);
  check(written != 0, "cannot encode a JPEG of ", image.width, " x ", image.height, " pixels");
  return file;
}

void write_jpeg(const std::filesystem::path& path, ImageView image, int quality) {
  write_file_atomically(path, encode_as_jpeg(image, quality));
}

}  // namespace sleight
