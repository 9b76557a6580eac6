#include "engine/base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/base/watched_mappings.h"

namespace sleight {

namespace {

// The system's reason and, where there is one, the cure.
std::string reason_of(int error_number) {
  std::string reason = std::strerror(error_number);
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return reason + "; free some space there, or choose another folder";
    case EFBIG:
      return reason + "; raise the file size limit (ulimit -f), or choose another folder";
    case EACCES:
    case EPERM:
    case EROFS:
      return reason + "; check the permissions of the file and of its folder";
    case ENOENT:
    case ENOTDIR:
      return reason + "; check the path";
    case EMFILE:
    case ENFILE:
      return reason + "; close other programs or raise the limit of open files (ulimit -n)";
    default:
      return reason;
  }
}

// Owns a descriptor while a whole file is read; a failed close of a file opened for reading loses nothing.
class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& path) : value_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (value_ < 0) fail("cannot open ", path, ": ", reason_of(errno));
  }
  ~Descriptor() { close(value_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }

 private:
  int value_;
};

// Reads to the end of the file whatever its announced size: files in /proc announce 0, and a file may grow.
template <class Container>
Container read_whole(const std::filesystem::path& path) {
  const Descriptor file(path);
  struct stat status {};
  if (fstat(file.value(), &status) != 0) fail("cannot read ", path, ": ", reason_of(errno));
  check(!S_ISDIR(status.st_mode), "cannot read ", path, ": it is a folder; give the path of a file");
  Container content;
  std::size_t used = 0;
  content.resize(S_ISREG(status.st_mode) && status.st_size > 0 ? static_cast<std::size_t>(status.st_size) + 1 : 4096);
  for (;;) {
    if (used == content.size()) content.resize(content.size() * 2);
    const ssize_t count = read(file.value(), content.data() + used, content.size() - used);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("cannot read ", path, ": ", reason_of(errno));
    if (count == 0) break;
    used += static_cast<std::size_t>(count);
  }
  content.resize(used);
  return content;
}

// A write may be interrupted, and may take fewer bytes than it was given.
void write_all(int descriptor, std::span<const std::byte> bytes, const std::filesystem::path& path,
               std::string_view consolation) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("cannot write ", path, ": ", reason_of(errno), consolation);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// Writing through a symbolic link replaces what it points to, not the link.
std::filesystem::path without_link(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return path;
  const auto target = std::filesystem::weakly_canonical(path, error);
  return error ? path : target;
}

// What the names of a file's temporaries begin with.
std::string temporary_stem(const std::filesystem::path& path) {
  return "." + path.filename().string() + ".temporary.";
}

// The rename itself must reach the disk, or a power cut brings the old name back. Some filesystems cannot sync a
// folder (EINVAL); there is nothing more to be done about it then.
void sync_folder(const std::filesystem::path& folder) {
  const Descriptor directory(folder);
  if (fsync(directory.value()) != 0 && errno != EINVAL) fail("cannot sync the folder ", folder, ": ", reason_of(errno));
}

}  // namespace

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  return read_whole<std::vector<std::byte>>(path);
}

std::string read_text_file(const std::filesystem::path& path) {
  return read_whole<std::string>(path);
}

std::string random_suffix() {
  std::array<char, 8> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    fail("the system gives no random numbers: ", reason_of(errno));
  return hexadecimal({bytes.data(), bytes.size()});
}

AtomicFile::AtomicFile(std::filesystem::path path, const std::function<std::string()>& suffix)
    : path_(std::move(path)) {
  check(path_.has_filename(), "cannot write ", path_, ": it names no file; give the path of a file");
  std::error_code ignored;
  check(!std::filesystem::is_directory(path_, ignored), "cannot write ", path_,
        ": a folder with this name exists; choose another name");
  path_ = without_link(path_);
  // Whose a file of the same name is cannot be known: a process number is taken in every container. So it stays.
  constexpr int tries = 100;
  for (int i = 0; i < tries && descriptor_ < 0 && (i == 0 || errno == EEXIST); ++i) {
    temporary_ = folder_of(path_) / (temporary_stem(path_) + suffix());
    descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  }
  if (descriptor_ < 0) fail("cannot write ", path_, ": ", reason_of(errno));
  // An existing file keeps its permissions.
  struct stat status {};
  if (stat(path_.c_str(), &status) == 0) static_cast<void>(fchmod(descriptor_, status.st_mode & 07777U));
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  unlink(temporary_.c_str());
}

std::string AtomicFile::consolation() const {
  std::error_code ignored;
  return std::filesystem::exists(path_, ignored) ? " (a previous file of this name is unharmed)" : "";
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  check(descriptor_ >= 0, "cannot write ", path_, ": it is already committed");
  write_all(descriptor_, bytes, path_, consolation());
}

void AtomicFile::write(std::string_view text) {
  write(std::as_bytes(std::span(text)));
}

void AtomicFile::commit() {
  check(descriptor_ >= 0, "cannot write ", path_, ": it is already committed");
  // A full disk may show only here: with delayed allocation the error belongs to fsync, over a network to close.
  if (fsync(descriptor_) != 0) {
    const std::string reason = reason_of(errno);
    fail("cannot write ", path_, ": ", reason, consolation());
  }
  const int closed = close(descriptor_);
  const int close_error = errno;
  descriptor_ = -1;
  if (closed != 0) {
    unlink(temporary_.c_str());
    fail("cannot write ", path_, ": ", reason_of(close_error), consolation());
  }
  if (rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int rename_error = errno;
    unlink(temporary_.c_str());
    fail("cannot rename ", temporary_, " to ", path_, ": ", reason_of(rename_error));
  }
  sync_folder(folder_of(path_));
}

void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_file_atomically(const std::filesystem::path& path, std::string_view text) {
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

void remove_temporaries_of(const std::filesystem::path& path) {
  const std::filesystem::path target = without_link(path);
  const std::string stem = temporary_stem(target);
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder_of(target), ignored)) {
    if (entry.path().filename().string().starts_with(stem)) std::filesystem::remove(entry.path(), ignored);
  }
}

AppendFile::AppendFile(const std::filesystem::path& path)
    : path_(path), descriptor_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) fail("cannot write ", path_, ": ", reason_of(errno));
}

AppendFile::~AppendFile() {
  close(descriptor_);
}

void AppendFile::write(std::span<const std::byte> bytes) {
  write_all(descriptor_, bytes, path_, "");
}

void AppendFile::write(std::string_view text) {
  write(std::as_bytes(std::span(text)));
}

void AppendFile::truncate(std::size_t size) {
  if (ftruncate(descriptor_, static_cast<off_t>(size)) != 0) fail("cannot cut ", path_, ": ", reason_of(errno));
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const Descriptor file(path);
  struct stat status {};
  if (fstat(file.value(), &status) != 0) fail("cannot map ", path, ": ", reason_of(errno));
  check(S_ISREG(status.st_mode), "cannot map ", path, ": it is not a regular file; give the path of a file");
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ == 0) return;  // mmap refuses a length of 0
  void* address = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.value(), 0);
  if (address == MAP_FAILED) fail("cannot map ", path, " (", size_, " bytes): ", reason_of(errno));
  data_ = static_cast<const std::byte*>(address);
  watched_ = watch_mapping(bytes(), path);
}

MappedFile::~MappedFile() {
  unwatch_mapping(watched_);
  if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace sleight
