// The size of a picture from the first bytes of its file, for data sets that need every picture's size but no pixels.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "engine/data/decode_picture.h"
#include "engine/data/file_tree.h"

namespace sleight {

// From the header of a JPEG (the first frame header behind whatever segments a camera wrote) or a PNG. Nothing when the
// header goes on behind `beginning`. Throws Error for other files and for sizes beyond the limits.
std::optional<PictureSize> find_picture_size(std::span<const std::byte> beginning);

// Reads as much of the file as that takes: 16 KiB nearly always. Throws Error, naming the file.
PictureSize read_picture_size(const FileTree& tree, std::size_t file, std::vector<std::byte>& memory);

}  // namespace sleight
