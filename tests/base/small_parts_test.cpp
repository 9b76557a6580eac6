// The parts of engine/base that are a function or two each.
#include <array>
#include <span>
#include <thread>
#include <vector>

#include "catch2_adapter.h"
#include "engine/base/base64.h"
#include "engine/base/choice.h"
#include "engine/base/crc32c.h"
#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/base/text.h"
#include "engine/base/timer.h"
#include "tests/base/error_message.h"

namespace sleight {

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

TEST_CASE("crc32c gives the values of RFC 3720, appendix B.4") {
  std::vector<std::byte> bytes(32, std::byte{0});
  CHECK(crc32c(bytes) == 0x8A9136AAU);
  bytes.assign(32, std::byte{0xFF});
  CHECK(crc32c(bytes) == 0x62A8AB43U);
  for (std::size_t i = 0; i < 32; ++i)
    bytes[i] = static_cast<std::byte>(i);
  CHECK(crc32c(bytes) == 0x46DD794EU);
  for (std::size_t i = 0; i < 32; ++i)
    bytes[i] = static_cast<std::byte>(31 - i);
  CHECK(crc32c(bytes) == 0x113FDB5CU);
  CHECK(crc32c(bytes_of("123456789")) == 0xE3069283U);
  CHECK(crc32c({}) == 0U);
}

TEST_CASE("base64 gives the values of RFC 4648, section 10") {
  CHECK(base64(bytes_of("")) == "");
  CHECK(base64(bytes_of("f")) == "Zg==");
  CHECK(base64(bytes_of("fo")) == "Zm8=");
  CHECK(base64(bytes_of("foo")) == "Zm9v");
  CHECK(base64(bytes_of("foob")) == "Zm9vYg==");
  CHECK(base64(bytes_of("fooba")) == "Zm9vYmE=");
  CHECK(base64(bytes_of("foobar")) == "Zm9vYmFy");
  CHECK(base64(bytes_of("\xff\xfe\xfb")) == "//77");
}

TEST_CASE("what is printed cannot control a terminal, and every other character stays") {
  CHECK(printable("") == "");
  CHECK(printable("caf\xc3\xa9 \xe5\x9b\xbe \xf0\x9f\x98\x80\t.") == "caf\xc3\xa9 \xe5\x9b\xbe \xf0\x9f\x98\x80\t.");
  CHECK(printable("\x1b[31m\x07\x7f\r") == "?[31m???");
  // U+009B is the same as ESC [, in UTF-8 and as a byte; U+00A0 is a space.
  CHECK(printable("a\xc2\x9b"
                  "b\x9b"
                  "c\xc2\xa0") == "a?b?c\xc2\xa0");
  // Cut characters, and an overlong ESC.
  CHECK(printable("\xc3") == "?");
  CHECK(printable("\xe5\x9b") == "??");
  CHECK(printable("\xc0\x9b") == "??");
  CHECK(printable("a\nb") == "a?b");
  CHECK(printable("a\nb", LineBreaks::kept) == "a\nb");
}

TEST_CASE("texts of strangers are shown without what could mislead") {
  CHECK(shown("") == "\"\"");
  CHECK(shown("a b") == "\"a b\"");
  CHECK(shown("a\x1b[31m\n\x7f") == "\"a?[31m??\"");
  CHECK(shown("caf\xc3\xa9") == "\"caf\xc3\xa9\"");
  CHECK(shown(std::string(60, 'x')) == "\"" + std::string(60, 'x') + "\"");
  CHECK(shown(std::string(61, 'x')) == "\"" + std::string(60, 'x') + "...\"");
}

TEST_CASE("a choice is found by its name, and named in what is said about a wrong one") {
  enum class Fruit { apple, pear, plum, unnamed };
  constexpr std::array<Named<Fruit>, 3> fruits = {
      {{Fruit::apple, "apple"}, {Fruit::pear, "pear"}, {Fruit::plum, "plum"}}};
  for (const Named<Fruit>& fruit : fruits) {
    CHECK(parse_choice(fruits, "--fruit", fruit.name) == fruit.choice);
    CHECK(name_in(fruits, fruit.choice) == fruit.name);
  }
  CHECK(names_in(fruits) == std::vector<std::string>{"apple", "pear", "plum"});
  CHECK(one_of(fruits) == "'apple', 'pear' or 'plum'");
  CHECK(one_of(std::span(fruits).first(2)) == "'apple' or 'pear'");
  CHECK(one_of(std::span(fruits).first(1)) == "'apple'");
  CHECK(error_message([&] { parse_choice(fruits, "--fruit", "Apple"); }) ==
        "--fruit is 'apple', 'pear' or 'plum', got 'Apple'");
  CHECK(contains(error_message([&] { parse_choice(fruits, "--fruit", ""); }), "got ''"));
  CHECK(contains(error_message([&] { name_in(fruits, Fruit::unnamed); }), "'apple', 'pear' or 'plum'"));
}

TEST_CASE("parts and lists become text as a stream prints them") {
  CHECK(printed("rate ", 0.1, ", ", 3, ' ', std::string("epochs")) == "rate 0.1, 3 epochs");
  CHECK(joined(std::vector<std::string>{}) == "");
  CHECK(joined(std::vector<std::string>{"a"}) == "a");
  CHECK(alternatives({}) == "");
  CHECK(alternatives(std::vector<std::string>{"a"}) == "a");
  CHECK(alternatives(std::vector<std::string>{"a", "b"}) == "a or b");
  CHECK(alternatives(std::vector<std::string>{"a", "b", "c"}) == "a, b or c");
  CHECK(joined(std::array<double, 3>{30, 60.5, 90}) == "30, 60.5, 90");
  // An item without text still has its separator.
  CHECK(joined(std::vector<std::string>{"", "b", ""}) == ", b, ");
  CHECK(joined(
            std::vector<int>{1, 2}, [](int i) { return printed("x", i); }, "; ") == "x1; x2");
}

TEST_CASE("one is no plural") {
  CHECK(count_of(1, "image") == "1 image");
  CHECK(count_of(0, "image") == "0 images");
  CHECK(count_of(2, "image") == "2 images");
  CHECK(count_of(-1, "image") == "-1 images");
  CHECK(count_of(1, "box", "boxes") == "1 box");
  CHECK(count_of(17, "box", "boxes") == "17 boxes");
}

TEST_CASE("the memory of a process is read from its status") {
  const MemoryUse use = parse_memory_use("Name:\tVmRSS: 7 kB\nVmHWM:\t    2048 kB\nVmRSS:\t  1024 kB\n");
  CHECK(use.resident_bytes == 1024 * 1024);
  CHECK(use.peak_resident_bytes == 2048 * 1024);
  CHECK(parse_memory_use("").resident_bytes == 0);
  CHECK(parse_memory_use("VmRSS:").resident_bytes == 0);
  CHECK(parse_memory_use("VmRSS:\t lots").resident_bytes == 0);

  const std::int64_t before = memory_use().resident_bytes;
  CHECK(before > 1'000'000);
  const std::vector<char> block(64U << 20U, 'x');
  CHECK(memory_use().resident_bytes >= before + (60 << 20));
  CHECK(memory_use().peak_resident_bytes >= memory_use().resident_bytes - (1 << 20));
  CHECK(block.back() == 'x');
}

TEST_CASE("a timer counts the time between restarts once") {
  Timer timer;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const double first = timer.restart();
  CHECK(first >= 0.02);
  CHECK(timer.seconds() < first);
}

TEST_CASE("errors carry their parts, and gain context from the outside in") {
  CHECK(error_message([] { fail("size ", 3, " of ", std::string("x")); }) == "size 3 of x");
  CHECK(error_message([] { check(true, "never"); }) == "");
  CHECK(error_message([] { with_context("outer", [] { with_context("inner", [] { fail("reason"); }); }); }) ==
        "outer: inner: reason");
  CHECK(with_context("unused", [] { return 7; }) == 7);
}

}  // namespace sleight
