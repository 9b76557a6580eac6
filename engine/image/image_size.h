// The size of an image from the first bytes of its file, for datasets that need every image's size but no pixels.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "engine/data/files/file_tree.h"
#include "engine/image/decode_image.h"

namespace sleight {

// From the header of a JPEG (the first frame header behind whatever segments a camera wrote) or a PNG. Nothing when the
// header goes on behind `beginning`. Throws Error for other files and for sizes beyond the limits.
std::optional<ImageSize> find_image_size(std::span<const std::byte> beginning);

// Reads as much of the file as that takes: 16 KiB nearly always. Throws Error, naming the file.
ImageSize read_image_size(const FileTree& tree, std::size_t file, std::vector<std::byte>& memory);

}  // namespace sleight
