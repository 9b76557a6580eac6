// make_anchors as a user runs it.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/image/image_writer.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/tool_process.h"

using namespace sleight;
using namespace sleight::test;

namespace {

ToolResult make_anchors(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--synthetic-images", "60"});
  return run_tool_process("make_anchors", arguments);
}

// Six images with one box each in Pascal VOC's form, the boxes of different sizes; the last one is difficult.
void write_voc(const std::filesystem::path& root) {
  for (const char* folder : {"JPEGImages", "Annotations", "ImageSets/Main"})
    std::filesystem::create_directories(root / folder);
  std::string names;
  for (int i = 0; i < 6; ++i) {
    const std::string name = "image" + std::to_string(i);
    Image image(64, 96);
    std::fill_n(image.view().pixels, 64 * 96 * 3, std::uint8_t{40});
    write_png(root / "JPEGImages" / (name + ".png"), image.view());
    write_file_atomically(root / "Annotations" / (name + ".xml"),
                          "<annotation><filename>" + name +
                              ".png</filename><size><width>96</width><height>64</height></size><object><name>plate"
                              "</name><difficult>" +
                              std::string(i == 5 ? "1" : "0") +
                              "</difficult><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>" + std::to_string(10 + 5 * i) +
                              "</xmax><ymax>" + std::to_string(8 + 7 * i) + "</ymax></bndbox></object></annotation>");
    names += name + "\n";
  }
  for (const char* split : {"train", "val"})
    write_file_atomically(root / "ImageSets/Main" / (std::string(split) + ".txt"), names);
}

// What stands behind `name` in the output, as a number.
double number_behind(const std::string& output, const std::string& name) {
  const std::size_t place = output.find(name);
  REQUIRE(place != std::string::npos);
  return std::stod(output.substr(place + name.size()));
}

}  // namespace

TEST_CASE("make_anchors: finds anchors that fit better than those of another dataset, the same ones again") {
  const std::vector<std::string> arguments = {"--data", "synthetic", "--format", "synthetic", "--image-size", "320"};
  const ToolResult result = make_anchors(arguments);
  INFO(result.output);
  REQUIRE(result.status == 0);
  CHECK(contains(result.output, "60 images, at 320 x 320 pixels"));
  const double found = number_behind(result.output, "best anchor: ");
  CHECK(found > number_behind(result.output, "default anchors: "));
  CHECK(found > 0.5);
  CHECK(found < 1.0);
  CHECK(make_anchors(arguments).output == result.output);
}

TEST_CASE("make_anchors: twice the pixels, twice the anchors") {
  const auto smallest = [](const std::string& image_size) {
    const ToolResult result =
        make_anchors({"--data", "synthetic", "--format", "synthetic", "--anchors", "3", "--image-size", image_size});
    INFO(result.output);
    REQUIRE(result.status == 0);
    return number_behind(result.output, "\nanchors: ");
  };
  // Printed to a tenth of a pixel.
  CHECK(std::abs(smallest("832") - 2.0 * smallest("416")) <= 0.2);
}

TEST_CASE("make_anchors: takes train_detector's flags of its data") {
  const TemporaryFolder scratch;
  write_voc(scratch / "voc");
  const auto boxes = [&](const std::string& flag, const std::string& value) {
    const ToolResult result =
        make_anchors({"--data", (scratch / "voc").string(), "--image-size", "96", "--anchors", "2", flag, value});
    INFO(result.output);
    REQUIRE(result.status == 0);
    return result.output;
  };
  CHECK(contains(boxes("--difficult", "keep"), "6 boxes of 6 images, at 96 x 96"));
  CHECK(contains(boxes("--difficult", "drop"), "5 boxes of 6 images"));
  write_file_atomically(scratch / "voc/ImageSets/Main/few.txt", std::string("image0\nimage3\n"));
  CHECK(contains(boxes("--train-split", "few"), "2 boxes of 2 images"));
  const ToolResult scenes = make_anchors({"--data", "synthetic", "--synthetic-size", "64", "--synthetic-classes", "2"});
  INFO(scenes.output);
  CHECK(scenes.status == 0);
  CHECK(contains(scenes.output, "60 images"));
}

TEST_CASE("make_anchors: what cannot be done is one clear line") {
  const auto expect = [](const std::vector<std::string>& arguments, const std::string& part) {
    const ToolResult result = make_anchors(arguments);
    INFO(result.output);
    CHECK(result.status != 0);
    CHECK(result.status < 128);
    CHECK(contains(result.output, part));
  };
  expect({"--data", "synthetic", "--format", "pascal"}, "pascal");
  expect({"--data", "/nowhere/at/all"}, "/nowhere/at/all");
  expect({}, "--data");
  expect({"--data", "/nowhere", "--difficult", "maybe"}, "maybe");
  expect({"--data", "synthetic", "--evaluation-split", "val"}, "--evaluation-split");  // it looks at none
  expect({"--data", "synthetic", "--format", "synthetic", "--anchors", "0"}, "--anchors");
}
