#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/error.h"
#include "engine/data/files/file_tree.h"

namespace sleight {

namespace {

constexpr int maximum_depth = 16;
constexpr std::size_t maximum_file_bytes = std::size_t{1} << 30;

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

class FolderTree : public FileTree {
 public:
  explicit FolderTree(const std::filesystem::path& folder)
      : folder_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    check(folder_.get() >= 0, "cannot open the folder ", folder.string(), ": ", std::strerror(errno));
    root_ = folder.string();
    while (root_.size() > 1 && root_.back() == '/')
      root_.pop_back();
    list(folder, "", 0);
    std::sort(files_.begin(), files_.end());
    std::sort(folders_.begin(), folders_.end());
    check_names();
  }

  std::span<const std::byte> read(std::size_t file, std::vector<std::byte>& memory) const override {
    const Descriptor opened(open_file(file));
    const std::size_t size = size_of(opened);
    check(size <= maximum_file_bytes, "the file has ", size, " bytes; the limit for an image is ", maximum_file_bytes);
    const std::span<const std::byte> bytes = read_from(opened, 0, size, memory);
    check(bytes.size() == size, "the file became shorter while it was read");
    return bytes;
  }

  std::span<const std::byte> read_part(std::size_t file, std::size_t offset, std::size_t count,
                                       std::vector<std::byte>& memory) const override {
    const Descriptor opened(open_file(file));
    const std::size_t size = size_of(opened);
    return read_from(opened, offset, std::min(count, size - std::min(offset, size)), memory);
  }

 private:
  // Opens relative to the folder, so that reading allocates no path, only the file's bytes. O_NONBLOCK, because opening
  // a pipe would otherwise wait for its writer.
  int open_file(std::size_t file) const {
    const int descriptor = openat(folder_.get(), files_[file].c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    check(descriptor >= 0, "cannot open it: ", std::strerror(errno));
    return descriptor;
  }

  static std::size_t size_of(const Descriptor& opened) {
    struct stat status {};
    check(fstat(opened.get(), &status) == 0, "cannot read its size: ", std::strerror(errno));
    check(S_ISREG(status.st_mode), "it is not a regular file");
    return static_cast<std::size_t>(status.st_size);
  }

  // Fewer bytes than requested only at the end of the file.
  static std::span<const std::byte> read_from(const Descriptor& opened, std::size_t offset, std::size_t size,
                                              std::vector<std::byte>& memory) {
    if (memory.size() < size) memory.resize(size);
    std::size_t done = 0;
    while (done < size) {
      const ssize_t count = pread(opened.get(), memory.data() + done, size - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      check(count >= 0, "cannot read it: ", std::strerror(errno));
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return {memory.data(), done};
  }

  void list(const std::filesystem::path& folder, const std::string& prefix, int depth) {
    check(depth <= maximum_depth, "the folder ", folder.string(), " is more than ", maximum_depth,
          " levels deep; a link may lead back into the tree");
    std::error_code error;
    std::filesystem::directory_iterator iterator(folder, error);
    check(!error, "cannot list the folder ", folder.string(), ": ", error.message());
    for (; iterator != std::filesystem::directory_iterator(); iterator.increment(error)) {
      const std::string name = iterator->path().filename().string();
      if (name.starts_with('.')) continue;
      const std::string path = prefix + name;
      if (iterator->is_directory(error)) {
        folders_.push_back(path);
        list(iterator->path(), path + "/", depth + 1);
      } else {
        files_.push_back(path);
      }
    }
    check(!error, "cannot list the folder ", folder.string(), ": ", error.message());
  }

  Descriptor folder_;
};

}  // namespace

std::unique_ptr<FileTree> open_folder_tree(const std::filesystem::path& folder) {
  return std::make_unique<FolderTree>(folder);
}

}  // namespace sleight
