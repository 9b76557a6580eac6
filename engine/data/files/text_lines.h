// Lines, words, numbers and paths in small, untrusted text files.
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

// Throws Error for UTF-16, as PowerShell writes it, and for what is no text.
void check_text_encoding(std::string_view text);

// Without blanks, tabs and carriage returns at both ends.
std::string_view trimmed(std::string_view text);

// Lines, trimmed, without a byte order mark. Empty lines are kept, except after the last line end. They point into
// `text`.
std::vector<std::string_view> lines_of(std::string_view text);

// The parts separated by blanks and tabs.
std::vector<std::string_view> words_of(std::string_view line);

// The whole text as one number. "nan" and "inf" are numbers; a number beyond a double's range is infinite.
std::optional<double> parse_number(std::string_view text);
// The whole text as one whole number.
std::optional<std::int64_t> parse_whole_number(std::string_view text);

// Of "a/b/train.txt": "train.txt"; "a/b/"; "a/b/train". A leading dot belongs to the name.
std::string_view file_name_of(std::string_view path);
std::string_view folder_of(std::string_view path);
std::string_view without_extension(std::string_view path);
// ".jpg" of "a/1.JPG"; "" without an extension.
std::string lower_case_extension(std::string_view path);
// By the extension: .jpg, .jpeg or .png.
bool has_image_name(std::string_view path);

// The text of a file of the tree. Throws Error, naming the file, if it has more than `limit` bytes, and
// for text in UTF-16.
std::string_view read_text(const FileTree& tree, std::size_t file, std::size_t limit, std::vector<std::byte>& memory);

}  // namespace sleight
