#include "engine/metrics/detections_file.h"

#include <cmath>
#include <limits>
#include <random>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/train/detector.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"
#include "tests/metrics/detection_scenes.h"

namespace sleight::test {
namespace {

const std::string images = R"("images": [{"id": 7, "file_name": "a.jpg"}, {"id": 3, "file_name": "b.jpg"}])";
const std::string categories = R"("categories": [{"id": 90, "name": "cat"}, {"id": -1, "name": "dog"}])";

std::string with_annotation(const std::string& annotation) {
  return "{" + images + "," + categories + R"(,"annotations": [)" + annotation + "]}";
}

std::string message_of(const std::string& text) {
  return error_message([&] { detections_from_json(text, "found.json"); });
}

void refuse(const std::string& text, const std::vector<std::string>& parts) {
  const std::string message = message_of(text);
  INFO(text.substr(0, 200));
  INFO(message);
  CHECK(contains(message, "found.json: "));
  for (const std::string& part : parts) {
    INFO(part);
    CHECK(contains(message, part));
  }
}

}  // namespace

TEST_CASE("detections come back from a file bit by bit") {
  const DetectionScene scene = random_scene(1, 3, 2, 4, 20);
  DetectionsFile file{.images = {"a \"quoted\".jpg", "folder/b.jpg", "\xc3\xa9.png"},
                      .class_names = scene.truth.class_names,
                      .detections = scene.detections,
                      .unreadable = {}};
  // As networks give them: the difference of two such numbers, and its sum with one of them again, is exact.
  for (Detection& detection : file.detections) {
    Box& box = detection.box;
    for (double* edge : {&box.left, &box.top, &box.right, &box.bottom, &detection.score})
      *edge = static_cast<float>(*edge);
  }
  const TemporaryFolder folder;
  write_detections(folder / "found.json", file);
  const DetectionsFile read = read_detections(folder / "found.json");
  CHECK(read.images == file.images);
  CHECK(read.class_names == file.class_names);
  CHECK(read.detections == file.detections);
  const DetectionsFile empty = detections_from_json(detections_to_json({}), "empty");
  CHECK(empty.images.empty());
  CHECK(empty.class_names.empty());
  CHECK(empty.detections.empty());
}

TEST_CASE("a file of another program is read: any ids, any order of keys, anything beside") {
  const std::string text = R"({"annotations": [{"score": 1, "bbox": [1, 2.5, 3e1, 0], "category_id": -1, "id": 5,
      "image_id": 3, "segmentation": [[1, 2, {"bbox": [1]}], []], "iscrowd": 0}],
      "info": {"annotations": {"score": null}, "list": [[[]]]}, "licenses": null,)" +
                           categories + "," + images + "}";
  const DetectionsFile file = detections_from_json(text, "found.json");
  CHECK(file.images == std::vector<std::string>{"a.jpg", "b.jpg"});
  CHECK(file.class_names == std::vector<std::string>{"cat", "dog"});
  CHECK(file.detections == std::vector<Detection>{{1, 1, 1.0, {1, 2.5, 31, 2.5}}});
}

TEST_CASE("files of the wrong shape say where") {
  const std::string good = R"({"image_id": 7, "category_id": 90, "bbox": [1, 2, 3, 4], "score": 0.5})";
  REQUIRE(message_of(with_annotation(good)).empty());
  refuse("", {"not valid JSON"});
  refuse("[" + good + "]", {"COCO's results alone", "under \"annotations\""});
  refuse("17", {"expected an object with \"images\"", "found a number"});
  refuse("{}", {"there is no \"images\""});
  refuse("{" + images + "," + categories + "}", {"there is no \"annotations\""});
  refuse("{" + images + "," + images + "}", {"\"images\" is there twice"});
  refuse(R"({"images": {}})", {"images: expected a list, found an object"});
  refuse(R"({"images": [[]]})", {"images[0]: expected an object, found a list"});
  refuse(R"({"images": [{"id": "one"}]})", {"images[0].id: expected a whole number of 64 bits, found a text"});
  refuse(R"({"images": [{"id": 1.5}]})", {"images[0].id: expected a whole number of 64 bits, found 1.5"});
  refuse(R"({"images": [{"id": 9223372036854775808}]})",
         {"images[0].id: expected a whole number of 64 bits, found 9.22337e+18"});
  refuse(R"({"images": [{"id": 1, "file_name": 2}]})", {"images[0].file_name: expected a text, found a number"});
  refuse(R"({"images": [{"id": 1}]})", {"images[0]: it has no \"file_name\""});
  refuse(R"({"images": [{"id": 1, "id": 1}]})", {"images[0]: \"id\" is there twice"});
  refuse(
      R"({"images": [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}], "categories": [], "annotations": []})",
      {"images[0] and images[1] both have the id 1"});
  refuse(R"({"categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "a"}], "images": [], "annotations": []})",
         {"categories[0] and categories[1] both have the name \"a\""});
  refuse(with_annotation("null"), {"annotations[0]: expected an object, found null"});
  refuse(with_annotation(good + ", 3"), {"annotations[1]: expected an object, found a number"});
  refuse(with_annotation(R"({"image_id": 7, "category_id": 90, "bbox": [1, 2, 3, 4]})"),
         {"annotations[0]: it has no \"score\""});
  refuse(with_annotation(R"({"image_id": 1, "category_id": 90, "bbox": [1, 2, 3, 4], "score": 1})"),
         {"annotations[0].image_id is 1, but no entry of \"images\""});
  refuse(with_annotation(R"({"image_id": 7, "category_id": 91, "bbox": [1, 2, 3, 4], "score": 1})"),
         {"annotations[0].category_id is 91, but no entry of \"categories\""});
  refuse(with_annotation(R"({"bbox": [1, 2, 3]})"), {"annotations[0].bbox: expected 4 numbers, found 3"});
  refuse(with_annotation(R"({"bbox": [1, 2, 3, 4, 5]})"), {"annotations[0].bbox: expected 4 numbers, found 5"});
  refuse(with_annotation(R"({"bbox": [1, 2, [3], 4]})"), {"annotations[0].bbox[2]: expected a number, found a list"});
  refuse(with_annotation(R"({"bbox": 3})"), {"annotations[0].bbox: expected a list of 4 numbers, found a number"});
  refuse(with_annotation(R"({"image_id": 7, "category_id": 90, "bbox": [1, 2, -3, 4], "score": 1})"),
         {"the negative width -3", "[x, y, width, height]"});
  refuse(with_annotation(R"({"image_id": 7, "category_id": 90, "bbox": [1, 2, 3, -4], "score": 1})"),
         {"the negative height -4"});
  refuse(with_annotation(R"({"image_id": 7, "category_id": 90, "bbox": [1, 2e7, 3, 4], "score": 1})"),
         {"annotations[0].bbox holds 2e+07, beyond 1e7 pixels"});
  refuse(R"({"images": [{"id": 1, "unreadable": 1}]})",
         {"images[0].unreadable: expected true or false, found a number"});
  refuse(with_annotation(R"({"score": true})"), {"annotations[0].score: expected a number, found true or false"});
  refuse(with_annotation(R"({"score": NaN})"), {"not valid JSON", "line 1"});
  refuse(with_annotation(R"({"score": 1e999})"), {"not valid JSON", "number overflow"});
  refuse(with_annotation(good) + "x", {"not valid JSON"});
  const std::string whole = with_annotation(good);
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(contains(message_of(whole.substr(0, size)), "found.json: not valid JSON"));
}

TEST_CASE("COCO's results alone are read with what the annotations say about their ids") {
  const IdMeanings meanings{.images = {{20, "val/b.jpg"}, {10, "val/a.jpg"}, {7, "val/c.jpg"}},
                            .classes = {{90, "cat"}, {3, "dog"}}};
  const auto read = [&](const std::string& text) { return detections_from_json(text, "found.json", meanings); };
  const std::string one = R"({"image_id": 20, "category_id": 90, "bbox": [1, 2.5, 3e1, 0], "score": 0.25})";
  const std::string two = R"({"id": 4, "score": 1, "segmentation": {"counts": "abc"}, "bbox": [0, 0, 1, 1],
                              "area": 1, "category_id": 3, "image_id": 7})";
  const DetectionsFile file = read("[" + one + "," + two + "]");
  CHECK(file.images == std::vector<std::string>{"val/c.jpg", "val/a.jpg", "val/b.jpg"});
  CHECK(file.class_names == std::vector<std::string>{"dog", "cat"});
  CHECK(file.detections == std::vector<Detection>{{2, 1, 0.25, {1, 2.5, 31, 2.5}}, {0, 0, 1.0, {0, 0, 1, 1}}});
  CHECK(file.unreadable.empty());
  CHECK(read("[]").detections.empty());
  CHECK(read("[]").images.size() == 3);
  // A file that explains its own ids needs nobody else to.
  CHECK(read(with_annotation("")).images == std::vector<std::string>{"a.jpg", "b.jpg"});

  const auto refuse_results = [&](const std::string& text, const std::string& part) {
    const std::string message = error_message([&] { read(text); });
    INFO(message);
    CHECK(contains(message, "found.json: " + part));
  };
  refuse_results("[" + one + R"(, {"image_id": 21, "category_id": 90, "bbox": [1, 2, 3, 4], "score": 1}])",
                 "results[1].image_id is 21, but of the 3 images of the annotations, numbered 7 to 20, none has");
  refuse_results(R"([{"image_id": 20, "category_id": 0, "bbox": [1, 2, 3, 4], "score": 1}])",
                 "results[0].category_id is 0, but of the 2 categories of the annotations, numbered 3 to 90, none has");
  refuse_results(R"([{"image_id": "twenty"}])",
                 "results[0].image_id: expected a whole number of 64 bits, found a text");
  refuse_results(R"([{"image_id": 20}])", "results[0]: it has no \"category_id\"");
  refuse_results("[" + one + ", 3]", "results[1]: expected an object, found a number");
  refuse_results("[" + one, "not valid JSON");
  refuse_results("[" + one + "] []", "not valid JSON");
  refuse_results("[[]]", "results[0]: expected an object, found a list");
}

TEST_CASE("images that could not be read stand in a file of detections") {
  const DetectionsFile file{.images = {"a", "b", "c"},
                            .class_names = {"cat"},
                            .detections = {{0, 0, 0.5, {1, 2, 3, 4}}},
                            .unreadable = {1, 2}};
  const DetectionsFile read = detections_from_json(detections_to_json(file), "found.json");
  CHECK(read.unreadable == file.unreadable);
  CHECK(read.images == file.images);
  const PlacedDetections placed =
      place_detections(read, std::vector<std::string>{"c", "b", "a"}, read.class_names, "found.json");
  CHECK(placed.unreadable == std::vector<std::int64_t>{1, 0});
  CHECK(detections_from_json(R"({"images": [{"id": 1, "file_name": "a", "unreadable": false}], "categories": [],
                                 "annotations": []})",
                             "found.json")
            .unreadable.empty());
}

// What is measured from the file is what was measured when it was written: to the last bit, for an overlap of exactly
// the threshold must not be decided otherwise.
TEST_CASE("what a detector found comes back from a file bit by bit") {
  constexpr std::size_t count = 5000;
  std::mt19937 generator(7);
  std::uniform_real_distribution<float> draw(-20.0F, 420.0F);
  std::vector<float> rows;
  for (std::size_t i = 0; i < count; ++i) {
    const float left = draw(generator), top = draw(generator);
    const float width = std::abs(draw(generator)) / (i % 5 == 0 ? 1e6F : 3.0F);
    for (const float number : {0.0F, static_cast<float>(i + 1) / count, left, top, left + width, top + width})
      rows.push_back(number);
  }
  const std::vector<std::int32_t> counts = {static_cast<std::int32_t>(count)};
  std::vector<Detection> detections;
  FoundObjects{rows, counts}.append(
      0, {.scale_x = 416.0 / 500.0, .scale_y = 416.0 / 375.0, .offset_x = 0.0, .offset_y = 7.3}, {375, 500}, 0,
      detections);
  REQUIRE(detections.size() > count / 2);
  CHECK(detections.size() < count);
  for (const Detection& detection : detections) {
    const Box& box = detection.box;
    REQUIRE((box.left >= 0 && box.top >= 0 && box.right <= 500 && box.bottom <= 375 && box.area() > 0));
  }
  const DetectionsFile read = detections_from_json(
      detections_to_json({.images = {"a"}, .class_names = {"cat"}, .detections = detections, .unreadable = {}}),
      "found.json");
  std::size_t different = 0;
  for (std::size_t i = 0; i < detections.size(); ++i)
    different += read.detections[i] == detections[i] ? 0 : 1;
  CHECK(different == 0);
}

TEST_CASE("what is nested deeply around the entries takes no stack") {
  const std::size_t depth = 3'000'000;
  const std::string deep = std::string(depth, '[') + std::string(depth, ']');
  const std::string text = R"({"info": )" + deep + "," + images + "," + categories + R"(,"annotations": []})";
  CHECK(detections_from_json(text, "found.json").images.size() == 2);
  refuse(R"({"info": )" + std::string(depth, '['), {"not valid JSON"});
}

TEST_CASE("what no reader could read is not written") {
  const DetectionsFile good{
      .images = {"a"}, .class_names = {"cat"}, .detections = {{0, 0, 0.5, {1, 2, 3, 4}}}, .unreadable = {}};
  const auto message = [&](const auto& change) {
    DetectionsFile file = good;
    change(file);
    return error_message([&] { detections_to_json(file); });
  };
  CHECK(message([](DetectionsFile&) {}).empty());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(contains(message([&](DetectionsFile& file) { file.detections[0].score = nan; }), "detection 0 in image \"a\""));
  CHECK(contains(message([&](DetectionsFile& file) { file.detections[0].box.right = nan; }), "not finite"));
  CHECK(contains(message([](DetectionsFile& file) { file.detections[0].image = 1; }), "image 1"));
  CHECK(contains(message([](DetectionsFile& file) { file.detections[0].class_index = -1; }), "class -1"));
  CHECK(contains(message([](DetectionsFile& file) { file.images[0] = "\xff"; }), "not UTF-8"));
}

TEST_CASE("detections find their place in a dataset by name") {
  const DetectionsFile file{.images = {"b.jpg", "x/a.jpg"},
                            .class_names = {"dog", "cat"},
                            .detections = {{0, 0, 0.5, {1, 2, 3, 4}}, {1, 1, 0.6, {1, 2, 3, 4}}},
                            .unreadable = {}};
  const std::vector<std::string> names = {"data/x/a.jpg", "data/x/b.jpg"};
  const std::vector<std::string> classes = {"bird", "cat", "dog"};
  const PlacedDetections placed = place_detections(file, names, classes, "found.json");
  CHECK(placed.detections == std::vector<Detection>{{1, 2, 0.5, {1, 2, 3, 4}}, {0, 1, 0.6, {1, 2, 3, 4}}});
  CHECK(placed.unknown_classes == std::vector<std::string>{"bird"});

  const auto message = [&](std::vector<std::string> of_file, std::vector<std::string> of_set,
                           std::vector<std::string> set_classes) {
    DetectionsFile other = file;
    other.images = std::move(of_file);
    return error_message([&] { place_detections(other, of_set, set_classes, "found.json"); });
  };
  // The last part of a name decides only where it is one image's.
  CHECK(message({"x/a.jpg", "y/a.jpg"}, {"x/a.jpg", "y/a.jpg"}, classes).empty());
  CHECK(contains(message({"a.jpg", "y/a.jpg"}, {"x/a.jpg", "y/a.jpg"}, classes), "\"a.jpg\" could be several"));
  CHECK(contains(message({"b.jpg", "c.jpg"}, names, classes), "\"c.jpg\" is not in the dataset of 2 images"));
  CHECK(contains(message({"b.jpg", "x/b.jpg"}, names, classes), "\"data/x/b.jpg\" of the dataset is listed twice"));
  CHECK(contains(message({"b.jpg", "a.jpg"}, {"a.jpg", "b.jpg", "c.jpg"}, classes), "\"c.jpg\" was not looked at"));
  CHECK(contains(message({"b.jpg", "a.jpg"}, names, {"cat"}), "\"dog\" is no class of the dataset"));
}

}  // namespace sleight::test
