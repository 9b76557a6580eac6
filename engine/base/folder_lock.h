// A folder that one process at a time works in: a file in it is locked, which the system undoes when the process ends,
// however it ends.
#pragma once

#include <sys/file.h>

#include <filesystem>
#include <string>

namespace sleight {

inline constexpr const char* lock_file_name = "run.lock";

class FolderLock {
 public:
  // Throws Error naming the process and the machine that work in the folder. Where the disk has no locks (some network
  // disks), says so in one line and goes on without. lock: as flock(2).
  explicit FolderLock(const std::filesystem::path& folder, int (*lock)(int, int) = flock);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  // False where the disk has no locks.
  bool is_held() const { return descriptor_ >= 0; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace sleight
