// Detections scored from outside: a data set in COCO's format and a file of detections, both written by the test.
#include <cmath>
#include <nlohmann/json.hpp>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/data/picture.h"
#include "engine/data/png.h"
#include "engine/train/detections_file.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/tool_process.h"

namespace sleight::test {
namespace {

// Two pictures of 60 x 40, a cat in the first and a dog in the second.
class SmallSet {
 public:
  SmallSet() {
    std::filesystem::create_directories(folder / "data/annotations");
    std::filesystem::create_directories(folder / "data/val");
    nlohmann::json annotations = {{"images", nlohmann::json::array()},
                                  {"categories", {{{"id", 5}, {"name", "cat"}}, {{"id", 2}, {"name", "dog"}}}},
                                  {"annotations", nlohmann::json::array()}};
    Picture picture;
    picture.resize(40, 60);
    for (const int id : {1, 2}) {
      const std::string name = std::to_string(id) + ".png";
      write_file_atomically(folder / "data/val" / name, encode_png(picture.view()));
      annotations["images"].push_back({{"id", id}, {"file_name", name}, {"width", 60}, {"height", 40}});
      annotations["annotations"].push_back({{"id", id},
                                            {"image_id", id},
                                            {"category_id", id == 1 ? 5 : 2},
                                            {"bbox", {10, 10, 20, 20}},
                                            {"area", 400},
                                            {"iscrowd", 0}});
    }
    write_file_atomically(folder / "data/annotations/instances_val.json", annotations.dump());
  }

  ToolResult score(const DetectionsFile& found, const std::vector<std::string>& more = {}) const {
    write_detections(folder / "found.json", found);
    std::vector<std::string> arguments = {
        "--detections", (folder / "found.json").string(), "--data", (folder / "data").string(), "--format", "coco"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tool_process("score_detections", arguments);
  }

  TemporaryFolder folder;
};

// The cat is found by 12 of its 20 pixels, the dog exactly but after a box where nothing is.
const DetectionsFile found = {
    .pictures = {"2.png", "1.png"},
    .class_names = {"dog", "cat"},
    .detections = {{1, 1, 0.9, {10, 10, 22, 30}}, {0, 0, 0.5, {10, 10, 30, 30}}, {0, 0, 0.6, {40, 0, 50, 9}}}};

}  // namespace

TEST_CASE("score_detections prints every metric, as a table and as JSON") {
  const SmallSet set;
  const ToolResult table = set.score(found);
  INFO(table.output);
  REQUIRE(table.status == 0);
  CHECK(contains(table.output, "VOC07"));
  CHECK(contains(table.output, "2 pictures; percent; difficult objects ignored"));

  const ToolResult result = set.score(found, {"--json"});
  INFO(result.output);
  REQUIRE(result.status == 0);
  const nlohmann::json json = nlohmann::json::parse(result.output.substr(result.output.find('{')));
  CHECK(json.at("pictures") == 2);
  CHECK(json.at("VOC") == 0.75);
  CHECK(json.at("VOC07") == 0.75);
  // The cat at 0.5, 0.55 and 0.6 of ten thresholds.
  CHECK(std::abs(json.at("COCO").at("AP").get<double>() - (0.3 + 0.5) / 2) <= 1e-9);
  CHECK(json.at("COCO").at("AP large").is_null());

  const ToolResult stricter = set.score(found, {"--json", "--overlap", "0.7"});
  CHECK(contains(stricter.output, "\"VOC\": 0.25"));
}

TEST_CASE("score_detections says what is wrong with its files and flags") {
  const SmallSet set;
  const auto refuse = [&](const DetectionsFile& file, const std::vector<std::string>& more, const std::string& part) {
    const ToolResult result = set.score(file, more);
    INFO(result.output);
    CHECK(result.status == 1);
    CHECK(contains(result.output, part));
  };
  DetectionsFile other = found;
  other.pictures[1] = "3.png";
  refuse(other, {}, "\"3.png\" is not in the data set");
  other = found;
  other.class_names[0] = "horse";
  refuse(other, {}, "\"horse\" is no class of the data set");
  refuse(found, {"--difficult", "maybe"}, "ignored, counted, left-out");
  refuse(found, {"--overlap", "0"}, "overlap threshold");
  other = found;
  other.class_names = {"dog"};
  other.detections.clear();
  const ToolResult result = set.score(other);
  INFO(result.output);
  CHECK(result.status == 0);
  CHECK(contains(result.output, "does not know the class 'cat'"));
}

}  // namespace sleight::test
