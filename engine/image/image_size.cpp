#include "engine/image/image_size.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

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

bool begins_with(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::equal(text.begin(), text.end(), bytes.begin(), [](char a, std::byte b) {
           return static_cast<unsigned char>(a) == std::to_integer<unsigned char>(b);
         });
}

// A segment is FF, a marker, two bytes of length (which include themselves) and its content. As libjpeg does, this
// skips bytes between segments up to the next FF, repeated FFs, and FF 00. Exif lies in APP1 (E1), behind its name.
std::optional<ImageHeader> find_jpeg_header(std::span<const std::byte> file) {
  using namespace std::string_view_literals;
  constexpr std::string_view exif_name = "Exif\0\0"sv;
  ImageHeader header;
  bool has_exif = false;
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
      header.size = {big_endian_16(file, at + 5), big_endian_16(file, at + 7)};
      check_image_size(header.size.height, header.size.width);
      return header;
    }
    const auto length = static_cast<std::size_t>(std::max<std::int64_t>(big_endian_16(file, at + 2), 2));
    if (marker == 0xe1 && !has_exif) {
      if (at + 2 + length > file.size()) return std::nullopt;
      const std::span<const std::byte> content = file.subspan(at + 4, length - 2);
      has_exif = begins_with(content, exif_name);
      if (has_exif) header.orientation = parse_exif(content.subspan(exif_name.size()));
    }
    at += 2 + length;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ImageHeader> find_image_header(std::span<const std::byte> beginning) {
  if (is_jpeg(beginning)) return find_jpeg_header(beginning);
  if (!is_png(beginning)) fail(not_an_image(beginning));
  if (beginning.size() < png_header_bytes) return std::nullopt;
  const ImageSize size = read_png_header(beginning);
  const std::optional<Orientation> orientation = find_png_orientation(beginning);
  if (!orientation) return std::nullopt;
  return ImageHeader{size, *orientation};
}

Orientation find_orientation(std::span<const std::byte> file) {
  try {
    return find_image_header(file).value_or(ImageHeader{}).orientation;
  } catch (const Error&) {
    return {};  // the decoder says what is wrong
  }
}

ImageSize read_image_size(const FileTree& tree, std::size_t file, ExifOrientation exif,
                          std::vector<std::byte>& memory) {
  return with_context(tree.name(file), [&] {
    for (std::size_t count = first_part;; count *= 8) {
      const std::span<const std::byte> beginning = tree.read_part(file, 0, count, memory);
      check(!beginning.empty(), "the file is empty");
      if (const std::optional<ImageHeader> header = find_image_header(beginning))
        return exif == ExifOrientation::applied ? turned_size(header->size, header->orientation) : header->size;
      check(beginning.size() == count, "the file is cut off after ", beginning.size(), " bytes, inside its header");
    }
  });
}

}  // namespace sleight
