#include "engine/base/log.h"

#include <thread>
#include <vector>

#include "catch2_adapter.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"

namespace sleight {

namespace {

struct Output {
  TemporaryFolder folder;
  std::FILE* file = std::fopen((folder / "output").c_str(), "w");
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() { std::fclose(file); }
  std::string text() const { return read_text_file(folder / "output"); }
};

}  // namespace

TEST_CASE("messages go to the output and, when asked, to a file") {
  const Output output;
  Log log(output.file, false);
  log.message("first");
  log.also_to_file(output.folder / "log.txt");
  log.message("second");
  log.close_file();
  log.message("third");
  CHECK(output.text() == "first\nsecond\nthird\n");
  CHECK(read_text_file(output.folder / "log.txt") == "second\n");
}

TEST_CASE("a message takes the status line away, prints itself and draws it again") {
  const Output output;
  Log log(output.file, true);
  log.set_status_line("10%");
  log.message("hello");
  log.set_status_line("20%");
  log.keep_status_line();
  log.message("bye");
  log.set_status_line("30%");
  log.clear_status_line();
  log.clear_status_line();
  log.keep_status_line();
  CHECK(output.text() ==
        "\r\x1b[K10%"
        "\r\x1b[Khello\n10%"
        "\r\x1b[K20%\n"
        "bye\n"
        "\r\x1b[K30%"
        "\r\x1b[K");
}

TEST_CASE("control characters of names do not reach the terminal or the file") {
  const Output output;
  Log log(output.file, true);
  log.also_to_file(output.folder / "log.txt");
  log.message("class a\x1b]0;title\x07, in\ntwo lines\t\xc3\xa9");
  CHECK(output.text() == "class a?]0;title?, in\ntwo lines\t\xc3\xa9\n");
  CHECK(read_text_file(output.folder / "log.txt") == output.text());
}

TEST_CASE("without a terminal there is no status line") {
  const Output output;
  Log log(output.file, false);
  log.set_status_line("10%");
  log.clear_status_line();
  log.message("hello");
  CHECK(output.text() == "hello\n");
  CHECK(log.width() == 80);
}

TEST_CASE("lines of several threads do not mix") {
  const Output output;
  Log log(output.file, true);
  log.also_to_file(output.folder / "log.txt");
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&log, thread] {
      for (int i = 0; i < 200; ++i) {
        log.message(std::string(20, static_cast<char>('a' + thread)));
        log.set_status_line("status");
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  const std::string text = read_text_file(output.folder / "log.txt");
  REQUIRE(text.size() == 4 * 200 * 21);
  std::size_t torn = 0;
  for (std::size_t i = 0; i < text.size(); i += 21) {
    if (text.substr(i, 21) != std::string(20, text[i]) + "\n") ++torn;
  }
  CHECK(torn == 0);
}

TEST_CASE("a log file that cannot be written any more is given up once, and the log goes on") {
  const Output output;
  Log log(output.file, false);
  log.also_to_file("/dev/full");
  log.message("first");
  log.message("second");
  const std::string text = output.text();
  CAPTURE(text);
  CHECK(text.starts_with("first\nwarning: the log goes on without its file"));
  CHECK(contains(text, "No space left on device"));
  CHECK(text.ends_with("\nsecond\n"));
  CHECK(std::ranges::count(text, '\n') == 3);
  CHECK(contains(error_message([&] { log.also_to_file(output.folder / "missing/log.txt"); }), "check the path"));
}

}  // namespace sleight
