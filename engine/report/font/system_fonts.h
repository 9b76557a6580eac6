// The system's fonts, for characters that the embedded font lacks, mainly Chinese, Japanese and Korean.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/report/font/font.h"

namespace sleight {

// The files with these names in the folders and their subfolders, in the order of the names, each name once. Folders
// that cannot be listed are skipped.
std::vector<std::filesystem::path> find_font_files(std::span<const std::filesystem::path> folders,
                                                   std::span<const std::string_view> names);

// The usual font folders, and the fonts to look for in them, the preferred ones first.
std::vector<std::filesystem::path> system_font_folders();
std::span<const std::string_view> system_font_names();

// A font that draws a character with the first font that has it: `first`, then the files in their order. The first
// character that `first` lacks triggers the call of `find_files`. A file is opened when a character is looked up in it,
// and skipped if it is not a font. `first` draws characters that no font has; it also defines the line height and must
// outlive the result.
std::unique_ptr<Font> font_with_fallbacks(const Font& first,
                                          std::function<std::vector<std::filesystem::path>()> find_files);

}  // namespace sleight
