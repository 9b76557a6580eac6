#include "engine/data/files/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <zlib.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/base/error.h"
#include "engine/data/files/file_kind.h"

namespace sleight {

namespace {

// libarchive translates names into the locale's characters, and the C locale has ASCII alone. For this thread.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) previous_ = uselocale(locale_);
  }
  ~Utf8Locale() {
    if (locale_ == nullptr) return;
    uselocale(previous_);
    freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t locale_, previous_ = nullptr;
};

struct Close {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

// libarchive reads over the checksums of gzip, and a flipped bit would be a wrong pixel.
void check_gzip(std::span<const std::byte> file) {
  z_stream stream{};
  constexpr int gzip_with_largest_window = 15 + 16;
  check(inflateInit2(&stream, gzip_with_largest_window) == Z_OK, "zlib cannot start: out of memory");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> end(&stream, &inflateEnd);
  std::vector<Bytef> output(std::size_t{1} << 18);
  std::size_t offset = 0;
  int status = Z_STREAM_END;
  do {
    if (stream.avail_in == 0) {
      const std::size_t count = std::min<std::size_t>(file.size() - offset, std::size_t{1} << 30);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(file.data() + offset));
      stream.avail_in = static_cast<uInt>(count);
      offset += count;
    }
    stream.next_out = output.data();
    stream.avail_out = static_cast<uInt>(output.size());
    status = inflate(&stream, Z_NO_FLUSH);
    check(status == Z_OK || status == Z_STREAM_END,
          "the archive is damaged or cut short: its checksum or its data are ", "wrong",
          stream.msg == nullptr ? "" : std::string(" (") + stream.msg + ")", ". Get the whole archive");
    // Another member may follow, or padding.
    const bool has_more = status == Z_STREAM_END && stream.avail_in > 1 && stream.next_in[0] == 0x1f;
    if (has_more) check(inflateReset(&stream) == Z_OK, "zlib cannot go on");
    if (status == Z_STREAM_END && !has_more) return;
  } while (true);
}

// Removes "." parts and doubled slashes; empty if the path leads upwards or is empty.
std::optional<std::string> clean_path(std::string_view path) {
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

// Its end is the directory's last record, behind which a comment of 64 KiB may follow. Without it libarchive reads entry by
// entry, and one that was cut between two looks whole.
bool has_zip_directory(std::span<const std::byte> file) {
  constexpr std::string_view record = "PK\x05\x06";
  constexpr std::size_t most = (std::size_t{1} << 16) + 22;
  const std::span<const std::byte> end = file.last(std::min(file.size(), most));
  return std::string_view(reinterpret_cast<const char*>(end.data()), end.size()).find(record) != std::string_view::npos;
}

// As stored: a name that is no UTF-8 stays as it is, and whoever opens the dataset says so.
std::string text_of(const char* utf8, const char* raw) {
  return utf8 != nullptr ? utf8 : raw != nullptr ? raw : "";
}

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::size_t limit)
      : bytes_(bytes), limit_(limit), archive_(archive_read_new()) {
    check(archive_ != nullptr, "out of memory");
    for (const auto support : {archive_read_support_format_tar, archive_read_support_format_gnutar,
                               archive_read_support_format_zip, archive_read_support_format_7zip})
      support(archive_.get());
    // None that libarchive would hand to another program.
    for (const auto support :
         {archive_read_support_filter_gzip, archive_read_support_filter_bzip2, archive_read_support_filter_xz,
          archive_read_support_filter_lzma, archive_read_support_filter_zstd, archive_read_support_filter_lz4,
          archive_read_support_filter_compress})
      support(archive_.get());
    if (archive_read_open_memory(archive_.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) stop_at_the_beginning();
  }

  ArchiveContents read() {
    ArchiveContents contents;
    archive_entry* entry = nullptr;
    for (;;) {
      const int status = archive_read_next_header(archive_.get(), &entry);
      if (status == ARCHIVE_EOF) break;
      if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
        if (count_ == 0) stop_at_the_beginning();
        stop("behind " + std::to_string(count_) + " entries");
      }
      ++count_;
      add(entry, contents);
      end_of_data_ = archive_filter_bytes(archive_.get(), 0);
    }
    check_end();
    return contents;
  }

 private:
  void add(archive_entry* entry, ArchiveContents& contents) {
    const std::string name = text_of(archive_entry_pathname_utf8(entry), archive_entry_pathname(entry));
    const std::optional<std::string> path = clean_path(name);
    const auto skip = [&] {
      if (contents.skipped++ == 0) contents.first_skipped = name;
    };
    if (!path) {
      // "./" is the archive's own folder.
      if (name.find("..") != std::string::npos) skip();
      return;
    }
    ArchiveEntry added;
    added.path = *path;
    const std::string hard_link = text_of(archive_entry_hardlink_utf8(entry), archive_entry_hardlink(entry));
    const std::string symbolic_link = text_of(archive_entry_symlink_utf8(entry), archive_entry_symlink(entry));
    if (!hard_link.empty()) {
      added.kind = ArchiveEntry::Kind::hard_link;
      added.target = clean_path(hard_link).value_or("");
    } else if (archive_entry_filetype(entry) == AE_IFLNK || !symbolic_link.empty()) {
      added.kind = ArchiveEntry::Kind::symbolic_link;
      added.target = symbolic_link;
    } else if (archive_entry_filetype(entry) == AE_IFDIR) {
      added.kind = ArchiveEntry::Kind::folder;
    } else if (archive_entry_filetype(entry) == AE_IFREG) {
      check(archive_entry_is_data_encrypted(entry) == 0 && archive_entry_is_metadata_encrypted(entry) == 0,
            "the archive is encrypted (", *path, "). Unpack it with its password, and give the folder");
      read_data(entry, *path, added);
    } else {
      return skip();
    }
    contents.entries.push_back(std::move(added));
  }

  // One block that lies in the archive's own memory stays there; everything else is put together in new memory.
  void read_data(archive_entry* entry, const std::string& path, ArchiveEntry& added) {
    const auto where = [&] { return "in the entry \"" + path.substr(0, 100) + "\""; };
    const bool has_size = archive_entry_size_is_set(entry) != 0;
    const la_int64_t size = has_size ? archive_entry_size(entry) : 0;
    std::vector<std::byte> copy;
    for (bool is_first = true;; is_first = false) {
      const void* block = nullptr;
      std::size_t count = 0;
      la_int64_t offset = 0;
      const int status = archive_read_data_block(archive_.get(), &block, &count, &offset);
      if (status == ARCHIVE_EOF) break;
      // A warning here is a wrong checksum.
      if (status != ARCHIVE_OK) stop(where());
      const auto* begin = static_cast<const std::byte*>(block);
      const bool is_inside = begin >= bytes_.data() && begin + count <= bytes_.data() + bytes_.size();
      if (is_first && is_inside && offset == 0 && has_size && std::cmp_equal(count, size)) {
        added.bytes = {begin, count};
        continue;
      }
      if (count == 0) continue;
      // Sparse files have holes, which are zeros.
      const auto end = static_cast<std::size_t>(offset) + count;
      check(offset >= 0 && end <= limit_ - inflated_, "the archive inflates to more than the limit of ", limit_,
            " bytes; unpack it and give the folder");
      if (copy.size() < end) copy.resize(end);
      std::copy_n(begin, count, copy.begin() + static_cast<std::ptrdiff_t>(offset));
    }
    if (!added.bytes.empty()) return;
    if (has_size && std::cmp_greater(size, copy.size())) {
      check(std::cmp_less_equal(size, limit_ - inflated_), "the archive inflates to more than the limit of ", limit_,
            " bytes; unpack it and give the folder");
      copy.resize(static_cast<std::size_t>(size));
    }
    if (copy.empty()) return;
    inflated_ += copy.size();
    copy.shrink_to_fit();
    added.memory = std::make_shared<const std::vector<std::byte>>(std::move(copy));
    added.bytes = *added.memory;
  }

  // A tar archive ends with a block of zeros. One that was cut between two entries looks whole otherwise.
  void check_end() const {
    const int format = archive_format(archive_.get()) & ARCHIVE_FORMAT_BASE_MASK;
    if (format == ARCHIVE_FORMAT_ZIP)
      check(has_zip_directory(bytes_), "the ZIP archive is cut short: it has no directory at its end, behind ", count_,
            " entries. Get the whole archive");
    if (format != ARCHIVE_FORMAT_TAR) {
      check(count_ > 0, "the archive is empty");
      return;
    }
    constexpr la_int64_t block = 512;
    check(archive_filter_bytes(archive_.get(), 0) - end_of_data_ >= block,
          "the tar archive is cut short: it has no end ", "marker behind ", count_, " entries. Get the whole archive");
  }

  [[noreturn]] void stop(const std::string& where) const {
    const char* reason = archive_error_string(archive_.get());
    fail("the archive is damaged or cut short ", where, ": ", reason == nullptr ? "no reason given" : reason,
         ". Get the whole archive");
  }

  [[noreturn]] void stop_at_the_beginning() const {
    const std::string kind = kind_of_file(bytes_);
    const bool may_be_cut = kind.ends_with(" archive") || kind.ends_with(" file");
    fail("this is no archive that can be read, or one that is damaged or cut short: it begins with \"",
         first_bytes(bytes_), "\"", kind.empty() ? "" : " (" + kind + ")", ", ", bytes_.size(), " bytes. ",
         may_be_cut ? "Get it whole, or unpack it and give the folder" : "Give a folder, a .zip or a .tar");
  }

  std::span<const std::byte> bytes_;
  std::size_t limit_;
  std::unique_ptr<archive, Close> archive_;
  std::size_t inflated_ = 0;
  std::size_t count_ = 0;
  la_int64_t end_of_data_ = 0;
};

}  // namespace

ArchiveContents read_archive(std::span<const std::byte> archive, std::size_t maximum_inflated_bytes) {
  check(!archive.empty(), "the file is empty");
  const Utf8Locale locale;
  ArchiveContents contents = Reader(archive, maximum_inflated_bytes).read();
  if (archive.size() > 1 && archive[0] == std::byte{0x1f} && archive[1] == std::byte{0x8b}) check_gzip(archive);
  return contents;
}

}  // namespace sleight
