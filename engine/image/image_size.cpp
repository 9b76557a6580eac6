#include "engine/image/image_size.h"

#include <algorithm>
#include <cstdint>

#include "engine/base/error.h"
#include "engine/image/jpeg.h"
#include "engine/image/png.h"

namespace sleight {

namespace {

constexpr std::size_t first_part = std::size_t{16} << 10;
constexpr std::size_t png_header_bytes = 24;  // signature, length, "IHDR", width, height

std::int64_t big_endian_16(std::span<const std::byte> bytes, std::size_t offset) {
  return (std::to_integer<std::int64_t>(bytes[offset]) << 8) | std::to_integer<std::int64_t>(bytes[offset + 1]);
}

// C0 to CF begin a frame, except the tables of Huffman (C4) and arithmetic coding (CC) and an extension (C8).
bool is_frame_header(int marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

// Markers without a length: restart, begin, end, and one for arithmetic coding.
bool stands_alone(int marker) {
  return (marker >= 0xd0 && marker <= 0xd9) || marker == 0x01;
}

// A segment is FF, a marker, two bytes of length (which include themselves) and its content. As libjpeg does, this
// skips bytes between segments up to the next FF, repeated FFs, and FF 00.
std::optional<ImageSize> find_jpeg_size(std::span<const std::byte> file) {
  std::size_t at = 2;
  while (at + 1 < file.size()) {
    const int marker = std::to_integer<int>(file[at + 1]);
    if (file[at] != std::byte{0xff} || marker == 0xff || marker == 0x00) {
      ++at;
      continue;
    }
    check(marker != 0xda && marker != 0xd9, "the JPEG file is damaged: it has no frame header");
    if (stands_alone(marker)) {
      at += 2;
      continue;
    }
    if (at + 4 > file.size()) return std::nullopt;
    if (is_frame_header(marker)) {
      if (at + 9 > file.size()) return std::nullopt;
      // After the length: bits per channel, height, width.
      const ImageSize size{big_endian_16(file, at + 5), big_endian_16(file, at + 7)};
      check_image_size(size.height, size.width);
      return size;
    }
    at += 2 + static_cast<std::size_t>(std::max<std::int64_t>(big_endian_16(file, at + 2), 2));
  }
  return std::nullopt;
}

}  // namespace

std::optional<ImageSize> find_image_size(std::span<const std::byte> beginning) {
  if (is_jpeg(beginning)) return find_jpeg_size(beginning);
  check(is_png(beginning), "neither a JPEG nor a PNG file");
  if (beginning.size() < png_header_bytes) return std::nullopt;
  return read_png_header(beginning);
}

ImageSize read_image_size(const FileTree& tree, std::size_t file, std::vector<std::byte>& memory) {
  return with_context(tree.name(file), [&] {
    for (std::size_t count = first_part;; count *= 8) {
      const std::span<const std::byte> beginning = tree.read_part(file, 0, count, memory);
      check(!beginning.empty(), "the file is empty");
      if (const std::optional<ImageSize> size = find_image_size(beginning)) return *size;
      check(beginning.size() == count, "the file is cut off after ", beginning.size(), " bytes, inside its header");
    }
  });
}

}  // namespace sleight
