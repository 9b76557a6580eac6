// An image's size from the first bytes of its file, for datasets that need every size but no pixels.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "engine/data/files/file_tree.h"
#include "engine/image/decode_image.h"
#include "engine/image/orientation.h"

namespace sleight {

struct ImageHeader {
  ImageSize size;  // as stored
  Orientation orientation;
};

// Reads the header of a JPEG (up to the first frame header, with the segments that a camera wrote before it) or of a
// PNG (up to its data). Empty if the header continues past `beginning`. Throws Error for other files and for sizes
// beyond the limits.
std::optional<ImageHeader> find_image_header(std::span<const std::byte> beginning);

// The orientation in the header of a whole file; none where the header is damaged.
Orientation find_orientation(std::span<const std::byte> file);

// The size of the turned image. Reads as much of the file as needed, nearly always 16 KiB. Throws Error, naming the
// file.
ImageSize read_image_size(const FileTree& tree, std::size_t file, ExifOrientation exif, std::vector<std::byte>& memory);

}  // namespace sleight
