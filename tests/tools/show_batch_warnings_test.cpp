// show_batch says what a training says of its data: wrong boxes, files passed over, broken images.
#include <string>

#include "catch2_adapter.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/labeled_images.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace fs = std::filesystem;

TEST_CASE("show_batch prints the warnings of a dataset with boxes, and its broken images") {
  const TemporaryFolder folder;
  const auto add = [&](const std::string& split, const std::string& name, const std::string& label) {
    write_gray_png(folder / "data/images" / split / (name + ".png"), 40, 60, 120);
    write_text(folder / "data/labels" / split / (name + ".txt"), label);
  };
  add("train", "a", "0 0.5 0.5 0.5 0.5\n0 nan 0.5 0.5 0.5\n");
  add("train", "b", "0 0.5 0.5 0.5 0.5\n");
  add("val", "c", "0 0.5 0.5 0.5 0.5\n");
  write_text(folder / "data/images/train/d.webp", "RIFF");
  write_text(folder / "data/images/train/empty.png", "");
  write_text(folder / "data/classes.txt", "thing\n");
  const ToolResult shown =
      run_tool_process("show_batch", {"--data", (folder / "data").string(), "--model", "yolov3_small", "--image-size",
                                      "64", "--batch-size", "2", "--png", (folder / "sheet.png").string()});
  INFO(shown.output);
  require_success(shown);
  CHECK(contains(shown.output, "data: YOLO, "));
  CHECK(contains(shown.output, "1 file passed over"));
  CHECK(contains(shown.output, "1 box with numbers that are not finite was left out"));
  CHECK(contains(shown.output, "1 image cannot be read"));
  CHECK(fs::file_size(folder / "sheet.png") > 100);
}

TEST_CASE("show_batch names the broken images of a classifier's batch") {
  const TemporaryFolder folder;
  for (const char* split : {"train", "val"})
    for (const char* name : {"cat", "dog"})
      write_gray_png(folder / "data" / split / name / "a.png", 40, 60, 120);
  write_text(folder / "data/train/cat/empty.png", "");
  const ToolResult shown =
      run_tool_process("show_batch", {"--data", (folder / "data").string(), "--model", "cifar_resnet20", "--batch-size",
                                      "3", "--png", (folder / "sheet.png").string()});
  INFO(shown.output);
  require_success(shown);
  CHECK(
      contains(shown.output, "broken image " + (folder / "data/train/cat/empty.png").string() + ": the file is empty"));
}
