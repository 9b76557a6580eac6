// How many objects a detector may find, by what images of weights were normalized, and by which number it is judged.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/image/image_writer.h"
#include "engine/run/detector/normalization.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace fs = std::filesystem;

namespace {

std::int64_t lines_with(const std::string& text, const std::string& part) {
  std::int64_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

void write_noise(const fs::path& path, std::int64_t side) {
  Image image(side, side);
  std::uint32_t state = 1;
  for (std::int64_t i = 0; i < side * side * 3; ++i)
    image.view().pixels[i] = static_cast<std::uint8_t>((state = state * 1664525U + 1013904223U) >> 24U);
  fs::create_directories(path.parent_path());
  write_png(path, image.view());
}

}  // namespace

TEST_CASE("an image may have more than a hundred detections, as many as are asked for") {
  const TemporaryFolder folder;
  require_success(run_tool_process("train_detector", small_detector_run(folder / "run", {"--max-steps", "1"})));
  write_noise(folder / "many.png", 320);
  const auto detections = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"--weights",
                                          (folder / "run/last.safetensors").string(),
                                          "--score-threshold",
                                          "0",
                                          "--overlap",
                                          "1",
                                          (folder / "many.png").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ToolResult result = run_tool_process("detect", arguments);
    require_success(result);
    return lines_with(result.output, "%  left");
  };
  REQUIRE(detections({}) == 300);
  REQUIRE(detections({"--most-detections", "7"}) == 7);
  REQUIRE(detections({"--most-detections", "1000", "--candidates", "512"}) == 512);
}

TEST_CASE("images with more objects than can be found are said before they are measured") {
  const TemporaryFolder folder;
  std::string labels;
  for (int i = 0; i < 12; ++i)
    labels += "0 " + std::to_string(0.05 + 0.07 * i) + " 0.5 0.05 0.3\n";
  for (const char* split : {"train", "val"}) {
    write_noise(folder / "data/images" / split / "a.png", 96);
    fs::create_directories(folder / "data/labels" / split);
    write_file_atomically(folder / "data/labels" / split / "a.txt", labels);
  }
  write_file_atomically(folder / "data/classes.txt", std::string_view("bar\n"));
  const auto train = [&](const std::string& most) {
    const ToolResult result =
        run_tool_process("train_detector", {"--data", (folder / "data").string(), "--model", "yolov3_small",
                                            "--image-size", "64", "--batch-size", "1", "--epochs", "1", "--tricks",
                                            "none", "--most-detections", most, "--out", (folder / most).string()});
    INFO(result.output);
    CHECK(contains(result.output, "data: YOLO, 1 image to train on (train), 1 to evaluate on (val)"));
    return contains(result.output, "1 image has more objects than the " + most + " that can be found in one, up to 12");
  };
  REQUIRE(train("10"));
  REQUIRE_FALSE(train("12"));
}

TEST_CASE("weights bring what their images were normalized by") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "d.weights", std::string_view("x"));
  const ops::Normalization darknet = normalization_of_weights((folder / "d.weights").string());
  REQUIRE(darknet.mean[0] == 0.0);
  REQUIRE(darknet.deviation[2] == 255.0);
  const float value = 1.0F;
  const SafetensorsEntry tensor{"x", DataType::float32, {1}, std::as_bytes(std::span(&value, 1))};
  const auto written = [&](const SafetensorsMetadata& metadata) {
    write_safetensors(folder / "w.safetensors", std::span(&tensor, 1), metadata);
    return normalization_of_weights((folder / "w.safetensors").string());
  };
  REQUIRE(written({{"darknet_version", "0.1.0"}}).deviation[0] == 255.0);
  REQUIRE(written({{"mean", "[1, 2, 3]"}, {"deviation", "[4, 5, 6]"}}).mean[1] == 2.0);
  REQUIRE(written({}).mean[0] > 100.0);  // ImageNet's
}
