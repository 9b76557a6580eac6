// Images in memory: rows of red, green, blue bytes, [height, width, 3].
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sleight {

// Does not own its pixels. Rows are row_stride bytes apart, so a part of an image is a view as well.
struct ImageView {
  const std::uint8_t* pixels = nullptr;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t row_stride = 0;

  const std::uint8_t* row(std::int64_t y) const { return pixels + y * row_stride; }
};

struct MutableImageView {
  std::uint8_t* pixels = nullptr;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t row_stride = 0;

  std::uint8_t* row(std::int64_t y) const { return pixels + y * row_stride; }
  operator ImageView() const { return {pixels, height, width, row_stride}; }
};

// A rectangle in an image, in pixels from the upper left corner; pixel (y, x) covers [y, y + 1) x [x, x + 1). The
// edges need not be whole pixels.
struct CropBox {
  double left = 0.0, top = 0.0, width = 0.0, height = 0.0;

  bool operator==(const CropBox&) const = default;
};

// Owns its pixels. resize() never frees memory, so decoding into the same image again and again stops allocating.
class Image {
 public:
  Image() = default;
  Image(std::int64_t height, std::int64_t width) { resize(height, width); }

  // The pixels' values are unspecified afterwards.
  void resize(std::int64_t height, std::int64_t width);

  std::int64_t height() const { return height_; }
  std::int64_t width() const { return width_; }
  ImageView view() const { return {pixels_.data(), height_, width_, width_ * 3}; }
  MutableImageView view() { return {pixels_.data(), height_, width_, width_ * 3}; }
  std::span<const std::uint8_t> pixels() const {
    return {pixels_.data(), static_cast<std::size_t>(height_ * width_ * 3)};
  }

 private:
  std::vector<std::uint8_t> pixels_;
  std::int64_t height_ = 0;
  std::int64_t width_ = 0;
};

}  // namespace sleight
