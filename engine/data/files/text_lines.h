// Small text files of strangers: lines, words, numbers, paths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/files/file_tree.h"

namespace sleight {

std::string_view text_of(std::span<const std::byte> bytes);

// Without blanks, tabs and carriage returns at both ends.
std::string_view trimmed(std::string_view text);

// Lines, trimmed, without a byte order mark before the first; empty ones are kept, the one behind the last line end is
// not. They point into `text`.
std::vector<std::string_view> lines_of(std::string_view text);

// Parts between blanks and tabs.
std::vector<std::string_view> words_of(std::string_view line);

// The whole text as one number; "nan" and "inf" are numbers, and one beyond a double's range is infinite.
std::optional<double> parse_number(std::string_view text);
// The whole text as one whole number.
std::optional<std::int64_t> parse_whole_number(std::string_view text);

// "train.txt" of "a/b/train.txt"; "a/b/" of it; "a/b/train" of it. A name's dot in front is part of it.
std::string_view file_name_of(std::string_view path);
std::string_view folder_of(std::string_view path);
std::string_view without_extension(std::string_view path);
// ".jpg" of "a/1.JPG"; "" when there is none.
std::string lower_case_extension(std::string_view path);
// By its extension: .jpg, .jpeg or .png.
bool has_image_name(std::string_view path);

// The text of a file of the tree, which must not have more than `limit` bytes. Throws Error, naming the file.
std::string_view read_text(const FileTree& tree, std::size_t file, std::size_t limit, std::vector<std::byte>& memory);

}  // namespace sleight
