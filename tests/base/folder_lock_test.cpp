#include "engine/base/folder_lock.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"

namespace sleight {

TEST_CASE("a folder is one process's at a time, and the other one is told whose") {
  const TemporaryFolder folder;
  {
    const FolderLock lock(folder.path());
    CHECK(lock.is_held());
    const std::string message = error_message([&] { FolderLock second(folder.path()); });
    CAPTURE(message);
    CHECK(contains(message, folder.path().string() + " is in use by process " + std::to_string(getpid()) + " on "));
    CHECK(contains(message, "--out"));
  }
  CHECK(folder.entries() == 0);
  const FolderLock again(folder.path());
  CHECK(again.is_held());
}

TEST_CASE("the lock of a killed process is free, and a process on another machine is named") {
  const TemporaryFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    const FolderLock lock(folder.path());
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  CHECK(std::filesystem::exists(folder / lock_file_name));
  Log::standard().also_to_file(folder / "log");
  { const FolderLock lock(folder.path()); }
  CHECK(read_text_file(folder / "log").empty());
  write_file_atomically(folder / lock_file_name, "process 12 on another-machine\n");
  { const FolderLock lock(folder.path()); }
  CHECK(contains(read_text_file(folder / "log"), "was last used by process 12 on another-machine"));
  Log::standard().close_file();
  CHECK_FALSE(std::filesystem::exists(folder / lock_file_name));
}

TEST_CASE("on a disk without locks the work goes on, with one line about it") {
  const TemporaryFolder folder;
  Log::standard().also_to_file(folder / "log");
  const auto refuse = [](int, int) {
    errno = ENOLCK;
    return -1;
  };
  const FolderLock lock(folder.path(), refuse);
  Log::standard().close_file();
  CHECK_FALSE(lock.is_held());
  CHECK(contains(read_text_file(folder / "log"), "cannot be locked (No locks available)"));
}

}  // namespace sleight
