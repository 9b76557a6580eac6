#include "engine/data/files/tar.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "engine/base/error.h"

namespace sleight {

namespace {

constexpr std::size_t block_bytes = 512;
constexpr std::size_t maximum_name_bytes = std::size_t{1} << 20;

// One header block; field positions are those of POSIX.1-1988 (ustar).
class Header {
 public:
  Header(std::span<const std::byte> archive, std::size_t offset)
      : block_(reinterpret_cast<const char*>(archive.data()) + offset, block_bytes), offset_(offset) {}

  bool is_zero() const {
    return std::all_of(block_.begin(), block_.end(), [](char c) { return c == 0; });
  }
  char type() const { return block_[156]; }
  std::uint64_t size() const { return number(124, 12); }

  std::string path() const {
    const std::string name = text(0, 100);
    const bool is_posix = block_.substr(257, 8) == std::string_view("ustar\00000", 8);
    const std::string prefix = is_posix ? text(345, 155) : std::string();
    return prefix.empty() ? name : prefix + "/" + name;
  }

  void check_sum() const {
    // The checksum field itself counts as blanks. Some old programs summed signed characters.
    std::int64_t with_unsigned = 0;
    std::int64_t with_signed = 0;
    for (std::size_t i = 0; i < block_bytes; ++i) {
      const char c = i >= 148 && i < 156 ? ' ' : block_[i];
      with_unsigned += static_cast<unsigned char>(c);
      with_signed += static_cast<signed char>(c);
    }
    const std::int64_t stated = static_cast<std::int64_t>(number(148, 8));
    check(stated == with_unsigned || stated == with_signed,
          "the tar archive is damaged or not a tar archive: the header ", "at byte ", offset_, " has checksum ",
          with_unsigned, " but states ", stated);
  }

 private:
  std::string text(std::size_t position, std::size_t length) const {
    const std::string_view field = block_.substr(position, length);
    return std::string(field.substr(0, field.find('\0')));
  }

  // Octal digits with blanks or zeros around them; or, with the highest bit set, a big-endian binary number (GNU).
  std::uint64_t number(std::size_t position, std::size_t length) const {
    const std::string_view field = block_.substr(position, length);
    std::uint64_t value = 0;
    if ((static_cast<unsigned char>(field[0]) & 0x80U) != 0) {
      for (std::size_t i = 0; i < length; ++i) {
        const std::uint64_t digit = static_cast<unsigned char>(field[i]) & (i == 0 ? 0x7fU : 0xffU);
        check(value >> 55U == 0, "the tar header at byte ", offset_, " holds a number beyond 63 bits");
        value = (value << 8U) | digit;
      }
      return value;
    }
    std::size_t i = 0;
    while (i < length && field[i] == ' ')
      ++i;
    for (; i < length && field[i] >= '0' && field[i] <= '7'; ++i)
      value = (value << 3U) | static_cast<std::uint64_t>(field[i] - '0');
    check(i == length || field[i] == ' ' || field[i] == '\0', "the tar header at byte ", offset_,
          " holds something else than a number at position ", position,
          ": the archive is damaged, or the file is no tar archive. Get the whole archive, or give a folder");
    return value;
  }

  std::string_view block_;
  std::size_t offset_;
};

// The settings of a pax header for the entry after it.
struct PaxRecords {
  std::optional<std::string> path;
  std::optional<std::uint64_t> size;
};

// Records "LENGTH KEY=VALUE\n", where LENGTH counts the whole record.
PaxRecords read_pax(std::string_view text, std::size_t offset) {
  PaxRecords records;
  while (!text.empty() && text.front() != '\0') {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    const std::size_t digits = static_cast<std::size_t>(end - text.data());
    check(error == std::errc{} && digits < text.size() && text[digits] == ' ' && length > digits + 1 &&
              length <= text.size() && text[length - 1] == '\n',
          "the pax header at byte ", offset, " has a malformed record");
    const std::string_view record = text.substr(digits + 1, length - digits - 2);
    const std::size_t equals = record.find('=');
    check(equals != std::string_view::npos, "the pax header at byte ", offset, " has a record without \"=\"");
    const std::string_view key = record.substr(0, equals);
    const std::string_view value = record.substr(equals + 1);
    if (key == "path") records.path = std::string(value);
    if (key == "size") {
      std::uint64_t size = 0;
      const auto result = std::from_chars(value.data(), value.data() + value.size(), size);
      check(result.ec == std::errc{} && result.ptr == value.data() + value.size(), "the pax header at byte ", offset,
            " has a malformed size");
      records.size = size;
    }
    text.remove_prefix(length);
  }
  return records;
}

// Removes "." parts and doubled slashes; empty if the path leads upwards or is empty.
std::optional<std::string> clean_path(std::string_view path) {
  path = path.substr(0, path.find('\0'));
  std::string clean;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (part == "..") return std::nullopt;
    if (part.empty() || part == ".") continue;
    if (!clean.empty()) clean += '/';
    clean += part;
  }
  if (clean.empty()) return std::nullopt;
  return clean;
}

}  // namespace

std::vector<TarEntry> read_tar(std::span<const std::byte> archive) {
  std::vector<TarEntry> entries;
  std::optional<std::string> long_name;
  PaxRecords pax;
  std::size_t offset = 0;
  while (true) {
    check(archive.size() >= block_bytes, "this is no tar archive, or one cut short: it has only ", archive.size(),
          " bytes. Give a folder, a .tar or a .tar.gz");
    check(archive.size() - offset >= block_bytes, "the tar archive is cut short: it ends after ", archive.size(),
          " bytes without an end marker, with ", entries.size(), " entries read. Get the whole archive");
    const Header header(archive, offset);
    if (header.is_zero()) return entries;
    header.check_sum();
    const std::size_t header_offset = offset;
    offset += block_bytes;

    const char type = header.type();
    const bool describes_next = type == 'x' || type == 'L' || type == 'K' || type == 'g';
    const std::uint64_t size = !describes_next && pax.size ? *pax.size : header.size();
    check(size <= archive.size() - offset, "the tar archive is cut short or damaged: the entry at byte ", header_offset,
          " (\"", header.path().substr(0, 100), "\") says it has ", size, " bytes, but only ", archive.size() - offset,
          " follow. Get the whole archive");
    const std::span<const std::byte> bytes = archive.subspan(offset, size);
    const std::size_t padding = (block_bytes - size % block_bytes) % block_bytes;
    offset += size + std::min<std::size_t>(padding, archive.size() - offset - size);

    if (describes_next) {
      check(size <= maximum_name_bytes, "the tar header at byte ", header_offset, " holds a name of ", size,
            " bytes; the limit is ", maximum_name_bytes);
      const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      if (type == 'x') pax = read_pax(text, header_offset);
      if (type == 'L') long_name = std::string(text);
      continue;
    }
    const std::optional<std::string> path = clean_path(pax.path ? *pax.path : long_name ? *long_name : header.path());
    const bool is_folder = type == '5';
    const bool is_file = type == '0' || type == '\0' || type == '7';
    if (path && (is_folder || is_file)) entries.push_back({*path, is_folder, bytes});
    pax = {};
    long_name.reset();
  }
}

}  // namespace sleight
