#include "engine/base/folder_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/log.h"

namespace sleight {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "an unknown machine";
}

// "process 4711 on gpu3"; empty where nobody has written who it is.
std::string holder_in(int descriptor) {
  std::array<char, 512> text{};
  const ssize_t size = pread(descriptor, text.data(), text.size(), 0);
  std::string holder(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return holder.substr(0, holder.find('\n'));
}

// A holder removes the file when it ends, maybe between our opening and our locking: then we have locked a file that
// nobody else will find.
bool is_still_there(int descriptor, const std::filesystem::path& path) {
  struct stat ours {
  }, named{};
  return fstat(descriptor, &ours) == 0 && stat(path.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
         ours.st_ino == named.st_ino;
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder, int (*lock)(int, int)) : path_(folder / lock_file_name) {
  const auto go_on_without = [&](int error) {
    log_warning(path_.string(), " cannot be locked (", std::strerror(error),
                "), so nothing keeps a second process from working in this folder; start only one");
  };
  for (;;) {
    descriptor_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    // The file may be another user's.
    if (descriptor_ < 0) descriptor_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) {
      go_on_without(errno);
      return;
    }
    const bool is_locked = lock(descriptor_, LOCK_EX | LOCK_NB) == 0;
    const int error = errno;
    if (is_locked && is_still_there(descriptor_, path_)) break;
    const std::string holder = is_locked ? "" : holder_in(descriptor_);
    close(descriptor_);
    descriptor_ = -1;
    if (is_locked || error == EINTR) continue;
    check(error != EWOULDBLOCK, folder.string(), " is in use by ", holder.empty() ? "another process" : holder,
          "; wait until it ends, stop it, or choose another folder with --out");
    go_on_without(error);
    return;
  }
  const std::string before = holder_in(descriptor_), host = host_name();
  if (!before.empty() && !before.ends_with(" on " + host)) {
    log_warning(folder.string(), " was last used by ", before,
                ", which did not end by itself; if it still runs, stop one of the two");
  }
  const std::string holder = "process " + std::to_string(getpid()) + " on " + host + "\n";
  // Who holds it is good to know, and no reason to fail.
  if (ftruncate(descriptor_, 0) == 0) static_cast<void>(pwrite(descriptor_, holder.data(), holder.size(), 0) != 0);
}

FolderLock::~FolderLock() {
  if (descriptor_ < 0) return;
  unlink(path_.c_str());
  close(descriptor_);
}

}  // namespace sleight
