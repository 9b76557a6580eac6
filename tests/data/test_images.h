// Images, files and archives that the tests of engine/data make for themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/image/image.h"
#include "tests/base/temporary_folder.h"

namespace sleight::test {

// Smooth colors with some waves: survives JPEG nearly unchanged.
Image smooth_image(std::int64_t height, std::int64_t width);
// Red is the column, green the row, blue their sum (modulo 256): every pixel of an image of up to 256 x 256 says where
// it is.
Image coordinate_image(std::int64_t height, std::int64_t width);
Image random_image(std::int64_t height, std::int64_t width, std::uint64_t seed);

enum class JpegColors { rgb_444, rgb_422, rgb_420, gray, cmyk };
std::vector<std::byte> encode_jpeg(ImageView image, JpegColors colors = JpegColors::rgb_420, int quality = 95,
                                   bool progressive = false);

// The header of a PNG that says it has this size, and nothing else.
std::vector<std::byte> png_header(std::uint32_t height, std::uint32_t width);

void write_bytes(const std::filesystem::path& path, std::span<const std::byte> bytes);
std::vector<std::byte> bytes_of(std::string_view text);

// A tar archive, entry by entry, right or wrong.
class TarBuilder {
 public:
  TarBuilder& add(std::string_view path, std::span<const std::byte> content, char type = '0');
  // As add, but the header states this size.
  TarBuilder& add_with_size(std::string_view path, std::span<const std::byte> content, std::uint64_t size, char type,
                            std::string_view target = "");
  // type: '1' for a hard link, '2' for a symbolic one.
  TarBuilder& add_link(std::string_view path, std::string_view target, char type) {
    return add_with_size(path, {}, 0, type, target);
  }
  std::vector<std::byte> finish() const;  // with the end marker
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

std::vector<std::byte> gzip(std::span<const std::byte> bytes);

// The message of the exception that function throws; "" when it throws none.
template <class Function>
std::string message_of(Function&& function) {
  try {
    function();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace sleight::test
