#include "engine/image/orientation.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace sleight {

namespace {

constexpr std::uint32_t orientation_tag = 274, type_of_16_bits = 3;

// The image file directory of TIFF, in either byte order. Positions beyond the end read as 0.
class Tiff {
 public:
  explicit Tiff(std::span<const std::byte> bytes) : bytes_(bytes), is_little_(text_at(0) == 'I') {}

  bool is_tiff() const {
    return (text_at(0) == 'I' || text_at(0) == 'M') && text_at(0) == text_at(1) && number(2, 2) == 42;
  }

  std::uint32_t number(std::size_t at, std::size_t width) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < width; ++i)
      value = (value << 8) | byte(at + (is_little_ ? width - 1 - i : i));
    return value;
  }

 private:
  std::uint32_t byte(std::size_t at) const {
    return at < bytes_.size() ? std::to_integer<std::uint32_t>(bytes_[at]) : 0;
  }
  char text_at(std::size_t at) const { return static_cast<char>(byte(at)); }

  std::span<const std::byte> bytes_;
  bool is_little_;
};

CropBox mirrored(CropBox box, ImageSize size, Orientation orientation) {
  if (orientation.mirrors_columns) box.left = static_cast<double>(size.width) - box.left - box.width;
  if (orientation.mirrors_rows) box.top = static_cast<double>(size.height) - box.top - box.height;
  return box;
}

CropBox transposed(const CropBox& box, Orientation orientation) {
  return orientation.transposes ? CropBox{box.top, box.left, box.height, box.width} : box;
}

}  // namespace

Orientation orientation_of(int exif_value) {
  switch (exif_value) {
    case 2:
      return {false, true, false};
    case 3:
      return {false, true, true};
    case 4:
      return {false, false, true};
    case 5:
      return {true, false, false};
    case 6:
      return {true, true, false};
    case 7:
      return {true, true, true};
    case 8:
      return {true, false, true};
    default:
      return {};
  }
}

Orientation parse_exif(std::span<const std::byte> exif) {
  const Tiff tiff(exif);
  if (!tiff.is_tiff()) return {};
  const std::size_t directory = tiff.number(4, 4);
  // More entries than the data can hold are not read: a position behind the end has no tag.
  const std::size_t entries = std::min<std::size_t>(tiff.number(directory, 2), exif.size() / 12);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * 12;
    if (tiff.number(entry, 2) != orientation_tag) continue;
    if (tiff.number(entry + 2, 2) != type_of_16_bits) return {};
    return orientation_of(static_cast<int>(tiff.number(entry + 8, 2)));
  }
  return {};
}

ImageSize turned_size(ImageSize stored, Orientation orientation) {
  return orientation.transposes ? ImageSize{stored.width, stored.height} : stored;
}

CropBox turned_box(const CropBox& box, ImageSize stored, Orientation orientation) {
  return mirrored(transposed(box, orientation), turned_size(stored, orientation), orientation);
}

CropBox stored_box(const CropBox& box, ImageSize stored, Orientation orientation) {
  return transposed(mirrored(box, turned_size(stored, orientation), orientation), orientation);
}

void turn(ImageView stored, Orientation orientation, Image& turned) {
  const ImageSize size = turned_size({stored.height, stored.width}, orientation);
  turned.resize(size.height, size.width);
  const MutableImageView result = turned.view();
  for (std::int64_t y = 0; y < size.height; ++y) {
    const std::int64_t v = orientation.mirrors_rows ? size.height - 1 - y : y;
    std::uint8_t* pixel = result.row(y);
    for (std::int64_t x = 0; x < size.width; ++x, pixel += 3) {
      const std::int64_t u = orientation.mirrors_columns ? size.width - 1 - x : x;
      const std::uint8_t* from = orientation.transposes ? stored.row(u) + v * 3 : stored.row(v) + u * 3;
      std::memcpy(pixel, from, 3);
    }
  }
}

}  // namespace sleight
