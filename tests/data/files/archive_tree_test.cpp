// Archives, the honest and the hostile: every format and compression, links, damage.
#include <archive.h>
#include <archive_entry.h>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/data/classifier/dataset.h"
#include "engine/data/files/archive.h"
#include "engine/data/files/file_tree.h"
#include "engine/value/random.h"
#include "tests/data/annotations/dataset_files.h"

using namespace sleight;
using namespace sleight::test;

namespace {

constexpr std::size_t no_limit = std::size_t{1} << 30;

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

// Written by libarchive: `format` as archive_write_set_format_by_name takes it.
std::vector<std::byte> archive_of(const Files& files, const char* format, int (*filter)(archive*),
                                  const char* options = nullptr) {
  archive* const writer = archive_write_new();
  REQUIRE(archive_write_set_format_by_name(writer, format) == ARCHIVE_OK);
  if (filter != nullptr) REQUIRE(filter(writer) == ARCHIVE_OK);
  if (options != nullptr) REQUIRE(archive_write_set_options(writer, options) == ARCHIVE_OK);
  REQUIRE(archive_write_set_passphrase(writer, "secret") == ARCHIVE_OK);  // where the options ask for encryption
  std::vector<std::byte> memory(1 << 20);
  std::size_t used = 0;
  REQUIRE(archive_write_open_memory(writer, memory.data(), memory.size(), &used) == ARCHIVE_OK);
  for (const auto& [path, bytes] : files) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, path.c_str());
    archive_entry_set_size(entry, std::ssize(bytes));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    REQUIRE(archive_write_header(writer, entry) == ARCHIVE_OK);
    REQUIRE(archive_write_data(writer, bytes.data(), bytes.size()) == std::ssize(bytes));
    archive_entry_free(entry);
  }
  REQUIRE(archive_write_close(writer) == ARCHIVE_OK);
  archive_write_free(writer);
  memory.resize(used);
  return memory;
}

std::map<std::string, std::string> texts_of(const FileTree& tree) {
  std::map<std::string, std::string> texts;
  std::vector<std::byte> memory;
  for (std::size_t file = 0; file < tree.files().size(); ++file)
    texts[tree.files()[file]] = text_of(tree.read(file, memory));
  return texts;
}

std::map<std::string, std::string> texts_of(const std::vector<std::byte>& archive) {
  TemporaryFolder folder;
  write_bytes(folder / "archive", archive);
  return texts_of(*open_archive_tree(folder / "archive", no_limit));
}

std::string warnings_of_tree(const std::vector<std::byte>& archive) {
  TemporaryFolder folder;
  write_bytes(folder / "archive", archive);
  std::string all;
  const auto tree = open_archive_tree(folder / "archive", no_limit);
  for (const std::string& warning : tree->warnings())
    all += warning + "\n";
  return all;
}

}  // namespace

TEST_CASE("every archive format and compression holds the same files") {
  Files files;
  files["train/cat/1.jpg"] = bytes_of(std::string(100'000, 'a') + "end");
  files["train/dog/2.jpg"] = bytes_of("two");
  files["train/dog/empty"] = {};
  files["val/cat/" + std::string(150, 'n') + ".jpg"] = bytes_of("long");
  std::map<std::string, std::string> expected;
  for (const auto& [path, bytes] : files)
    expected[path] = text_of(bytes);
  struct Kind {
    const char* format;
    int (*filter)(archive*);
    const char* options;
  };
  for (const Kind& kind :
       {Kind{"paxr", nullptr, nullptr}, Kind{"gnutar", nullptr, nullptr},
        Kind{"paxr", archive_write_add_filter_gzip, nullptr}, Kind{"paxr", archive_write_add_filter_bzip2, nullptr},
        Kind{"paxr", archive_write_add_filter_xz, nullptr}, Kind{"paxr", archive_write_add_filter_zstd, nullptr},
        Kind{"paxr", archive_write_add_filter_lz4, nullptr}, Kind{"zip", nullptr, nullptr},
        Kind{"zip", nullptr, "compression=store"}, Kind{"7zip", nullptr, nullptr}}) {
    CAPTURE(kind.format, kind.options == nullptr ? "" : kind.options);
    const std::vector<std::byte> archive = archive_of(files, kind.format, kind.filter, kind.options);
    CHECK(texts_of(archive) == expected);
    // Cut anywhere it is an error, never a smaller dataset.
    for (const std::size_t length : {archive.size() - archive.size() / 3, archive.size() / 2, archive.size() / 5}) {
      CAPTURE(length);
      const std::string message = message_of([&] { read_archive(std::span(archive).first(length), no_limit); });
      CAPTURE(message);
      CHECK(contains(message, "cut short"));
    }
  }
}

TEST_CASE("what is stored as it is stays in the archive, and the rest counts against the limit") {
  Files files;
  files["big"] = bytes_of(std::string(300'000, 'b'));
  for (const bool is_zip : {false, true}) {
    const auto archive =
        is_zip ? archive_of(files, "zip", nullptr, "compression=store") : archive_of(files, "paxr", nullptr);
    const ArchiveContents contents = read_archive(archive, 10);
    REQUIRE(contents.entries.size() == 1);
    CHECK(contents.entries[0].memory == nullptr);
    CHECK(contents.entries[0].bytes.data() > archive.data());
    CHECK(contents.entries[0].bytes.size() == 300'000);
  }
  for (const auto& archive :
       {archive_of(files, "zip", nullptr), archive_of(files, "paxr", archive_write_add_filter_gzip)}) {
    CHECK(contains(message_of([&] { read_archive(archive, 299'999); }), "limit of 299999"));
    CHECK(read_archive(archive, 300'000).entries[0].bytes.size() == 300'000);
  }
  // 10 MB of zeros in a few KB.
  files["big"] = std::vector<std::byte>(900'000);
  const auto bomb = archive_of(files, "paxr", archive_write_add_filter_bzip2);
  CHECK(bomb.size() < 5000);
  CHECK(contains(message_of([&] { read_archive(bomb, 100'000); }), "unpack it and give the folder"));
}

TEST_CASE("a tar's files and folders are found with their bytes, and what leads out of it is not") {
  TarBuilder tar;
  tar.add("./a/", {}, '5').add("./a/one", bytes_of("1")).add("/b//./two", bytes_of(std::string(512, 'x')));
  tar.add("old", bytes_of("o"), '\0').add("a/../../etc/passwd", bytes_of("no")).add("./", {}, '5').add("null", {}, '3');
  tar.add("a/.git/", {}, '5')
      .add("a/._one", bytes_of("mac"))
      .add("__MACOSX/a/one", bytes_of("mac"))
      .add("old", bytes_of("new"));
  const auto archive = tar.finish();
  CHECK(texts_of(archive) ==
        std::map<std::string, std::string>{{"a/one", "1"}, {"b/two", std::string(512, 'x')}, {"old", "new"}});
  TemporaryFolder folder;
  write_bytes(folder / "archive", archive);
  CHECK(open_archive_tree(folder / "archive", no_limit)->folders() == std::vector<std::string>{"a"});
  const std::string warnings = warnings_of_tree(archive);
  CAPTURE(warnings);
  CHECK(contains(warnings, "2 entries passed over"));
  CHECK(contains(warnings, "etc/passwd"));
  CHECK(contains(warnings, "1 entry is there more than once"));
}

TEST_CASE("links are followed inside the archive, hard ones and symbolic ones, to files, folders and links") {
  TarBuilder tar;
  tar.add("train/a/0.jpg", bytes_of("zero")).add("train/a/1.jpg", bytes_of("one"));
  tar.add_link("train/b/0.jpg", "train/a/0.jpg", '1');
  tar.add_link("train/b/dot.jpg", "./train/a/0.jpg", '1');  // as of "tar c ./train"
  tar.add_link("train/b/up.jpg", "../a/1.jpg", '2');
  tar.add_link("train/b/again.jpg", "up.jpg", '2');
  tar.add_link("val", "train", '2');
  tar.add_link("whole", "val/a", '2');
  const auto archive = tar.finish();
  CHECK(texts_of(archive) == std::map<std::string, std::string>{{"train/a/0.jpg", "zero"},
                                                                {"train/a/1.jpg", "one"},
                                                                {"train/b/0.jpg", "zero"},
                                                                {"train/b/dot.jpg", "zero"},
                                                                {"train/b/up.jpg", "one"},
                                                                {"train/b/again.jpg", "one"},
                                                                {"val/a/0.jpg", "zero"},
                                                                {"val/a/1.jpg", "one"},
                                                                {"val/b/0.jpg", "zero"},
                                                                {"val/b/dot.jpg", "zero"},
                                                                {"val/b/up.jpg", "one"},
                                                                {"val/b/again.jpg", "one"},
                                                                {"whole/0.jpg", "zero"},
                                                                {"whole/1.jpg", "one"}});
  CHECK(warnings_of_tree(archive).empty());

  TarBuilder lost;
  lost.add("file", bytes_of("x"));
  lost.add_link("out", "../../etc/passwd", '2');
  lost.add_link("root", "/file", '2');  // the system's, not the archive's
  lost.add_link("circle", "round", '2');
  lost.add_link("round", "circle", '2');
  lost.add_link("self/in", "../self", '2');
  lost.add_link("gone", "nothing", '1');
  CHECK(texts_of(lost.finish()) == std::map<std::string, std::string>{{"file", "x"}});
  CHECK(contains(warnings_of_tree(lost.finish()), "6 links lead out of the archive, to nothing or into a circle"));
}

TEST_CASE("links to folders may repeat what is in an archive, but not double it again and again") {
  TarBuilder tar;
  tar.add("00/1.jpg", bytes_of("one"));
  for (int i = 1; i <= 24; ++i)
    for (const char* name : {"/a", "/b"})
      tar.add_link((i < 10 ? "0" : "") + std::to_string(i) + name, (i <= 10 ? "../0" : "../") + std::to_string(i - 1),
                   '2');
  const std::string message = message_of([&] { texts_of(tar.finish()); });
  CAPTURE(message);
  CHECK(contains(message, "too many times; unpack it and give the folder"));

  // Every link is one more way to all images of a large archive.
  TarBuilder wide;
  for (int i = 0; i < 3000; ++i)
    wide.add("images/" + std::to_string(i) + ".jpg", {});
  for (int i = 0; i < 6; ++i)
    wide.add_link("year" + std::to_string(i), "images", '2');
  CHECK(texts_of(wide.finish()).size() == 7 * 3000);
}

TEST_CASE("long names come from GNU and pax headers, and only for the next entry") {
  const std::string long_name = "train/" + std::string(150, 'n') + "/1.png";
  TarBuilder tar;
  tar.add("././@LongLink", bytes_of(long_name + '\0'), 'L').add("cut", bytes_of("gnu"));
  tar.add("next", bytes_of("next"));
  tar.add("pax", bytes_of(pax_record("mtime", "1.5") + pax_record("path", long_name + "2")), 'x');
  tar.add_with_size("cut", bytes_of("pax"), 3, '0');
  CHECK(texts_of(tar.finish()) ==
        std::map<std::string, std::string>{{long_name, "gnu"}, {"next", "next"}, {long_name + "2", "pax"}});
}

TEST_CASE("names in UTF-8 are kept, and others are an error that shows them") {
  for (const char* format : {"paxr", "zip", "gnutar"}) {
    CAPTURE(format);
    TemporaryFolder folder;
    TarBuilder tar;
    tar.add("train/\xe6\xb1\xbd\xe8\xbd\xa6/1.jpg", bytes_of("car"));
    CHECK(texts_of(tar.finish()).contains("train/\xe6\xb1\xbd\xe8\xbd\xa6/1.jpg"));
  }
  TarBuilder gbk;
  gbk.add("train/\xc6\xfb\xb3\xb5/1.jpg", bytes_of("car"));
  const std::string message = message_of([&] { texts_of(gbk.finish()); });
  CHECK(contains(message, "\"train/\\xc6\\xfb\\xb3\\xb5/1.jpg\" is not in UTF-8"));
  TemporaryFolder folder;
  write_bytes(folder / "train/\xc6\xfb\xb3\xb5/1.jpg", bytes_of("car"));
  CHECK(contains(message_of([&] { open_folder_tree(folder.path()); }), "is not in UTF-8"));
}

TEST_CASE("a file that is no archive is called what it is") {
  const auto message = [](std::string_view text) {
    return message_of([&] { read_archive(bytes_of(text), no_limit); });
  };
  CHECK(contains(message("Rar!\x1a\x07"), "a RAR archive"));
  CHECK(contains(message("names: [cat, dog]\n"), "(text)"));
  CHECK(contains(message("\x89HDF\r\n\x1a\n"), "an HDF5 file"));
  CHECK(contains(message(""), "the file is empty"));
  CHECK(contains(message("x"), "Give a folder, a .zip or a .tar"));
}

TEST_CASE("lying and damaged tar headers are errors") {
  TarBuilder lying;
  lying.add_with_size("big", bytes_of("abc"), 1 << 20, '0');
  CHECK(contains(message_of([&] { read_archive(lying.finish(), no_limit); }), "cut short"));
  TarBuilder checksum;
  checksum.add("first", bytes_of("x")).add("f", bytes_of("x"));
  checksum.bytes()[1024] = std::byte{'g'};
  CHECK(contains(message_of([&] { read_archive(checksum.finish(), no_limit); }), "damaged"));
  TarBuilder without_end;
  without_end.add("f", bytes_of("x"));
  CHECK(contains(message_of([&] { read_archive(without_end.bytes(), no_limit); }), "no end marker"));
}

TEST_CASE("random damage to an archive never does worse than an error") {
  TarBuilder tar;
  tar.add("pax", bytes_of(pax_record("path", "long")), 'x').add("a", bytes_of("1")).add("b", bytes_of("2"), 'L');
  tar.add_link("c", "a", '2');
  Files files;
  files["d"] = bytes_of(std::string(1000, 'd'));
  RandomStream random(3, RandomPurpose::test);
  for (const auto& original : {tar.finish(), archive_of(files, "zip", nullptr), gzip(tar.finish())}) {
    for (int trial = 0; trial < 1000; ++trial) {
      auto archive = original;
      for (int i = 0; i < 2; ++i)
        archive[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(archive.size())))] =
            static_cast<std::byte>(random.below(256));
      archive.resize(static_cast<std::size_t>(random.below(static_cast<std::int64_t>(archive.size()) + 1)));
      try {
        for (const ArchiveEntry& entry : read_archive(archive, 1 << 20).entries)
          REQUIRE(entry.bytes.size() <= std::size_t{1} << 20);
      } catch (const Error&) {
        continue;
      }
    }
  }
}

TEST_CASE("an encrypted archive is called one") {
  const Files files = {{"f", bytes_of("x")}};
  const auto archive = archive_of(files, "zip", nullptr, "encryption=traditional");
  CHECK(contains(message_of([&] { read_archive(archive, no_limit); }), "the archive is encrypted (f)"));
}

TEST_CASE("a flipped bit in a compressed file is an error") {
  Files files;
  RandomStream random(5, RandomPurpose::test);
  for (int i = 0; i < 20'000; ++i)
    files["f"].push_back(static_cast<std::byte>(random.below(16)));
  for (const auto& original :
       {archive_of(files, "paxr", archive_write_add_filter_gzip), archive_of(files, "zip", nullptr)}) {
    for (std::size_t i = 2000; i < 6000; i += 400) {
      auto damaged = original;
      damaged[i] ^= std::byte{0x10};
      CAPTURE(i);
      REQUIRE_THROWS_AS(read_archive(damaged, no_limit), Error);
    }
  }
}

TEST_CASE("a compressed tar that is cut or damaged is an error, and one of several members is read") {
  TarBuilder tar;
  tar.add("f", bytes_of(std::string(100'000, 'f')));
  const auto whole = gzip(tar.finish());
  for (std::size_t length = 0; length < whole.size(); length += 13) {
    CAPTURE(length);
    REQUIRE_THROWS_AS(read_archive(std::span(whole).first(length), no_limit), Error);
  }
  const auto plain = tar.finish();
  auto members = gzip(std::span(plain).first(5000));
  const auto rest = gzip(std::span(plain).subspan(5000));
  members.insert(members.end(), rest.begin(), rest.end());
  CHECK(texts_of(members).at("f").size() == 100'000);
  members[members.size() - 6] ^= std::byte{1};  // the checksum of the second
  CHECK(contains(message_of([&] { read_archive(members, no_limit); }), "damaged"));
}

TEST_CASE("a classifier's dataset opens from a tar with links and a file of a Mac") {
  const auto image = jpeg_of_size(20, 30);
  TarBuilder tar;
  for (const char* split : {"train", "val"})
    for (const char* name : {"a", "b"})
      tar.add(std::string("flowers/") + split + "/" + name + "/0.jpg", image);
  tar.add_link("flowers/train/b/1.jpg", "../a/0.jpg", '2');
  tar.add_link("flowers/train/b/2.jpg", "../gone.jpg", '2');
  tar.add("flowers/train/b/._0.jpg", bytes_of("mac"));
  TemporaryFolder folder;
  write_bytes(folder / "flowers.tar", tar.finish());
  const auto dataset = open_dataset((folder / "flowers.tar").string(), DatasetSplit::training);
  CHECK(dataset->size() == 3);
  REQUIRE(dataset->warnings().size() == 1);
  CHECK(contains(dataset->warnings()[0], "1 link leads out of the archive"));
}

TEST_CASE("what is passed over in an archive of boxes is said") {
  TarBuilder tar;
  for (const std::string split : {"train", "val"}) {
    tar.add("images/" + split + "/a.jpg", jpeg_of_size(20, 30));
    tar.add("labels/" + split + "/a.txt", bytes_of("0 0.5 0.5 1 1\n"));
  }
  tar.add("classes.txt", bytes_of("thing\n")).add_link("images/train/b.jpg", "../gone.jpg", '2');
  TemporaryFolder folder;
  write_bytes(folder / "set.tar", tar.finish());
  const auto pair = open_detector_datasets((folder / "set.tar").string(), "yolo");
  CHECK(contains(warnings_of(pair.training), "1 link leads out of the archive"));
}
