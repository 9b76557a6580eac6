#include "engine/report/tensorboard.h"

#include <algorithm>

#include "catch2_adapter.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"

namespace sleight {

namespace {

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4U];
    text += digits[static_cast<unsigned char>(byte) & 0xFU];
  }
  return text;
}

}  // namespace

// The expected bytes are what the tensorboard package (2.21) serializes for the same events.
TEST_CASE("events are encoded as TensorBoard's own protocol buffers are") {
  CHECK(hexadecimal(tensorboard_version_event(1.5)) == "09000000000000f83f1a0d627261696e2e4576656e743a32");
  CHECK(hexadecimal(tensorboard_restart_event(1.5, 300)) == "09000000000000f83f10ac023a020801");
  CHECK(hexadecimal(tensorboard_scalar_event(1.5, 300, "train/loss", 2.25F)) ==
        "09000000000000f83f10ac022a130a110a0a747261696e2f6c6f73731500001040");
  const std::string png = "png bytes";
  CHECK(hexadecimal(tensorboard_image_event(1.5, 1, "batch", 640, 7, std::as_bytes(std::span(png)))) ==
        "09000000000000f83f10012a1d0a1b0a0562617463682212080710800518032209706e67206279746573");
}

TEST_CASE("a record is framed with masked checksums") {
  CHECK(hexadecimal(tfrecord_frame("hello")) == "0500000000000000eab2043e68656c6c6fbb1f1c19");
  CHECK(hexadecimal(tfrecord_frame("")) == "000000000000000029039807d8ea82a2");
}

TEST_CASE("a writer makes a new event file and writes each event at once") {
  const TemporaryFolder folder;
  TensorboardWriter first(folder.path());
  TensorboardWriter second(folder.path(), 7);
  CHECK(folder.entries() == 2);
  first.scalar(1, "loss", 2.0);
  const std::string version = tfrecord_frame(tensorboard_version_event(0));
  const std::string restart = tfrecord_frame(tensorboard_restart_event(0, 7));
  const std::string scalar = tfrecord_frame(tensorboard_scalar_event(0, 1, "loss", 2.0F));
  std::vector<std::size_t> sizes;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    CHECK(contains(entry.path().filename().string(), "events.out.tfevents."));
    sizes.push_back(entry.file_size());
  }
  std::ranges::sort(sizes);
  std::vector<std::size_t> expected = {version.size() + scalar.size(), version.size() + restart.size()};
  std::ranges::sort(expected);
  CHECK(sizes == expected);
  CHECK(contains(error_message([&] { TensorboardWriter{folder / "missing"}; }), "check the path"));
}

TEST_CASE("event files are cut after a step, at the first frame that is not whole, and no other file is touched") {
  const TemporaryFolder folder;
  const std::int64_t steps[] = {1, 127, 128, 300};
  std::vector<std::size_t> sizes;  // of the file after each event
  const std::filesystem::path file = [&] {
    TensorboardWriter writer(folder.path());
    const std::filesystem::path path = std::filesystem::directory_iterator(folder.path())->path();
    sizes.push_back(std::filesystem::file_size(path));
    for (const std::int64_t step : steps) {
      writer.scalar(step, "loss", 1.0);
      sizes.push_back(std::filesystem::file_size(path));
    }
    return path;
  }();
  write_file_atomically(folder / "events.out.tfevents.1.of-another-program", "x");
  const auto cut = [&](std::int64_t last_step) {
    cut_event_files(folder.path(), last_step);
    return std::filesystem::file_size(file);
  };
  CHECK(cut(1000) == sizes[4]);
  std::filesystem::resize_file(file, sizes[4] - 3);
  CHECK(cut(1000) == sizes[3]);
  CHECK(cut(128) == sizes[3]);
  CHECK(cut(127) == sizes[2]);
  CHECK(cut(0) == sizes[0]);
  CHECK(read_text_file(folder / "events.out.tfevents.1.of-another-program") == "x");
}

TEST_CASE("a resumed run's event file comes after all that were there") {
  const TemporaryFolder folder;
  std::vector<std::string> names;
  for (int i = 0; i < 12; ++i) {
    const TensorboardWriter writer(folder.path(), i);
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      const std::string name = entry.path().filename().string();
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  }
  REQUIRE(names.size() == 12);
  CHECK(std::ranges::is_sorted(names));
}

}  // namespace sleight
