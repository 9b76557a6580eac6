#include "kernels/lib/tuning_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "catch2_adapter.h"

namespace sleight::test {
namespace {

using kernels::TuningCache;
using kernels::TuningEntry;
using kernels::TuningKey;

// A file name in a folder of its own, which goes when the test ends.
class TemporaryFile {
 public:
  TemporaryFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sleight_tuning_XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
  }
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string path() const { return (folder_ / "tuning.txt").string(); }
  std::string text() const {
    std::ifstream stream(path());
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }
  void write(const std::string& text) const { std::ofstream(path()) << text; }

 private:
  std::filesystem::path folder_;
};

TuningKey key_of(int number) {
  return TuningKey("convolution forward").add("shape", number).add("type", "bfloat16");
}

const TuningEntry entry = {"engine 34 2=8 15=0", 123.457, 1 << 20};

}  // namespace

TEST_CASE("the tuning cache remembers, in memory and over restarts", "[tuning_cache]") {
  TuningCache memory;
  CHECK(!memory.find(key_of(1)).has_value());
  memory.remember(key_of(1), entry);
  CHECK(memory.find(key_of(1)) == entry);

  const TemporaryFile file;
  {
    TuningCache cache(file.path());
    CHECK(cache.size() == 0);
    cache.remember(key_of(1), {"old", 2, 3});
    cache.remember(key_of(2), {"", 0, 0});
    cache.remember(key_of(1), entry);
  }
  const TuningCache again(file.path());
  CHECK(again.size() == 2);
  CHECK(again.find(key_of(1)) == entry);
  CHECK(again.find(key_of(2)) == TuningEntry{"", 0, 0});
  CHECK(!again.find(key_of(3)).has_value());
}

TEST_CASE("keys differ where anything differs, and stay one line", "[tuning_cache]") {
  CHECK(key_of(1).text() == "convolution forward; shape 1; type bfloat16");
  CHECK(TuningKey("a").add("b", "c").text() != TuningKey("a").add("b", "d").text());
  CHECK(TuningKey("a").add("b", "c\td\ne; f 1").text() == "a; b c d e  f 1");
}

TEST_CASE("a damaged line of the tuning cache is left out with a message", "[tuning_cache]") {
  const TemporaryFile file;
  {
    TuningCache cache(file.path());
    for (int i = 0; i < 3; ++i)
      cache.remember(key_of(i), entry);
  }
  const std::string whole = file.text();
  const std::size_t second = whole.find("shape 1");
  std::vector<std::string> damaged(3, whole);
  damaged[0][second + 6] = '7';                                  // another shape than the checksum says
  damaged[1].erase(second, 4);                                   // something missing
  damaged[2].insert(whole.find('\n', second), "\tmore\twords");  // too much
  for (const std::string& text : damaged) {
    file.write(text);
    std::vector<std::string> messages;
    const TuningCache cache(file.path(), [&](const std::string& message) { messages.push_back(message); });
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].find("line 3 is damaged") != std::string::npos);
    CHECK(cache.size() == 2);
    CHECK(!cache.find(key_of(1)).has_value());
    CHECK(cache.find(key_of(2)) == entry);
  }
}

TEST_CASE("after a line that was cut off, the tuning cache goes on with a new line", "[tuning_cache]") {
  const TemporaryFile file;
  TuningCache(file.path()).remember(key_of(1), entry);
  const std::string whole = file.text();
  file.write(whole.substr(0, whole.size() - 5));
  std::vector<std::string> messages;
  const auto report = [&](const std::string& message) { messages.push_back(message); };
  {
    TuningCache cache(file.path(), report);
    CHECK(cache.size() == 0);
    cache.remember(key_of(1), entry);
  }
  const TuningCache again(file.path(), report);
  CHECK(messages.size() == 2);  // The damaged line stays, and is named each time.
  CHECK(again.find(key_of(1)) == entry);
}

TEST_CASE("a file of another format is started anew", "[tuning_cache]") {
  const TemporaryFile file;
  file.write("sleight tuning cache 0\nsomething\n");
  std::vector<std::string> messages;
  TuningCache cache(file.path(), [&](const std::string& message) { messages.push_back(message); });
  CHECK(messages.size() == 1);
  CHECK(cache.size() == 0);
  cache.remember(key_of(1), entry);
  CHECK(TuningCache(file.path()).find(key_of(1)) == entry);
  CHECK(file.text().find("something") == std::string::npos);
}

TEST_CASE("what cannot be written or read is an error", "[tuning_cache]") {
  const TemporaryFile file;
  TuningCache cache(file.path());
  CHECK_THROWS_AS(cache.remember(key_of(1), {"two\nlines", 0, 0}), std::invalid_argument);
  CHECK(cache.size() == 0);
  TuningCache nowhere(file.path() + "/missing/tuning.txt");
  CHECK_THROWS_AS(nowhere.remember(key_of(1), entry), std::runtime_error);
  std::filesystem::create_directory(file.path());
  CHECK_THROWS_AS(TuningCache(file.path()), std::runtime_error);
}

TEST_CASE("several processes start and write one tuning cache", "[tuning_cache]") {
  constexpr int processes = 8;
  constexpr int entries = 5;
  for (int round = 0; round < 20; ++round) {
    const TemporaryFile file;
    int gate[2] = {-1, -1};
    REQUIRE(pipe(gate) == 0);
    std::vector<pid_t> children;
    for (int process = 0; process < processes; ++process) {
      const pid_t child = fork();
      REQUIRE(child >= 0);
      if (child == 0) {
        close(gate[1]);
        char nothing = 0;
        if (read(gate[0], &nothing, 1) != 0) _exit(2);  // Until the gate is closed: all begin together.
        try {
          TuningCache cache(file.path());
          for (int i = 0; i < entries; ++i)
            cache.remember(key_of(process * entries + i), {std::string(200, 'x') + std::to_string(i), 1, i});
        } catch (...) {
          _exit(1);
        }
        _exit(0);
      }
      children.push_back(child);
    }
    close(gate[0]);
    close(gate[1]);
    for (const pid_t child : children) {
      int status = -1;
      REQUIRE(waitpid(child, &status, 0) == child);
      CHECK(status == 0);
    }
    int messages = 0;
    const TuningCache cache(file.path(), [&](const std::string&) { ++messages; });
    CHECK(messages == 0);
    CHECK(cache.size() == processes * entries);
    CHECK(cache.find(key_of(3 * entries + 4)) == TuningEntry{std::string(200, 'x') + "4", 1, 4});
  }
}

TEST_CASE("who writes the tuning cache waits for whoever has it locked", "[tuning_cache]") {
  const TemporaryFile file;
  file.write("");
  const int locked = open(file.path().c_str(), O_RDWR);
  REQUIRE(locked >= 0);
  REQUIRE(flock(locked, LOCK_EX) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(locked);
    try {
      TuningCache(file.path()).remember(key_of(1), entry);
    } catch (...) {
      _exit(1);
    }
    _exit(0);
  }
  usleep(200'000);
  int status = -1;
  CHECK(waitpid(child, &status, WNOHANG) == 0);
  CHECK(file.text() == "");
  REQUIRE(flock(locked, LOCK_UN) == 0);
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  close(locked);
  CHECK(TuningCache(file.path()).find(key_of(1)) == entry);
}

}  // namespace sleight::test
