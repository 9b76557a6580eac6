// Every place a dataset may be, and what is said when it is not right.
#include <algorithm>
#include <set>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/classifier/dataset.h"
#include "engine/image/decode_image.h"
#include "engine/image/image_writer.h"
#include "tests/data/test_images.h"

using namespace sleight;
using namespace sleight::test;

namespace {

std::vector<std::byte> small_png(std::uint64_t seed) {
  return encode_png(random_image(8, 8, seed).view());
}

void make_tree(const std::filesystem::path& root) {
  std::uint64_t seed = 0;
  for (const char* split : {"train", "val"})
    for (const char* name : {"dog", "cat", "bird"})
      for (int i = 0; i < 3; ++i)
        write_bytes(root / split / name / (std::to_string(i) + ".png"), small_png(seed++));
}

std::vector<std::byte> tar_of_tree(const std::string& prefix) {
  TarBuilder tar;
  std::uint64_t seed = 0;
  for (const char* split : {"train", "val"})
    for (const char* name : {"dog", "cat", "bird"})
      for (int i = 0; i < 3; ++i)
        tar.add(prefix + split + "/" + name + "/" + std::to_string(i) + ".png", small_png(seed++));
  return tar.finish();
}

std::vector<std::byte> read_bytes(const Dataset& dataset, std::int64_t index) {
  StoredImage stored;
  dataset.read(index, stored);
  return {stored.bytes.begin(), stored.bytes.end()};
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string open_error(const std::string& path, DatasetSplit split = DatasetSplit::training,
                       const DatasetOptions& options = {}) {
  return message_of([&] { open_dataset(path, split, options); });
}

}  // namespace

TEST_CASE("a folder, a tar and a tar.gz of the same tree are the same dataset") {
  TemporaryFolder folder;
  make_tree(folder / "tree");
  write_bytes(folder / "plain.tar", tar_of_tree("./"));
  write_bytes(folder / "inner.tar", tar_of_tree("birds/and/"));
  write_bytes(folder / "small.tar.gz", gzip(tar_of_tree("")));
  const DatasetPair reference = open_datasets((folder / "tree").string());
  CHECK(reference.training->class_names() == std::vector<std::string>{"bird", "cat", "dog"});
  for (const char* name : {"tree", "plain.tar", "inner.tar", "small.tar.gz"}) {
    CAPTURE(name);
    const std::string path = (folder / name).string();
    for (const DatasetSplit split : {DatasetSplit::training, DatasetSplit::evaluation}) {
      const auto dataset = open_dataset(path, split);
      const Dataset& expected = split == DatasetSplit::training ? *reference.training : *reference.evaluation;
      REQUIRE(dataset->size() == 9);
      CHECK(dataset->class_names() == expected.class_names());
      CHECK(dataset->warnings().empty());
      for (std::int64_t i = 0; i < 9; ++i) {
        CHECK(dataset->label(i) == i / 3);
        CHECK(read_bytes(*dataset, i) == read_bytes(expected, i));
        CHECK(contains(dataset->name(i), path));
      }
    }
  }
}

TEST_CASE("test is used when there is no val, and val when there are both") {
  TemporaryFolder folder;
  make_tree(folder.path());
  std::filesystem::copy(folder / "val", folder / "test", std::filesystem::copy_options::recursive);
  CHECK(contains(open_dataset(folder.path().string(), DatasetSplit::evaluation)->name(0), "/val/"));
  std::filesystem::remove_all(folder / "val");
  CHECK(contains(open_dataset(folder.path().string(), DatasetSplit::evaluation)->name(0), "/test/"));
  std::filesystem::remove_all(folder / "test");
  DatasetOptions nothing_held_out;
  nothing_held_out.validation_share = 0.0;
  const std::string message =
      message_of([&] { open_dataset(folder.path().string(), DatasetSplit::evaluation, nothing_held_out); });
  CHECK(contains(message, "val/<class>/*"));
  CHECK(contains(message, "The folders there are: train"));
}

TEST_CASE("valid, validation and other spellings come before test, and it is said which was taken") {
  for (const char* name : {"valid", "validation", "Val"}) {
    CAPTURE(name);
    TemporaryFolder folder;
    make_tree(folder.path());
    std::filesystem::rename(folder / "train", folder / "Train");
    std::filesystem::copy(folder / "val", folder / "test", std::filesystem::copy_options::recursive);
    std::filesystem::rename(folder / "val", folder / "other");
    std::filesystem::rename(folder / "other", folder / name);
    const auto dataset = open_dataset(folder.path().string(), DatasetSplit::evaluation);
    CHECK(contains(dataset->name(0), std::string("/") + name + "/"));
    CHECK(dataset->found() == std::string("evaluation on ") + name + "/");
    CHECK(open_dataset(folder.path().string(), DatasetSplit::training)->size() == 9);
  }
}

TEST_CASE("classes without splits are divided, the same way each time, and nested folders are said") {
  TemporaryFolder folder;
  make_tree(folder / "made");
  std::filesystem::rename(folder / "made/train", folder / "flowers");
  std::filesystem::remove_all(folder / "made");
  std::filesystem::create_directories(folder / "flowers/cat/kittens");
  std::filesystem::copy(folder / "flowers/cat", folder / "flowers/cat/kittens");
  write_bytes(folder / "flowers/notes/a.txt", bytes_of("no class"));
  for (const auto& place : {folder / "flowers", folder.path()}) {
    const DatasetPair pair = open_datasets(place.string());
    CHECK(pair.training->class_names() == std::vector<std::string>{"bird", "cat", "dog"});
    CHECK(pair.training->size() + pair.evaluation->size() == 12);
    // One of three is a third, and of six one is a sixth.
    CHECK(pair.evaluation->size() == 3);
    CHECK(contains(pair.evaluation->found(), "20% of the images of each class"));
    std::string warnings;
    for (const std::string& warning : pair.training->warnings())
      warnings += warning + "\n";
    CHECK(contains(warnings, "3 images lie in folders inside class folders"));
  }
}

TEST_CASE("folders of splits are never taken for classes") {
  const auto moved = [](const std::filesystem::path& root, const char* train, const char* val) {
    make_tree(root / "made");
    for (const auto& [from, to] : {std::pair("train", train), std::pair("val", val)}) {
      std::filesystem::create_directories((root / to).parent_path());
      std::filesystem::rename(root / "made" / from, root / to);
    }
    std::filesystem::remove_all(root / "made");
  };
  for (const auto& [train, val] : {std::pair("train2012", "val2012"), std::pair("training_set", "test_set")}) {
    CAPTURE(train);
    TemporaryFolder folder;
    moved(folder.path(), train, val);
    const DatasetPair pair = open_datasets(folder.path().string());
    CHECK(pair.training->class_names() == std::vector<std::string>{"bird", "cat", "dog"});
    CHECK(pair.training->size() == 9);
    CHECK(pair.evaluation->size() == 9);
    CHECK(pair.evaluation->found() == std::string("evaluation on ") + val + "/");
  }
  TemporaryFolder folder;
  moved(folder.path(), "seg_train/seg_train", "seg_test/seg_test");
  const std::string message = open_error(folder.path().string());
  CAPTURE(message);
  CHECK(contains(message, "train and val around the class folders"));
  TemporaryFolder inside;
  for (const char* place : {"cat/train/1.png", "cat/val/2.png", "dog/train/1.png", "dog/val/2.png"})
    write_bytes(inside / place, small_png(1));
  CHECK(contains(open_error(inside.path().string()), "train and val around the class folders"));
}

TEST_CASE("a class that is called like a split is said") {
  TemporaryFolder folder;
  make_tree(folder / "made");
  std::filesystem::rename(folder / "made/train", folder / "all");
  std::filesystem::remove_all(folder / "made");
  std::filesystem::rename(folder / "all/dog", folder / "all/test");
  const auto dataset = open_dataset(folder.path().string(), DatasetSplit::training);
  CHECK(dataset->class_names() == std::vector<std::string>{"bird", "cat", "test"});
  CHECK(contains(joined(dataset->warnings()), "all/test counts as a class"));
}

TEST_CASE("images that no split uses are said, and a test folder without classes is none to evaluate on") {
  TemporaryFolder folder;
  make_tree(folder.path());
  std::filesystem::remove_all(folder / "val");
  write_bytes(folder / "test/1.png", small_png(1));
  write_bytes(folder / "test/2.png", small_png(2));
  write_bytes(folder / "more/cat/3.png", small_png(3));
  const DatasetPair pair = open_datasets(folder.path().string());
  CHECK(pair.training->size() == 6);
  CHECK(pair.evaluation->size() == 3);
  const std::string warnings = joined(pair.training->warnings());
  CAPTURE(warnings);
  CHECK(contains(warnings, "3 images are in no class folder of a split and were passed over; the first is"));
  CHECK(contains(warnings, "more/cat/3.png"));
}

TEST_CASE("one class alone is an error that says where it was looked for") {
  TemporaryFolder folder;
  make_tree(folder.path());
  for (const char* name : {"train/dog", "train/bird", "val/dog", "val/bird"})
    std::filesystem::remove_all(folder / name);
  const std::string message = open_error(folder.path().string());
  CAPTURE(message);
  CHECK(contains(message, "holds one class alone, \"cat\""));
}

TEST_CASE("an empty class folder is an error in train and a warning in val") {
  for (const char* leftover : {"", "notes.txt"}) {
    CAPTURE(leftover);
    TemporaryFolder folder;
    make_tree(folder.path());
    std::filesystem::create_directories(folder / "train/zebra");
    if (*leftover != 0) write_bytes(folder / "train/zebra" / leftover, bytes_of("x"));
    const std::string message = open_error(folder.path().string());
    CHECK(contains(message, "train/zebra is empty"));
  }
  TemporaryFolder folder;
  make_tree(folder.path());
  std::filesystem::remove_all(folder / "val/dog");
  std::filesystem::remove(folder / "val/cat/0.png");
  std::filesystem::remove(folder / "val/cat/1.png");
  std::filesystem::remove(folder / "val/cat/2.png");
  const auto dataset = open_dataset(folder.path().string(), DatasetSplit::evaluation);
  CHECK(dataset->size() == 3);
  CHECK(dataset->class_names().size() == 3);
  REQUIRE(dataset->warnings().size() == 2);
  CHECK(contains(dataset->warnings()[0], "val/cat is empty"));
  CHECK(contains(dataset->warnings()[1], "val/dog is missing"));
}

TEST_CASE("a class that only val has is an error") {
  TemporaryFolder folder;
  make_tree(folder.path());
  write_bytes(folder / "val/zebra/1.png", small_png(1));
  CHECK(contains(open_error(folder.path().string(), DatasetSplit::evaluation), "zebra"));
  CHECK(open_dataset(folder.path().string(), DatasetSplit::training)->class_names().size() == 3);
}

TEST_CASE("without train the classes are those of val, with a warning") {
  TemporaryFolder folder;
  make_tree(folder.path());
  std::filesystem::remove_all(folder / "train");
  const auto dataset = open_dataset(folder.path().string(), DatasetSplit::evaluation);
  CHECK(dataset->class_names().size() == 3);
  REQUIRE(dataset->warnings().size() == 1);
  CHECK(contains(dataset->warnings()[0], "no train folder"));
  CHECK(contains(open_error(folder.path().string()), "no images in"));
}

TEST_CASE("other files are passed over with one warning, hidden ones silently") {
  TemporaryFolder folder;
  make_tree(folder.path());
  write_bytes(folder / "train/cat/movie.gif", bytes_of("GIF89a"));
  write_bytes(folder / "train/labels.csv", bytes_of("a,b"));
  write_bytes(folder / "train/dog/.DS_Store", bytes_of("x"));
  write_bytes(folder / "train/dog/UPPER.JPEG", bytes_of("x"));
  const auto dataset = open_dataset(folder.path().string(), DatasetSplit::training);
  CHECK(dataset->size() == 10);
  REQUIRE(dataset->warnings().size() == 1);
  CHECK(contains(dataset->warnings()[0], "2 files"));
  CHECK(contains(dataset->warnings()[0], "movie.gif"));
}

TEST_CASE("what is not there or not a dataset is said with what was looked for") {
  TemporaryFolder folder;
  CHECK(contains(open_error((folder / "nowhere").string()), "no data at"));
  std::filesystem::create_directories(folder / "empty");
  CHECK(contains(open_error((folder / "empty").string()), "looked for train/<class>"));
  write_bytes(folder / "cat.png", small_png(1));
  CHECK(contains(open_error((folder / "cat.png").string()), "tar"));
  std::filesystem::create_directories(folder / "hollow/train/cat");
  CHECK(contains(open_error((folder / "hollow").string()), "no images in"));
  make_tree(folder / "two/a");
  make_tree(folder / "two/b");
  CHECK(contains(open_error((folder / "two").string()), "more than one dataset"));
  make_tree(folder / "doubled");
  write_bytes(folder / "doubled/training/cat/1.png", small_png(1));
  CHECK(contains(open_error((folder / "doubled").string()), "two folders of one split, train and training"));
}

TEST_CASE("archives cut short, damaged or too large are errors") {
  TemporaryFolder folder;
  const auto tar = tar_of_tree("");
  const std::string path = (folder / "x.tar").string();
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{100}, std::size_t{512}, std::size_t{600}, tar.size() / 2, tar.size() - 1024}) {
    CAPTURE(length);
    write_bytes(path, std::span(tar).first(length));
    const std::string message = open_error(path);
    CAPTURE(message);
    const bool is_said = contains(message, length == 0 ? "the file is empty" : "cut short");
    CHECK(is_said);
  }
  const auto zipped = gzip(tar);
  write_bytes(path, std::span(zipped).first(zipped.size() / 2));
  CHECK(contains(open_error(path), "cut short"));
  auto damaged = zipped;
  damaged[damaged.size() / 2] ^= std::byte{0x55};
  write_bytes(path, damaged);
  CHECK(!open_error(path).empty());
  write_bytes(path, zipped);
  DatasetOptions options;
  std::size_t of_files = 0;
  for (std::uint64_t seed = 0; seed < 18; ++seed)
    of_files += small_png(seed).size();
  options.maximum_inflated_bytes = of_files - 1;
  CHECK(contains(open_error(path, DatasetSplit::training, options), "limit of " + std::to_string(of_files - 1)));
  options.maximum_inflated_bytes = of_files;
  CHECK(open_error(path, DatasetSplit::training, options).empty());
}

TEST_CASE("CIFAR-10's binary files are read plane by plane") {
  TemporaryFolder folder;
  std::vector<std::byte> batch;
  for (int image = 0; image < 4; ++image) {
    batch.push_back(static_cast<std::byte>((image + 3) % 10));
    for (int plane = 0; plane < 3; ++plane)
      for (int i = 0; i < 1024; ++i)
        batch.push_back(static_cast<std::byte>((image * 7 + plane * 50 + i) % 256));
  }
  write_bytes(folder / "batches/data_batch_1.bin", batch);
  write_bytes(folder / "batches/data_batch_2.bin", batch);
  write_bytes(folder / "batches/test_batch.bin", std::span(batch).first(3073));
  const DatasetPair pair = open_datasets(folder.path().string());
  REQUIRE(pair.training->size() == 8);
  REQUIRE(pair.evaluation->size() == 1);
  CHECK(pair.training->class_names()[9] == "truck");
  CHECK(pair.training->label(6) == 5);
  CHECK(contains(pair.training->name(6), "data_batch_2.bin: image 2"));
  StoredImage stored;
  pair.training->read(6, stored);
  REQUIRE(stored.form == StoredImage::Form::pixels);
  REQUIRE(stored.height == 32);
  for (std::size_t i = 0; i < 1024; ++i)
    for (std::size_t plane = 0; plane < 3; ++plane)
      REQUIRE(std::to_integer<std::size_t>(stored.bytes[i * 3 + plane]) == (14 + plane * 50 + i) % 256);

  TarBuilder tar;
  tar.add("cifar-10-batches-bin/data_batch_1.bin", batch);
  write_bytes(folder / "only_train.tar", tar.finish());
  CHECK(open_dataset((folder / "only_train.tar").string(), DatasetSplit::training)->size() == 4);
  CHECK(contains(open_error((folder / "only_train.tar").string(), DatasetSplit::evaluation), "test_batch.bin"));

  write_bytes(folder / "batches/data_batch_2.bin", std::span(batch).first(5000));
  CHECK(contains(open_error(folder.path().string()), "5000 bytes"));
  batch[0] = std::byte{10};
  write_bytes(folder / "batches/data_batch_2.bin", batch);
  CHECK(contains(open_error(folder.path().string()), "label 10"));
}

TEST_CASE("generated images are the same every time and differ from each other") {
  DatasetOptions options;
  options.synthetic.training_count = 40;
  options.synthetic.evaluation_count = 20;
  options.synthetic.height = 33;
  options.synthetic.width = 47;
  const DatasetPair pair = open_datasets("synthetic", options);
  const DatasetPair again = open_datasets("synthetic", options);
  REQUIRE(pair.training->size() == 40);
  REQUIRE(pair.evaluation->size() == 20);
  CHECK(pair.training->class_names().size() == 10);
  CHECK(std::is_sorted(pair.training->class_names().begin(), pair.training->class_names().end()));
  std::set<std::string> different;
  std::vector<int> per_class(10);
  for (std::int64_t i = 0; i < 40; ++i) {
    const auto bytes = read_bytes(*pair.training, i);
    REQUIRE(bytes.size() == 33 * 47 * 3);
    REQUIRE(bytes == read_bytes(*again.training, i));
    different.insert(text_of(bytes));
    ++per_class[static_cast<std::size_t>(pair.training->label(i))];
  }
  for (std::int64_t i = 0; i < 20; ++i)
    different.insert(text_of(read_bytes(*pair.evaluation, i)));
  options.synthetic.seed = 1;
  different.insert(text_of(read_bytes(*open_dataset("synthetic", DatasetSplit::training, options), 0)));
  CHECK(different.size() == 61);
  CHECK(per_class == std::vector<int>(10, 4));

  options.synthetic.training_count = maximum_generated_images;
  CHECK(open_dataset("synthetic", DatasetSplit::training, options)->size() == maximum_generated_images);
  for (const std::int64_t count : {maximum_generated_images + 1, std::int64_t{0}}) {
    options.synthetic.training_count = count;
    CHECK(contains(open_error("synthetic", DatasetSplit::training, options),
                   "must be 1 to 10000000, not " + std::to_string(count) + " and 20"));
  }
  options.synthetic.training_count = 40;

  options.synthetic.classes = 50;
  const auto many = open_dataset("synthetic", DatasetSplit::training, options);
  CHECK(std::set<std::string>(many->class_names().begin(), many->class_names().end()).size() == 50);
  options.synthetic.classes = 51;
  CHECK(contains(open_error("synthetic", DatasetSplit::training, options), "51"));
  options.synthetic.classes = 10;
  options.synthetic.height = 0;
  CHECK(contains(open_error("synthetic", DatasetSplit::training, options), "47 x 0"));
}
