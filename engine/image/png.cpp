#include "engine/image/png.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

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

// A chunk is its length, its name, its data, and a checksum.
constexpr std::size_t chunk_frame = 4 + 4 + 4;
constexpr std::size_t bit_depth_offset = 24;

struct Chunk {
  std::size_t offset = 0;
  std::int64_t length = 0;
  std::string_view name;
};

// The chunk at this offset, which may state more bytes than there are; empty where its frame is not whole.
std::optional<Chunk> chunk_at(std::span<const std::byte> file, std::size_t offset) {
  if (offset + chunk_frame > file.size()) return std::nullopt;
  return Chunk{offset, big_endian(file, offset), {reinterpret_cast<const char*>(file.data()) + offset + 4, 4}};
}

std::size_t end_of(const Chunk& chunk) {
  return chunk.offset + chunk_frame + static_cast<std::size_t>(chunk.length);
}

// What is to be known of a file before the library sees it.
struct Contents {
  bool has_data = false;
  bool has_empty_data = false;
  bool may_be_transparent = false;
};

// Each chunk states its length, and the library allocates that much memory before it sees that the file is shorter.
Contents check_chunks(std::span<const std::byte> file) {
  Contents contents;
  check(file.size() > bit_depth_offset + 1, "the PNG file is cut off inside its header");
  const int color_type = std::to_integer<int>(file[bit_depth_offset + 1]);
  contents.may_be_transparent = color_type == 4 || color_type == 6;
  std::optional<Chunk> chunk = chunk_at(file, sizeof(signature));
  for (; chunk && chunk->name != "IEND"; chunk = chunk_at(file, end_of(*chunk))) {
    const std::size_t left = file.size() - chunk->offset - chunk_frame;
    check(chunk->length <= static_cast<std::int64_t>(left), "the PNG file is damaged or cut off: its chunk at byte ",
          chunk->offset, " states ", chunk->length, " bytes, and ", left, " are left");
    if (chunk->name == "IDAT") (chunk->length == 0 ? contents.has_empty_data : contents.has_data) = true;
    if (chunk->name == "tRNS") contents.may_be_transparent = true;
  }
  check(contents.has_data,
        "the PNG file is damaged or cut off: it has no image data (IDAT). Get it again or remove it");
  return contents;
}

// Data may come in pieces, and an empty piece is allowed. The library copies nothing to nowhere for it, which C++ leaves
// undefined.
std::vector<std::byte> without_empty_data(std::span<const std::byte> file) {
  std::vector<std::byte> kept(file.begin(), file.begin() + sizeof(signature));
  std::optional<Chunk> chunk = chunk_at(file, sizeof(signature));
  for (; chunk; chunk = chunk_at(file, end_of(*chunk))) {
    const auto begin = file.begin() + static_cast<std::ptrdiff_t>(chunk->offset);
    const std::size_t end = std::min(end_of(*chunk), file.size());
    if (chunk->name != "IDAT" || chunk->length > 0)
      kept.insert(kept.end(), begin, file.begin() + static_cast<std::ptrdiff_t>(end));
    if (chunk->name == "IEND" || end == file.size()) break;
  }
  return kept;
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

std::optional<Orientation> find_png_orientation(std::span<const std::byte> beginning) {
  std::optional<Chunk> chunk = chunk_at(beginning, sizeof(signature));
  for (; chunk; chunk = chunk_at(beginning, end_of(*chunk))) {
    if (chunk->name == "IDAT" || chunk->name == "IEND") return Orientation{};
    if (chunk->name != "eXIf") continue;
    if (end_of(*chunk) > beginning.size()) return std::nullopt;
    return parse_exif(beginning.subspan(chunk->offset + 8, static_cast<std::size_t>(chunk->length)));
  }
  return std::nullopt;
}

bool may_be_odd(std::span<const std::byte> file) {
  if (!is_png(file) || file.size() <= bit_depth_offset + 1) return false;
  const int color_type = std::to_integer<int>(file[bit_depth_offset + 1]);
  const bool is_gray_or_rgb = color_type == 0 || color_type == 2;
  // A palette, or a single color, may be transparent by a chunk of its own.
  return !is_gray_or_rgb || file[bit_depth_offset] == std::byte{16} || check_chunks(file).may_be_transparent;
}

ImageOddities decode_png(std::span<const std::byte> file, Image& image) {
  check(file.size() <= std::numeric_limits<int>::max(), "the PNG file has ", file.size(),
        " bytes; at most 2 GiB can be read");
  read_png_header(file);
  const Contents contents = check_chunks(file);
  std::vector<std::byte> kept;
  if (contents.has_empty_data) file = kept = without_empty_data(file);
  const int wanted = contents.may_be_transparent ? 4 : 3;
  int width = 0;
  int height = 0;
  int channels = 0;
  const std::unique_ptr<stbi_uc, decltype(&std::free)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(file.data()), static_cast<int>(file.size()), &width,
                            &height, &channels, wanted),
      &std::free);
  check(pixels != nullptr, "the PNG file is damaged or cut off: ", stbi_failure_reason());
  image.resize(height, width);
  const std::size_t count = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  ImageOddities oddities;
  std::uint8_t* to = image.view().pixels;
  if (wanted == 3) {
    std::memcpy(to, pixels.get(), count * 3);
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      std::copy_n(pixels.get() + 4 * i, 3, to + 3 * i);
      oddities.is_transparent |= pixels.get()[4 * i + 3] != 255;
    }
  }
  // Of 16 bits the library keeps the upper 8.
  constexpr std::uint8_t dark = 255 / 8;
  const bool has_16_bits = file[bit_depth_offset] == std::byte{16};
  oddities.is_dark_16_bit = has_16_bits && *std::max_element(to, to + count * 3) <= dark;
  return oddities;
}

}  // namespace sleight
