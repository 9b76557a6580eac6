// The fonts of the system, for characters that the project's own font lacks: Chinese, Japanese and Korean before all.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/report/font/font.h"

namespace sleight {

// The files with these names in the folders and all below them; in the order of the names, each name once. What cannot
// be listed is left out.
std::vector<std::filesystem::path> find_font_files(std::span<const std::filesystem::path> folders,
                                                   std::span<const std::string_view> names);

// The usual folders of fonts, and the fonts that are looked for in them, the preferred ones first.
std::vector<std::filesystem::path> system_font_folders();
std::span<const std::string_view> system_font_names();

// A font that draws a character with the first of these that has it: `first`, then the files in their order.
// `find_files` is called when `first` lacks a character for the first time; a file is opened when a character is looked
// for in it, and left out when it is no font. Characters that none has are drawn by `first`, which also says how high a
// line is, and must outlive the result.
std::unique_ptr<Font> font_with_fallbacks(const Font& first,
                                          std::function<std::vector<std::filesystem::path>()> find_files);

}  // namespace sleight
