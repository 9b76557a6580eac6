#include "kernels/lib/tuning_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace sleight::kernels {
namespace {

constexpr std::string_view header = "sleight tuning cache 1";

[[noreturn]] void fail(const std::string& file, const char* what) {
  throw std::runtime_error("tuning cache " + file + ": cannot " + what + ": " +
                           std::error_code(errno, std::generic_category()).message());
}

// An open file that is locked against other processes until it is closed.
class LockedFile {
 public:
  LockedFile(const std::string& path, int flags, int lock) : path_(path), descriptor_(open(path.c_str(), flags, 0644)) {
    if (descriptor_ < 0) return;
    while (flock(descriptor_, lock) != 0) {
      if (errno == EINTR) continue;
      close(descriptor_);
      fail(path, "be locked");
    }
  }
  ~LockedFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;

  bool is_open() const { return descriptor_ >= 0; }

  std::string contents() const {
    std::string text;
    std::array<char, 65536> block;
    off_t offset = 0;
    for (;;) {
      const ssize_t count = pread(descriptor_, block.data(), block.size(), offset);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail(path_, "be read");
      if (count == 0) return text;
      text.append(block.data(), static_cast<std::size_t>(count));
      offset += count;
    }
  }

  void clear() {
    if (ftruncate(descriptor_, 0) != 0) fail(path_, "be emptied");
  }

  void append(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = write(descriptor_, text.data(), text.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail(path_, "be written");
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }

 private:
  std::string path_;
  int descriptor_;
};

// FNV-1a, 64 bits: against damage, not against malice.
std::string checksum(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char letter : text)
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
  std::array<char, 17> digits = {};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash));
  return digits.data();
}

std::string line_of(const std::string& key, const TuningEntry& entry) {
  std::array<char, 40> time = {};
  std::snprintf(time.data(), time.size(), "%.3f", entry.microseconds);
  const std::string rest =
      std::string(time.data()) + "\t" + std::to_string(entry.workspace_bytes) + "\t" + key + "\t" + entry.choice;
  return checksum(rest) + "\t" + rest + "\n";
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

std::string single_line(std::string_view text) {
  std::string result(text);
  for (char& letter : result) {
    if (letter == '\t' || letter == '\n' || letter == '\r' || letter == ';') letter = ' ';
  }
  return result;
}

}  // namespace

TuningKey::TuningKey(std::string_view operation) : text_(single_line(operation)) {}

TuningKey& TuningKey::add(std::string_view name, std::string_view value) {
  text_ += "; " + single_line(name) + " " + single_line(value);
  return *this;
}

TuningKey& TuningKey::add(std::string_view name, std::int64_t value) {
  return add(name, std::to_string(value));
}

TuningCache::TuningCache(std::string file, Report report) : file_(std::move(file)) {
  if (file_.empty()) return;
  const LockedFile opened(file_, O_RDONLY | O_CLOEXEC, LOCK_SH);
  if (opened.is_open()) {
    read(opened.contents(), report);
  } else if (errno != ENOENT) {
    fail(file_, "be opened");
  }
}

void TuningCache::read(const std::string& text, const Report& report) {
  const auto tell = [&](const std::string& message) {
    if (report) report("tuning cache " + file_ + ": " + message);
  };
  const std::vector<std::string_view> lines = split(text, '\n');
  if (text.empty()) return;
  if (lines[0] != header) {
    tell("another format; everything is measured again");
    return;
  }
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    const std::vector<std::string_view> parts = split(lines[i], '\t');
    TuningEntry entry;
    if (parts.size() != 5 || checksum(lines[i].substr(parts[0].size() + 1)) != parts[0] ||
        !read_number(parts[1], entry.microseconds) || !read_number(parts[2], entry.workspace_bytes)) {
      tell("line " + std::to_string(i + 1) + " is damaged and left out; what it held is measured again");
      continue;
    }
    entry.choice = parts[4];
    entries_.insert_or_assign(std::string(parts[3]), std::move(entry));
  }
}

std::optional<TuningEntry> TuningCache::find(const TuningKey& key) const {
  const auto found = entries_.find(key.text());
  return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

void TuningCache::remember(const TuningKey& key, const TuningEntry& entry) {
  if (entry.choice.find_first_of("\t\n\r") != std::string::npos) {
    throw std::invalid_argument("tuning cache: a choice is one line without tabs, got '" + entry.choice + "'");
  }
  if (!file_.empty()) {
    LockedFile opened(file_, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, LOCK_EX);
    if (!opened.is_open()) fail(file_, "be opened");
    const std::string before = opened.contents();
    const bool is_ours = before.compare(0, header.size() + 1, std::string(header) + "\n") == 0;
    std::string addition;
    if (!is_ours) {
      opened.clear();
      addition = std::string(header) + "\n";
    } else if (before.back() != '\n') {
      addition = "\n";  // After a line that was cut off.
    }
    opened.append(addition + line_of(key.text(), entry));
  }
  entries_.insert_or_assign(key.text(), entry);
}

}  // namespace sleight::kernels
