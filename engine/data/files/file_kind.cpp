#include "engine/data/files/file_kind.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "engine/base/text.h"

namespace sleight {

namespace {

using namespace std::string_view_literals;

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  std::string_view kind;
};

// The first that fits counts.
constexpr std::array signatures = {
    Signature{0, "\xff\xd8\xff"sv, "a JPEG image"},
    Signature{0, "\x89PNG\r\n\x1a\n"sv, "a PNG image"},
    Signature{8, "WEBP"sv, "a WebP image"},
    Signature{0, "GIF8"sv, "a GIF image"},
    Signature{0, "BM"sv, "a BMP image"},
    Signature{0, "II*\0"sv, "a TIFF image"},
    Signature{0, "MM\0*"sv, "a TIFF image"},
    Signature{0, "\xff\x0a"sv, "a JPEG XL image"},
    Signature{4, "JXL "sv, "a JPEG XL image"},
    Signature{4, "jP  "sv, "a JPEG 2000 image"},
    Signature{8, "avif"sv, "an AVIF image"},
    Signature{8, "heic"sv, "a HEIC image"},
    Signature{8, "mif1"sv, "a HEIC image"},
    Signature{4, "ftyp"sv, "a video (MP4)"},
    Signature{8, "AVI "sv, "a video (AVI)"},
    Signature{0, "\x1a\x45\xdf\xa3"sv, "a video (Matroska)"},
    Signature{0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file"},
    Signature{0, "\x93NUMPY"sv, "a NumPy array"},
    Signature{0, "PAR1"sv, "a Parquet file"},
    Signature{0, "\x80\x02"sv, "a Python pickle (an old PyTorch file?)"},
    Signature{0, "\x80\x04"sv, "a Python pickle"},
    Signature{30, "archive/data.pkl"sv, "a PyTorch file"},
    Signature{0, "PK\x03\x04"sv, "a ZIP archive"},
    Signature{0, "PK\x05\x06"sv, "an empty ZIP archive"},
    Signature{0, "\x1f\x8b"sv, "a gzip file"},
    Signature{0, "BZh"sv, "a bzip2 file"},
    Signature{0, "\xfd\x37zXZ\0"sv, "an xz file"},
    Signature{0, "\x28\xb5\x2f\xfd"sv, "a Zstandard file"},
    Signature{0, "\x04\x22\x4d\x18"sv, "an lz4 file"},
    Signature{0, "7z\xbc\xaf\x27\x1c"sv, "a 7-Zip archive"},
    Signature{0, "Rar!\x1a\x07"sv, "a RAR archive"},
    Signature{257, "ustar"sv, "a tar archive"},
    Signature{0, "%PDF"sv, "a PDF document"},
    Signature{0, "version https://git-lfs"sv, "a Git LFS pointer, not the file itself"},
    Signature{0, "<!DOCTYPE html"sv, "a web page"},
    Signature{0, "<!doctype html"sv, "a web page"},
    Signature{0, "<html"sv, "a web page"},
    Signature{0, "<svg"sv, "an SVG drawing"},
    Signature{0, "<?xml"sv, "an XML file"},
    Signature{0, "SQLite format 3"sv, "an SQLite database"},
    Signature{0,
              "\x7f"
              "ELF"sv,
              "a program"},
};

bool fits(std::span<const std::byte> file, const Signature& signature) {
  if (file.size() < signature.offset + signature.bytes.size()) return false;
  return std::equal(
      signature.bytes.begin(), signature.bytes.end(), file.begin() + static_cast<std::ptrdiff_t>(signature.offset),
      [](char a, std::byte b) { return static_cast<unsigned char>(a) == std::to_integer<unsigned char>(b); });
}

bool is_text(std::span<const std::byte> file) {
  return std::ranges::all_of(file, [](std::byte byte) {
    const int value = std::to_integer<int>(byte);
    return value >= 0x20 || value == '\n' || value == '\r' || value == '\t';
  });
}

}  // namespace

std::string first_bytes(std::span<const std::byte> file) {
  std::string text;
  for (const std::byte byte : file.first(std::min<std::size_t>(file.size(), 12))) {
    const char value = static_cast<char>(byte);
    if (value >= 0x20 && value < 0x7f) {
      text += value;
    } else {
      text += "\\x" + hexadecimal({&value, 1});
    }
  }
  return text;
}

std::string kind_of_file(std::span<const std::byte> beginning) {
  for (const Signature& signature : signatures)
    if (fits(beginning, signature)) return std::string(signature.kind);
  beginning = beginning.first(std::min<std::size_t>(beginning.size(), 512));
  const bool is_all_zero =
      !beginning.empty() && std::ranges::all_of(beginning, [](std::byte byte) { return byte == std::byte{0}; });
  if (is_all_zero) return "nothing but zeros";
  return !beginning.empty() && is_text(beginning) ? "text" : "";
}

}  // namespace sleight
