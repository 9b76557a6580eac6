// Tar and gzip, the honest and the hostile.
#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/data/files/gzip.h"
#include "engine/data/files/tar.h"
#include "engine/value/random.h"
#include "tests/data/test_images.h"

using namespace sleight;
using namespace sleight::test;

namespace {

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// "LENGTH KEY=VALUE\n" with the length that counts itself.
std::string pax_record(const std::string& key, const std::string& value) {
  const std::string rest = " " + key + "=" + value + "\n";
  std::size_t length = rest.size();
  while (std::to_string(length).size() + rest.size() != length)
    length = std::to_string(length).size() + rest.size();
  return std::to_string(length) + rest;
}

}  // namespace

TEST_CASE("a tar's files and folders are found with their bytes") {
  TarBuilder tar;
  tar.add("./a/", {}, '5').add("./a/one", bytes_of("1")).add("/b//./two", bytes_of(std::string(512, 'x')));
  tar.add("old", bytes_of("o"), '\0').add("link", {}, '2').add("a/../../etc/passwd", bytes_of("no")).add("./", {}, '5');
  const auto archive = tar.finish();
  const auto entries = read_tar(archive);
  REQUIRE(entries.size() == 4);
  CHECK(entries[0].path == "a");
  CHECK(entries[0].is_folder);
  CHECK(entries[1].path == "a/one");
  CHECK(text_of(entries[1].bytes) == "1");
  CHECK(entries[2].path == "b/two");
  CHECK(entries[2].bytes.size() == 512);
  CHECK(entries[3].path == "old");
}

TEST_CASE("long names come from GNU and pax headers, and only for the next entry") {
  const std::string long_name = "train/" + std::string(150, 'n') + "/1.png";
  TarBuilder tar;
  tar.add("././@LongLink", bytes_of(long_name + '\0'), 'L').add("cut", bytes_of("gnu"));
  tar.add("next", bytes_of("next"));
  tar.add("pax", bytes_of(pax_record("mtime", "1.5") + pax_record("path", long_name + "2")), 'x');
  tar.add_with_size("cut", bytes_of("pax"), 3, '0');
  tar.add("pax", bytes_of(pax_record("size", "5")), 'x').add_with_size("sized", bytes_of("12345"), 0, '0');
  const auto archive = tar.finish();
  const auto entries = read_tar(archive);
  REQUIRE(entries.size() == 4);
  CHECK(entries[0].path == long_name);
  CHECK(entries[1].path == "next");
  CHECK(entries[2].path == long_name + "2");
  CHECK(text_of(entries[2].bytes) == "pax");
  CHECK(text_of(entries[3].bytes) == "12345");
}

TEST_CASE("lying and malformed tar headers are errors that name the place") {
  const auto message = [](TarBuilder& tar) { return message_of([&] { read_tar(tar.finish()); }); };
  TarBuilder lying;
  lying.add_with_size("big", bytes_of("abc"), 1 << 20, '0');
  CHECK(contains(message(lying), "\"big\") says it has 1048576 bytes"));

  TarBuilder pax_lie;
  pax_lie.add("p", bytes_of(pax_record("size", "18446744073709551615")), 'x').add("f", bytes_of("x"));
  CHECK(contains(message(pax_lie), "18446744073709551615"));

  TarBuilder checksum;
  checksum.add("f", bytes_of("x"));
  checksum.bytes()[0] = std::byte{'g'};
  CHECK(contains(message(checksum), "checksum"));

  for (const std::string record : {"5 a=b\n", "9999 path=x\n", "x", "0 a=b\n", "7 abcd\n"}) {
    CAPTURE(record);
    TarBuilder malformed;
    malformed.add("p", bytes_of(record), 'x').add("f", bytes_of("x"));
    CHECK(contains(message(malformed), "pax header at byte 0"));
  }
  TarBuilder name;
  name.add("p", std::vector<std::byte>((1 << 20) + 1), 'L');
  CHECK(contains(message(name), "limit"));
  CHECK(contains(message_of([] { read_tar({}); }), "cut short"));
}

TEST_CASE("random damage to a tar never does worse than an error") {
  TarBuilder tar;
  tar.add("pax", bytes_of(pax_record("path", "long")), 'x').add("a", bytes_of("1")).add("b", bytes_of("2"), 'L');
  tar.add("c", bytes_of("3"));
  const auto original = tar.finish();
  RandomStream random(3, RandomPurpose::test);
  for (int trial = 0; trial < 3000; ++trial) {
    auto archive = original;
    for (int i = 0; i < 2; ++i)
      archive[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(archive.size())))] =
          static_cast<std::byte>(random.below(256));
    archive.resize(static_cast<std::size_t>(random.below(static_cast<std::int64_t>(archive.size()) + 1)));
    try {
      for (const TarEntry& entry : read_tar(archive))
        REQUIRE(entry.bytes.size() <= archive.size());
    } catch (const Error&) {
      continue;
    }
  }
}

TEST_CASE("gzip gives back what went in, also from several members and behind padding") {
  const auto first = bytes_of(std::string(100000, 'a') + "end");
  const auto second = bytes_of("second");
  auto file = gzip(first);
  CHECK(inflate_gzip(file, 1 << 20) == first);
  const auto more = gzip(second);
  file.insert(file.end(), more.begin(), more.end());
  file.resize(file.size() + 100);
  auto both = first;
  both.insert(both.end(), second.begin(), second.end());
  CHECK(inflate_gzip(file, 1 << 20) == both);
  CHECK(inflate_gzip(gzip({}), 10).empty());
}

TEST_CASE("a gzip file that would burst the limit, is cut or damaged is an error") {
  const auto bomb = gzip(std::vector<std::byte>(10'000'000));
  CHECK(bomb.size() < 20000);
  CHECK(contains(message_of([&] { inflate_gzip(bomb, 1'000'000); }), "limit of 1000000"));
  CHECK(inflate_gzip(bomb, 10'000'000).size() == 10'000'000);
  for (std::size_t length = 0; length < bomb.size(); length += 97) {
    CAPTURE(length);
    REQUIRE_THROWS_AS(inflate_gzip(std::span(bomb).first(length), 100'000'000), Error);
  }
  auto wrong_sum = bomb;
  wrong_sum[wrong_sum.size() - 6] ^= std::byte{1};
  CHECK(contains(message_of([&] { inflate_gzip(wrong_sum, 100'000'000); }), "damaged"));
}
