#include "engine/image/png.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>

#include "engine/base/error.h"

// Compiles the library's implementation with PNG alone. Its warnings are not ours.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_FAILURE_USERMSG
#define STBI_MAX_DIMENSIONS 32768
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace sleight {

namespace {

static_assert(STBI_MAX_DIMENSIONS == maximum_image_side);

constexpr unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
// Signature, chunk length, chunk name, width, height.
constexpr std::size_t header_bytes = 8 + 4 + 4 + 4 + 4;

std::int64_t big_endian(std::span<const std::byte> bytes, std::size_t offset) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = (value << 8) | std::to_integer<std::int64_t>(bytes[offset + i]);
  return value;
}

// Each chunk states its length, and the library allocates that much memory before it sees that the file is shorter.
void check_chunks(std::span<const std::byte> file) {
  constexpr std::int64_t frame = 4 + 4 + 4;  // length, name, checksum
  const auto size = static_cast<std::int64_t>(file.size());
  for (std::int64_t offset = sizeof(signature); offset + frame <= size;) {
    const std::int64_t length = big_endian(file, static_cast<std::size_t>(offset));
    check(length <= size - offset - frame, "the PNG file is damaged or cut off: its chunk at byte ", offset, " states ",
          length, " bytes, and ", size - offset - frame, " are left");
    if (std::memcmp(file.data() + offset + 4, "IEND", 4) == 0) return;
    offset += frame + length;
  }
}

}  // namespace

bool is_png(std::span<const std::byte> file) {
  return file.size() >= sizeof(signature) && std::memcmp(file.data(), signature, sizeof(signature)) == 0;
}

ImageSize read_png_header(std::span<const std::byte> file) {
  check(file.size() >= header_bytes, "the PNG file is cut off after ", file.size(), " bytes, inside its header");
  check(std::memcmp(file.data() + 12, "IHDR", 4) == 0, "the PNG file does not begin with its header chunk (IHDR)");
  const ImageSize size{big_endian(file, 20), big_endian(file, 16)};
  check_image_size(size.height, size.width);
  return size;
}

void decode_png(std::span<const std::byte> file, Image& image) {
  check(file.size() <= std::numeric_limits<int>::max(), "the PNG file has ", file.size(),
        " bytes; at most 2 GiB can be read");
  check_chunks(file);
  int width = 0;
  int height = 0;
  int channels = 0;
  const std::unique_ptr<stbi_uc, decltype(&std::free)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(file.data()), static_cast<int>(file.size()), &width,
                            &height, &channels, 3),
      &std::free);
  check(pixels != nullptr, "the PNG file is damaged or cut off: ", stbi_failure_reason());
  image.resize(height, width);
  std::memcpy(image.view().pixels, pixels.get(),
              static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * 3);
}

}  // namespace sleight
