// An image's size from the first bytes of its file, for datasets that need every size but no pixels.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "engine/data/files/file_tree.h"
#include "engine/image/decode_image.h"

namespace sleight {

// Reads the header of a JPEG (the first frame header, after any segments that a camera wrote) or a PNG. Empty if the
// header continues past `beginning`. Throws Error for other files and for sizes beyond the limits.
std::optional<ImageSize> find_image_size(std::span<const std::byte> beginning);

// Reads as much of the file as needed, nearly always 16 KiB. Throws Error, naming the file.
ImageSize read_image_size(const FileTree& tree, std::size_t file, std::vector<std::byte>& memory);

}  // namespace sleight
