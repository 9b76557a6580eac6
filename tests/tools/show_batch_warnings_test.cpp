// show_batch says what a training says of its data: wrong boxes, files passed over, broken images.
#include <algorithm>
#include <cstdint>
#include <string>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/image/image_writer.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  write_file_atomically(path, text);
}

void write_image(const fs::path& path) {
  Image image(40, 60);
  std::fill_n(image.view().pixels, 40 * 60 * 3, std::uint8_t{120});
  fs::create_directories(path.parent_path());
  write_png(path, image.view());
}

}  // namespace

TEST_CASE("show_batch prints the warnings of a dataset with boxes, and its broken images") {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b", "c"}) {
    write_image(folder / "data/images" / (std::string(name) + ".png"));
    write(folder / "data/labels" / (std::string(name) + ".txt"), "0 0.5 0.5 0.5 0.5\n");
  }
  write(folder / "data/labels/a.txt", "0 0.5 0.5 0.5 0.5\n0 nan 0.5 0.5 0.5\n");
  write(folder / "data/images/d.webp", "RIFF");
  write(folder / "data/images/empty.png", "");
  write(folder / "data/classes.txt", "thing\n");
  const ToolResult shown = run_tool_process(
      "show_batch", {"--data", (folder / "data").string(), "--model", "yolov3_small", "--image-size", "64",
                     "--batch-size", "2", "--validation-share", "0.3", "--png", (folder / "sheet.png").string()});
  INFO(shown.output);
  require_success(shown);
  CHECK(contains(shown.output, "data: YOLO, "));
  CHECK(contains(shown.output, "1 file passed over"));
  CHECK(fs::file_size(folder / "sheet.png") > 100);
  // Whichever part of the images the two wrong ones fell into, the trained part is told about its own.
  const bool tells_of_box = contains(shown.output, "not finite");
  const bool tells_of_image = contains(shown.output, "cannot be read");
  CHECK((tells_of_box || tells_of_image));
}

TEST_CASE("show_batch names the broken images of a classifier's batch") {
  const TemporaryFolder folder;
  for (const char* split : {"train", "val"})
    for (const char* name : {"cat", "dog"})
      write_image(folder / "data" / split / name / "a.png");
  write(folder / "data/train/cat/empty.png", "");
  const ToolResult shown =
      run_tool_process("show_batch", {"--data", (folder / "data").string(), "--model", "cifar_resnet20", "--batch-size",
                                      "3", "--png", (folder / "sheet.png").string()});
  INFO(shown.output);
  require_success(shown);
  CHECK(
      contains(shown.output, "broken image " + (folder / "data/train/cat/empty.png").string() + ": the file is empty"));
}
