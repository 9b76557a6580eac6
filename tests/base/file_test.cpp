#include "engine/base/file.h"

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <set>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"

namespace sleight {

namespace {

// Files of this process cannot grow beyond a size; a stand-in for a full disk that needs no rights. Without the ignored
// signal the system would end the process instead of failing the write.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : previous_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &previous_);
    const rlimit limit{bytes, previous_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &previous_);
    std::signal(SIGXFSZ, previous_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit previous_{};
  void (*previous_handler_)(int);
};

// A disk of 64 KiB at the folder, where the system lets us mount one.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path folder)
      : folder_(std::move(folder)), is_mounted_(mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=64k") == 0) {}
  ~SmallDisk() {
    if (is_mounted_) umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool is_mounted() const { return is_mounted_; }

 private:
  std::filesystem::path folder_;
  bool is_mounted_;
};

}  // namespace

TEST_CASE("a file written atomically is read back whole") {
  const TemporaryFolder folder;
  for (const std::size_t size : {0, 1, 4095, 4096, 4097, 300'001}) {
    CAPTURE(size);
    std::string text(size, 'x');
    for (std::size_t i = 0; i < size; ++i)
      text[i] = static_cast<char>(i * 31 % 251);
    write_file_atomically(folder / "file", text);
    CHECK(read_text_file(folder / "file") == text);
    const auto bytes = read_file(folder / "file");
    CHECK(std::ranges::equal(bytes, std::as_bytes(std::span(text))));
    const MappedFile mapped(folder / "file");
    CHECK(std::ranges::equal(mapped.bytes(), bytes));
    CHECK(folder.entries() == 1);
  }
}

TEST_CASE("an atomic file shows nothing before commit and leaves nothing without it") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "file", "old");
  {
    AtomicFile file(folder / "file");
    file.write("new, ");
    file.write("in two pieces");
    CHECK(read_text_file(folder / "file") == "old");
  }
  CHECK(read_text_file(folder / "file") == "old");
  CHECK(folder.entries() == 1);
  AtomicFile file(folder / "file");
  file.write("new");
  file.commit();
  CHECK(read_text_file(folder / "file") == "new");
  CHECK(contains(error_message([&] { file.write("more"); }), "already committed"));
  CHECK(contains(error_message([&] { file.commit(); }), "already committed"));
}

TEST_CASE("two writers of one file do not meet in one temporary") {
  const TemporaryFolder folder;
  AtomicFile first(folder / "file");
  AtomicFile second(folder / "file");
  first.write("first");
  second.write("second");
  second.commit();
  first.commit();
  CHECK(read_text_file(folder / "file") == "first");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a temporary file of another process survives, with what is in it") {
  const TemporaryFolder folder;
  // The other process draws "a" first, on the other side of a shared disk.
  AtomicFile other(folder / "file", [] { return "a"; });
  other.write("half");
  int draws = 0;
  AtomicFile file(folder / "file", [&] { return ++draws < 3 ? "a" : "b"; });
  CHECK(draws == 3);
  file.write("whole");
  file.commit();
  CHECK(read_text_file(folder / "file") == "whole");
  CHECK(read_text_file(folder / ".file.temporary.a") == "half");
  other.write(" and half");
  other.commit();
  CHECK(read_text_file(folder / "file") == "half and half");
  CHECK(folder.entries() == 1);
  // Names that are all taken end in an error and not in a loop.
  AtomicFile again(folder / "file", [] { return "a"; });
  CHECK(contains(error_message([&] { AtomicFile(folder / "file", [] { return "a"; }); }), "File exists"));
}

TEST_CASE("names of temporary files are drawn anew each time") {
  std::set<std::string> drawn;
  for (int i = 0; i < 1000; ++i)
    drawn.insert(random_suffix());
  CHECK(drawn.size() == 1000);
  CHECK(drawn.begin()->size() == 16);
}

TEST_CASE("what killed writers left of a file is removed, and nothing else") {
  const TemporaryFolder folder;
  for (const char* name : {".last.temporary.7094.6", ".last.temporary.0123456789abcdef", ".lastly.temporary.1",
                           ".best.temporary.1", "last", "last.temporary.1"})
    write_file_atomically(folder / name, "x");
  remove_temporaries_of(folder / "last");
  CHECK(folder.entries() == 4);
  CHECK_FALSE(std::filesystem::exists(folder / ".last.temporary.7094.6"));
  CHECK_FALSE(std::filesystem::exists(folder / ".last.temporary.0123456789abcdef"));
  remove_temporaries_of(folder / "no folder/last");
}

TEST_CASE("a message consoles with a previous file only where there is one") {
  const TemporaryFolder folder;
  const FileSizeLimit limit(10);
  const std::string message = error_message([&] { write_file_atomically(folder / "file", std::string(20, 'x')); });
  CHECK(contains(message, "File too large"));
  CHECK_FALSE(contains(message, "unharmed"));
}

TEST_CASE("an atomic file replaces what a symbolic link points to, and keeps permissions") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "target", "old");
  std::filesystem::permissions(folder / "target",
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::filesystem::create_symlink("target", folder / "link");
  write_file_atomically(folder / "link", "new");
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(read_text_file(folder / "target") == "new");
  CHECK(std::filesystem::status(folder / "target").permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("a file that cannot grow gives a clear error and the old file survives") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "file", "old");
  std::string message;
  {
    const FileSizeLimit limit(10'000);
    message = error_message([&] { write_file_atomically(folder / "file", std::string(20'000, 'x')); });
  }
  CAPTURE(message);
  CHECK(contains(message, (folder / "file").string()));
  CHECK(contains(message, "File too large"));
  CHECK(contains(message, "ulimit"));
  CHECK(contains(message, "unharmed"));
  CHECK(read_text_file(folder / "file") == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a full disk gives a clear error and the old file survives") {
  const TemporaryFolder folder;
  const SmallDisk disk(folder.path());
  if (!disk.is_mounted()) {
    WARN("no right to mount a small disk: the case of the file size limit stands for this one");
    return;
  }
  write_file_atomically(folder / "file", "old");
  const std::string message =
      error_message([&] { write_file_atomically(folder / "file", std::string(1'000'000, 'x')); });
  CAPTURE(message);
  CHECK(contains(message, (folder / "file").string()));
  CHECK(contains(message, "No space left on device"));
  CHECK(contains(message, "free some space"));
  CHECK(read_text_file(folder / "file") == "old");
  CHECK(folder.entries() == 1);
  // What the failed file took is given back.
  write_file_atomically(folder / "file", std::string(30'000, 'y'));
  CHECK(read_text_file(folder / "file").size() == 30'000);
}

TEST_CASE("a file that grows: lines are appended, a cut goes where it should, a full device is said") {
  const TemporaryFolder folder;
  {
    AppendFile file(folder / "log");
    file.write("one\n");
    file.write("two\n");
    CHECK(read_text_file(folder / "log") == "one\ntwo\n");
    file.truncate(4);
    file.write("three\n");
  }
  AppendFile file(folder / "log");
  file.write("four\n");
  CHECK(read_text_file(folder / "log") == "one\nthree\nfour\n");

  AppendFile full("/dev/full");
  const std::string message = error_message([&] { full.write("x"); });
  CHECK(contains(message, "/dev/full"));
  CHECK(contains(message, "No space left on device"));
}

TEST_CASE("paths that are wrong are named with the reason") {
  const TemporaryFolder folder;
  const auto expect = [](const std::string& message, const std::string& part) {
    CAPTURE(message);
    CHECK(contains(message, part));
  };
  for (const std::string reason : {"No such file or directory; check the path"}) {
    expect(error_message([&] { read_file(folder / "missing"); }), reason);
    expect(error_message([&] { read_text_file(folder / "missing"); }), (folder / "missing").string());
    expect(error_message([&] { MappedFile{folder / "missing"}; }), reason);
    expect(error_message([&] { write_file_atomically(folder / "missing/file", "x"); }), reason);
    expect(error_message([&] { AppendFile{folder / "missing/file"}; }), reason);
  }
  expect(error_message([&] { read_file(folder.path()); }), "it is a folder");
  expect(error_message([&] { MappedFile{folder.path()}; }), "not a regular file");
  expect(error_message([&] { write_file_atomically(folder.path(), "x"); }), "a folder with this name exists");
  expect(error_message([&] { write_file_atomically("", "x"); }), "names no file");
}

TEST_CASE("a mapped file that is cut short while it is read ends the process with its name") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "file", output = folder / "output";
  write_file_atomically(path, std::string(100'000, 'x'));
  const pid_t child = fork();
  if (child == 0) {
    static_cast<void>(std::freopen(output.c_str(), "w", stderr) != nullptr);
    std::signal(SIGBUS, SIG_DFL);  // the address sanitizer has a handler of its own
    const MappedFile other(folder / "file"), mapped(path);
    std::filesystem::resize_file(path, 1000);
    const volatile std::byte last = mapped.bytes().back();
    _exit(last == std::byte{'x'} ? 7 : 8);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
  CHECK(contains(read_text_file(output), "error: " + path.string() + " was cut short by another program"));
}

TEST_CASE("files whose announced size is 0 are read whole") {
  CHECK(contains(read_text_file("/proc/self/status"), "VmRSS:"));
}

}  // namespace sleight
