#include "engine/data/files/text_lines.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <limits>

#include "engine/base/error.h"

namespace sleight {

namespace {

constexpr std::string_view blanks = " \t\r\v\f";

}  // namespace

void check_text_encoding(std::string_view text) {
  using namespace std::string_view_literals;
  const bool has_mark = text.starts_with("\xff\xfe"sv) || text.starts_with("\xfe\xff"sv);
  check(!has_mark && text.find('\0') == std::string_view::npos,
        "the file is in UTF-16, or no text at all. Save it in UTF-8 (in PowerShell: Out-File -Encoding utf8)");
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  std::size_t end = 0;
  while (true) {
    const std::size_t begin = line.find_first_not_of(blanks, end);
    if (begin == std::string_view::npos) return words;
    end = std::min(line.find_first_of(blanks, begin), line.size());
    words.push_back(line.substr(begin, end - begin));
  }
}

std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0.0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size() || status == std::errc::invalid_argument) return std::nullopt;
  // A number too small for a double counts as too large here: neither can be a coordinate of a box.
  if (status == std::errc::result_out_of_range) return std::numeric_limits<double>::infinity();
  return number;
}

std::optional<std::int64_t> parse_whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size() || status != std::errc()) return std::nullopt;
  return number;
}

std::string_view file_name_of(std::string_view path) {
  return path.substr(folder_of(path).size());
}

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash + 1);
}

std::string_view without_extension(std::string_view path) {
  const std::size_t begin = folder_of(path).size();
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos || dot <= begin ? path : path.substr(0, dot);
}

std::string lower_case_extension(std::string_view path) {
  std::string extension(path.substr(without_extension(path).size()));
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

bool has_image_name(std::string_view path) {
  const std::string extension = lower_case_extension(path);
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

std::string_view read_text(const FileTree& tree, std::size_t file, std::size_t limit, std::vector<std::byte>& memory) {
  return with_context(tree.name(file), [&] {
    // One extra byte detects a file that is too long without reading all of it.
    const std::span<const std::byte> bytes = tree.read_part(file, 0, limit + 1, memory);
    check(bytes.size() <= limit, "the file has more than ", limit, " bytes, which no annotation needs");
    check_text_encoding(text_of(bytes));
    return text_of(bytes);
  });
}

}  // namespace sleight
