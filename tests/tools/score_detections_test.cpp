// Detections scored from outside: a dataset in COCO's format and a file of detections, both written by the test.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/image/image.h"
#include "engine/image/image_writer.h"
#include "engine/metrics/detection_metrics.h"
#include "engine/metrics/detections_file.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"
#include "tests/golden/golden.h"
#include "tests/tools/tool_process.h"

namespace sleight::test {
namespace {

// Two images of 60 x 40, a cat in the first and a dog in the second.
class SmallSet {
 public:
  SmallSet() {
    std::filesystem::create_directories(folder / "data/annotations");
    std::filesystem::create_directories(folder / "data/val");
    nlohmann::json annotations = {{"images", nlohmann::json::array()},
                                  {"categories", {{{"id", 5}, {"name", "cat"}}, {{"id", 2}, {"name", "dog"}}}},
                                  {"annotations", nlohmann::json::array()}};
    Image image;
    image.resize(40, 60);
    for (const int id : {1, 2}) {
      const std::string name = std::to_string(id) + ".png";
      write_file_atomically(folder / "data/val" / name, encode_png(image.view()));
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
    .images = {"2.png", "1.png"},
    .class_names = {"dog", "cat"},
    .detections = {{1, 1, 0.9, {10, 10, 22, 30}}, {0, 0, 0.5, {10, 10, 30, 30}}, {0, 0, 0.6, {40, 0, 50, 9}}}};

}  // namespace

TEST_CASE("score_detections prints every metric, as a table and as JSON") {
  const SmallSet set;
  const ToolResult table = set.score(found);
  INFO(table.output);
  REQUIRE(table.status == 0);
  CHECK(contains(table.output, "VOC07"));
  CHECK(contains(table.output, "2 images; percent; difficult objects ignored"));

  const ToolResult result = set.score(found, {"--json"});
  INFO(result.output);
  REQUIRE(result.status == 0);
  const nlohmann::json json = nlohmann::json::parse(result.output.substr(result.output.find('{')));
  CHECK(json.at("images") == 2);
  CHECK(json.at("VOC") == 0.75);
  CHECK(json.at("VOC07") == 0.75);
  // The cat at 0.5, 0.55 and 0.6 of ten thresholds.
  CHECK(std::abs(json.at("COCO").at("AP").get<double>() - (0.3 + 0.5) / 2) <= 1e-9);
  CHECK(json.at("COCO").at("AP large").is_null());

  const ToolResult stricter = set.score(found, {"--json", "--overlap", "0.7"});
  CHECK(contains(stricter.output, "\"VOC\": 0.25"));
}

TEST_CASE("COCO's files as they are get pycocotools' numbers, whatever the order of the images") {
  for (const nlohmann::json& golden : golden_cases("coco_results")) {
    INFO(golden.at("name").get<std::string>());
    const TemporaryFolder folder;
    nlohmann::json annotations = golden.at("annotations");
    for (const nlohmann::json& entry : annotations.at("images")) {
      Image image;
      image.resize(entry.at("height"), entry.at("width"));
      const std::filesystem::path file = folder / "data/val" / entry.at("file_name").get<std::string>();
      std::filesystem::create_directories(file.parent_path());
      write_file_atomically(file, encode_png(image.view()));
    }
    std::filesystem::create_directories(folder / "data/annotations");
    write_file_atomically(folder / "results.json", golden.at("results").dump());
    const auto score = [&] {
      write_file_atomically(folder / "data/annotations/instances_val.json", annotations.dump());
      const ToolResult result =
          run_tool_process("score_detections", {"--detections", (folder / "results.json").string(), "--data",
                                                (folder / "data").string(), "--format", "coco", "--json"});
      INFO(result.output);
      REQUIRE(result.status == 0);
      return nlohmann::json::parse(result.output.substr(result.output.find("\n{") + 1));
    };
    const nlohmann::json scores = score();
    for (std::size_t i = 0; i < coco_numbers.size(); ++i) {
      const nlohmann::json& found_number = scores.at("COCO").at(coco_numbers[i].name);
      const nlohmann::json& expected = golden.at("numbers").at(i);
      INFO(coco_numbers[i].name << ": " << found_number.dump() << " instead of " << expected.dump());
      REQUIRE(found_number.is_null() == expected.is_null());
      if (!expected.is_null()) CHECK(std::abs(found_number.get<double>() - expected.get<double>()) <= 1e-9);
    }
    nlohmann::json& images = annotations.at("images");
    std::reverse(images.begin(), images.end());
    CHECK(score() == scores);
  }
}

TEST_CASE("score_detections reads COCO's results, and says which of their ids it does not know") {
  const SmallSet set;
  const auto score = [&](const std::string& results) {
    write_file_atomically(set.folder / "results.json", results);
    return run_tool_process("score_detections", {"--detections", (set.folder / "results.json").string(), "--data",
                                                 (set.folder / "data").string(), "--format", "coco", "--json"});
  };
  const auto result = [](int image, int category) {
    return R"({"image_id": )" + std::to_string(image) + R"(, "category_id": )" + std::to_string(category) +
           R"(, "bbox": [10, 10, 20, 20], "score": 0.5})";
  };
  const ToolResult good = score("[" + result(1, 5) + "," + result(2, 2) + "]");
  INFO(good.output);
  CHECK(good.status == 0);
  CHECK(contains(good.output, "\"VOC\": 1.0"));
  const ToolResult category = score("[" + result(1, 5) + "," + result(2, 1) + "]");
  INFO(category.output);
  CHECK(category.status == 1);
  CHECK(contains(category.output,
                 "results[1].category_id is 1, but of the 2 categories of the annotations, numbered 2 "
                 "to 5"));
  const ToolResult image = score("[" + result(7, 5) + "]");
  INFO(image.output);
  CHECK(image.status == 1);
  CHECK(contains(image.output, "results[0].image_id is 7"));
}

TEST_CASE("objects in images that nobody could read do not count") {
  const SmallSet set;
  DetectionsFile other = found;
  other.detections = {{1, 1, 0.9, {10, 10, 30, 30}}};
  const ToolResult missed = set.score(other, {"--json"});
  INFO(missed.output);
  CHECK(contains(missed.output, "\"VOC\": 0.5"));
  other.unreadable = {0};
  const ToolResult left_out = set.score(other, {"--json"});
  INFO(left_out.output);
  CHECK(left_out.status == 0);
  CHECK(contains(left_out.output, "\"VOC\": 1.0"));
  CHECK(contains(left_out.output, "1 of the 2 images could not be read"));
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
  other.images[1] = "3.png";
  refuse(other, {}, "\"3.png\" is not in the dataset");
  other = found;
  other.class_names[0] = "horse";
  refuse(other, {}, "\"horse\" is no class of the dataset");
  refuse(found, {"--difficult", "maybe"}, "ignored, counted, left-out");
  refuse(found, {"--overlap", "0"}, "--overlap must be a number, above 0");
  other = found;
  other.class_names = {"dog"};
  other.detections.clear();
  const ToolResult result = set.score(other);
  INFO(result.output);
  CHECK(result.status == 0);
  CHECK(contains(result.output, "does not know the class 'cat'"));
}

}  // namespace sleight::test
