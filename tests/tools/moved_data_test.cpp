// A run goes on where its data has moved to, and only with the same images and labels.
#include <cstdint>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/labeled_images.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace {

namespace fs = std::filesystem;

// Class folders, or a YOLO tree.
void write_data(const fs::path& root, bool is_detector) {
  for (const std::string split : {"train", "val"}) {
    for (int i = 0; i < 8; ++i) {
      const std::string name = "image" + std::to_string(i);
      const auto gray = static_cast<std::uint8_t>(10 * i);
      if (is_detector) {
        write_gray_png(root / "images" / split / (name + ".png"), 16, 16, gray);
        write_text(root / "labels" / split / (name + ".txt"),
                   std::to_string(i % 2) + " 0.5 0.5 0." + std::to_string(i + 2) + " 0.5\n");
      } else {
        write_gray_png(root / split / (i % 2 == 0 ? "even" : "odd") / (name + ".png"), 16, 16, gray);
      }
    }
  }
  if (is_detector) write_file_atomically(root / "classes.txt", "even\nodd\n");
}

}  // namespace

TEST_CASE("a run goes on where its data has moved to, and not with other images or labels") {
  const TemporaryFolder scratch;
  const bool is_detector = GENERATE(false, true);
  const std::string tool = is_detector ? "train_detector" : "train_classifier";
  const fs::path data = scratch / "data", run = scratch / "run", whole = scratch / "whole";
  write_data(data, is_detector);
  const auto arguments = [&](const fs::path& out, const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = {"--data",   data.string(), "--batch-size", "4",
                                    "--epochs", "3",           "--out",        out.string()};
    if (is_detector)
      all.insert(all.end(), {"--model", "yolov3_small", "--format", "yolo", "--image-size", "64", "--random-shapes",
                             "off", "--classes", (data / "classes.txt").string()});
    else
      all.insert(all.end(), {"--model", "cifar_resnet20", "--image-size", "16"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  require_success(run_tool_process(tool, arguments(whole)));
  require_success(run_tool_process(tool, arguments(run, {"--max-steps", "3"})));

  const fs::path moved = scratch / "somewhere" / "else";
  fs::create_directories(moved.parent_path());
  fs::copy(data, moved, fs::copy_options::recursive);
  fs::remove_all(data);
  const auto resume = [&](const fs::path& from, const std::string& steps) {
    std::vector<std::string> all = {"--resume", "--max-steps", steps, "--out", run.string()};
    if (!from.empty()) all.insert(all.end(), {"--data", from.string()});
    if (!from.empty() && is_detector) all.insert(all.end(), {"--classes", (from / "classes.txt").string()});
    return run_tool_process(tool, all);
  };
  const auto refused = [&](const std::string& why) {
    CAPTURE(why);
    const ToolResult result = resume(moved, "0");
    INFO(result.output);
    CHECK(result.status == 1);
    CHECK(contains(result.output, "--data was \"" + data.string() + "\", now \"" + moved.string() + "\""));
    CHECK(contains(result.output, "the names, sizes or labels of its images are others"));
  };
  const fs::path images = is_detector ? moved / "images/train" : moved / "train/odd";
  const std::string original = read_text_file(images / "image3.png");
  write_file_atomically(images / "image3.png", original + "x");
  refused("another size");
  write_file_atomically(images / "image3.png", original);
  if (is_detector) {
    const fs::path label = moved / "labels/train/image3.txt";
    const std::string text = read_text_file(label);
    write_file_atomically(label, "0" + text.substr(1));
    refused("another class");
    write_file_atomically(label, text.substr(0, text.size() - 2) + "4\n");
    refused("another box");
    write_file_atomically(label, text);
  } else {
    fs::rename(images / "image3.png", images / "image9.png");
    refused("another name");
    fs::rename(images / "image9.png", images / "image3.png");
    fs::rename(images / "image3.png", moved / "train/even/image3.png");
    refused("another class");
    fs::rename(moved / "train/even/image3.png", images / "image3.png");
  }

  const ToolResult result = resume(moved.string() + "/", "5");
  INFO(result.output);
  REQUIRE(result.status == 0);
  CHECK(contains(result.output, "the data have moved to"));
  if (!is_detector) {
    // As an archive of the same tree.
    const fs::path archive = scratch / "data.tar";
    require_success(
        run_tool_process("/bin/sh", {"-c", "cd " + moved.string() + " && tar cf " + archive.string() + " train val"}));
    require_success(resume(archive, "6"));
  }
  // From now on it is looked for where it is.
  require_success(resume("", "0"));
  const auto bytes = [](const fs::path& folder) { return read_file(folder / "best.safetensors"); };
  const bool equal = bytes(run) == bytes(whole);
  CHECK(equal);

  // Images that change where they are.
  const fs::path other = scratch / "other";
  write_data(data, is_detector);
  require_success(run_tool_process(tool, arguments(other, {"--max-steps", "3"})));
  const fs::path image = is_detector ? data / "images/train/image3.png" : data / "train/odd/image3.png";
  write_file_atomically(image, read_text_file(image) + "x");
  const ToolResult changed_in_place = run_tool_process(tool, {"--resume", "--max-steps", "4", "--out", other.string()});
  INFO(changed_in_place.output);
  CHECK(changed_in_place.status == 0);
  CHECK(contains(changed_in_place.output, "are not those that the run was started with"));
}

TEST_CASE("a run does not go on where other classes would take the places of its own") {
  const TemporaryFolder scratch;
  const fs::path data = scratch / "data", run = scratch / "run";
  write_data(data, false);
  require_success(run_tool_process(
      "train_classifier", {"--data", data.string(), "--batch-size", "4", "--epochs", "2", "--model", "cifar_resnet20",
                           "--image-size", "16", "--max-steps", "3", "--out", run.string()}));
  const std::string before = read_text_file(run / "last.safetensors");
  // Sorts behind "odd": the outputs would change places.
  for (const std::string split : {"train", "val"})
    fs::rename(data / split / "even", data / split / "plain");
  const ToolResult result = run_tool_process("train_classifier", {"--resume", "--out", run.string()});
  INFO(result.output);
  CHECK(result.status == 1);
  CHECK(contains(result.output, R"(was started with the classes "["even","odd"]")"));
  CHECK(contains(result.output, R"(are "["odd","plain"]": it would take one for another)"));
  CHECK(contains(result.output, "--weights " + (run / "last.safetensors").string()));
  CHECK(read_text_file(run / "last.safetensors") == before);
}

TEST_CASE("a run goes on where the images of its annotations have moved to") {
  const TemporaryFolder scratch;
  const fs::path data = scratch / "data", run = scratch / "run";
  const bool has_images_apart = GENERATE(true, false);
  for (const std::string split : {"train", "val"}) {
    std::string images, annotations;
    for (int i = 0; i < 4; ++i) {
      const std::string number = std::to_string(i), separator = i == 0 ? "" : ",";
      write_gray_png(data / "images" / (split + number + ".png"), 16, 16, static_cast<std::uint8_t>(40 * i));
      images +=
          separator + R"({"id":)" + number + R"(,"file_name":")" + split + number + R"(.png","width":16,"height":16})";
      annotations += separator + R"({"id":)" + number + R"(,"image_id":)" + number +
                     R"(,"category_id":1,"bbox":[2,2,8,8],"area":64,"iscrowd":0})";
    }
    fs::create_directories(data / "annotations");
    write_file_atomically(data / "annotations" / ("instances_" + split + ".json"),
                          R"({"images":[)" + images + R"(],"annotations":[)" + annotations +
                              R"(],"categories":[{"id":1,"name":"thing"}]})");
  }
  const auto places = [&](const fs::path& root, const std::vector<std::string>& more) {
    std::vector<std::string> all = {"--data", (root / "annotations" / "instances_train.json").string()};
    if (has_images_apart) all = {"--data", (root / "annotations").string(), "--images", (root / "images").string()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  require_success(run_tool_process(
      "train_detector", places(data, {"--batch-size", "2", "--epochs", "2", "--image-size", "64", "--random-shapes",
                                      "off", "--max-steps", "2", "--out", run.string()})));
  const fs::path moved = scratch / "elsewhere";
  fs::rename(data, moved);
  const ToolResult result = run_tool_process("train_detector", places(moved, {"--resume", "--out", run.string()}));
  INFO(result.output);
  CHECK(result.status == 0);
  CHECK(contains(result.output, "the data have moved to"));
}
