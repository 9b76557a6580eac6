// COCO's JSON: what belongs together, where images are, and files of every wrong shape.
#include <cmath>

#include "catch2_adapter.h"
#include "dataset_files.h"
#include "engine/base/error.h"
#include "engine/data/annotations/coco_annotations.h"

using namespace sleight;
using namespace sleight::test;

namespace {

// The file in parts of this many bytes.
CocoAnnotations parse(const std::string& json, std::size_t part = 7) {
  std::size_t offset = 0;
  const std::vector<std::byte> bytes = bytes_of(json);
  return parse_coco_annotations([&] {
    const auto next = std::span(bytes).subspan(offset, std::min(part, bytes.size() - offset));
    offset += next.size();
    return next;
  });
}

std::string parse_message(const std::string& json) {
  return message_of([&] { parse(json); });
}

std::string with_lists(const std::string& images, const std::string& annotations, const std::string& categories) {
  return R"({"info": {"images": [1, {"id": 2}]}, "annotations": [)" + annotations +
         R"(], "licenses": [], "images": [)" + images + R"(], "categories": [)" + categories + "]}";
}

std::string annotation(const std::string& fields) {
  return with_lists("", "{" + fields + "}", "");
}

const std::string two_categories =
    R"({"id": 7, "name": "dog", "supercategory": "animal"}, {"supercategory": "animal", "id": 3, "name": "cat"})";
const std::string two_images = R"({"file_name": "b.jpg", "id": 20, "width": 40, "height": 30},
                                  {"file_name": "a.jpg", "id": 10, "height": 30, "width": 40, "license": null})";
const std::string three_objects =
    R"({"id": 1, "image_id": 10, "category_id": 7, "bbox": [1.5, 2, 10.25, 20], "area": 55.5, "iscrowd": 0,
        "segmentation": [[1, 2.5, 3e1, 4]]},
       {"id": 2, "image_id": 20, "category_id": 3, "bbox": [0, 0, 40, 30], "iscrowd": 1,
        "segmentation": {"counts": [1, 2], "size": [3, 4]}},
       {"id": 3, "image_id": 10, "category_id": 3, "bbox": [30, 20, 10, 10]})";

Files coco_files(const std::string& images) {
  Files files;
  for (const std::string split : {"train2017", "val2017"}) {
    files["annotations/instances_" + split + ".json"] = bytes_of(with_lists(two_images, three_objects, two_categories));
    for (const std::string name : {"a.jpg", "b.jpg"}) {
      std::string folder = images;
      if (const std::size_t at = folder.find('*'); at != std::string::npos) folder.replace(at, 1, split);
      files[folder + name] = jpeg_of_size(30, 40);
    }
  }
  files["annotations/captions_train2017.json"] = bytes_of("{}");
  return files;
}

void check_pair(const DetectorDatasetPair& pair) {
  for (const OpenedDetectorDataset* opened : {&pair.training, &pair.evaluation}) {
    REQUIRE(opened->dataset->size() == 2);
    CHECK(opened->dataset->class_names() == std::vector<std::string>{"cat", "dog"});
    // By their numbers, 10 and 20, and not in the order of the file.
    CHECK(contains(opened->dataset->name(0), "a.jpg"));
    CHECK(contains(opened->dataset->name(1), "b.jpg"));
    CHECK(opened->ids.images == std::vector<std::int64_t>{10, 20});
    CHECK(opened->ids.classes == std::map<std::int64_t, std::int32_t>{{3, 0}, {7, 1}});
    CHECK(objects_of(*opened, 0) ==
          std::vector<ObjectBox>{{{1.5, 2, 11.75, 22}, 1, 1.0, false, false, 55.5}, {{30, 20, 40, 30}, 0}});
  }
  // What surrounds a crowd is there for the metrics, and not for training.
  CHECK(objects_of(pair.evaluation, 1) == std::vector<ObjectBox>{{{0, 0, 40, 30}, 0, 1.0, false, true}});
  CHECK(pair.evaluation.boxes.crowd == 1);
  CHECK(pair.evaluation.boxes.objects == 3);
  CHECK(objects_of(pair.training, 1).empty());
  CHECK(pair.training.boxes.crowd == 0);
  CHECK(pair.training.boxes.dropped_crowd == 1);
  CHECK(pair.training.boxes.objects == 2);
  CHECK(contains(warnings_of(pair.training), "split train: 1 box around a crowd is not trained on: "));
  CHECK(!contains(warnings_of(pair.evaluation), "crowd"));
}

}  // namespace

TEST_CASE("COCO's files are found in folders and archives, wherever the images lie") {
  for (const std::string images : {"*/", "images/*/", "images/", "", "annotations/"}) {
    CAPTURE(images);
    TemporaryFolder folder;
    const Files files = coco_files(images);
    write_files(folder / "coco", files);
    write_bytes(folder / "coco.tar", tar_of(files, "data/coco/"));
    check_pair(open_detector_datasets((folder / "coco").string(), "coco"));
    const auto pair = open_detector_datasets((folder / "coco.tar").string(), "coco");
    check_pair(pair);
    const bool shares_images = images.find('*') == std::string::npos;
    CHECK(contains(warnings_of(pair.evaluation), "2 of the 2 images") == shares_images);
  }
}

TEST_CASE("COCO's files beside their images, and files named by their path") {
  TemporaryFolder folder;
  const std::vector<std::byte> json = bytes_of(with_lists(two_images, three_objects, two_categories));
  for (const std::string split : {"train", "valid", "holdout"}) {
    write_bytes(folder / split / "_annotations.coco.json", json);
    for (const std::string name : {"a.jpg", "b.jpg"})
      write_bytes(folder / split / name, jpeg_of_size(30, 40));
  }
  check_pair(open_detector_datasets(folder.path().string(), "coco"));
  DetectorDatasetOptions options;
  options.evaluation_split = "holdout/_annotations.coco.json";
  const auto pair = open_detector_datasets(folder.path().string(), "coco", options);
  CHECK(contains(pair.evaluation.dataset->name(1), "holdout/b.jpg"));
  options.evaluation_split = "val";
  CHECK(contains(open_detector_datasets(folder.path().string(), "coco", options).evaluation.dataset->name(1),
                 "valid/b.jpg"));
  options.evaluation_split = "nothing";
  const std::string message = open_message(folder.path(), "coco", options);
  CHECK(contains(message, "instances_nothing.json"));
  CHECK(contains(message, "holdout/_annotations.coco.json"));
  write_bytes(folder / "instances_train2014.json", json);
  CHECK(contains(open_message(folder.path(), "coco"), "more than one file for the split \"train\""));
}

TEST_CASE("what does not belong together in a COCO file is named") {
  TemporaryFolder folder;
  const auto message = [&](const std::string& images, const std::string& objects, const std::string& categories) {
    Files files = coco_files("*/");
    files["annotations/instances_train2017.json"] = bytes_of(with_lists(images, objects, categories));
    write_files(folder.path(), files);
    return open_message(folder.path(), "coco");
  };
  CHECK(message(two_images, three_objects, two_categories).empty());
  CHECK(contains(message(two_images, R"({"image_id": 11, "category_id": 3, "bbox": [1,1,2,2]})", two_categories),
                 "annotations[0] belongs to the image with the id 11"));
  CHECK(contains(message(two_images, R"({"image_id": 10, "category_id": 4, "bbox": [1,1,2,2]})", two_categories),
                 "annotations[0] has the category 4"));
  CHECK(contains(message(two_images + R"(, {"id": 10, "file_name": "a.jpg"})", three_objects, two_categories),
                 "images[2] has the id 10 of images[1]"));
  CHECK(contains(message(two_images, three_objects, two_categories + R"(, {"id": 9, "name": "dog"})"),
                 "two classes are called \"dog\""));
  CHECK(contains(message(two_images, three_objects, two_categories + R"(, {"id": 3, "name": "bird"})"),
                 "has the id 3 of categories["));
  const std::string missing =
      message(two_images + R"(, {"id": 30, "file_name": "c.jpg"})", three_objects, two_categories);
  CHECK(contains(missing, "lists the image \"c.jpg\", which is missing"));
  CHECK(contains(missing, "/train2017/"));
  CHECK(contains(message(two_images, "", two_categories), "no box at all is left of 0 on 2"));
  CHECK(contains(message("", "", two_categories), "it has no images"));
}

TEST_CASE("the evaluation split opens without the training images, with the training file's classes") {
  TemporaryFolder folder;
  Files files = coco_files("*/");
  files["annotations/instances_train2017.json"] =
      bytes_of(with_lists(two_images, "", two_categories + R"(, {"id": 1, "name": "bird"})"));
  write_files(folder.path(), files);
  std::filesystem::remove_all(folder / "train2017");
  const auto open = [&] { return open_detector_dataset(folder.path().string(), "coco", DatasetSplit::evaluation); };
  const auto opened = open();
  CHECK(opened.dataset->class_names() == std::vector<std::string>{"bird", "cat", "dog"});
  CHECK(objects_of(opened, 0)[0].class_index == 2);
  CHECK(objects_of(opened, 1)[0].class_index == 1);
  std::filesystem::remove(folder / "annotations/instances_train2017.json");
  const auto alone = open();
  CHECK(alone.dataset->class_names() == std::vector<std::string>{"cat", "dog"});
  CHECK(contains(warnings_of(alone), "no training split"));
}

TEST_CASE("a category that is there twice is one, for every program, and two of one name are an error") {
  TemporaryFolder folder;
  Files files = coco_files("*/");
  const auto with = [&](const std::string& category) {
    for (const std::string split : {"train2017", "val2017"})
      files["annotations/instances_" + split + ".json"] =
          bytes_of(with_lists(two_images, three_objects, two_categories + ", " + category));
    write_files(folder.path(), files);
  };
  const auto open = [&] { return open_detector_dataset(folder.path().string(), "coco", DatasetSplit::evaluation); };
  with(R"({"id": 3, "name": "cat"})");
  const auto pair = open_detector_datasets(folder.path().string(), "coco");
  check_pair(pair);
  CHECK(contains(warnings_of(pair.training), "1 category is there more than once and taken once"));
  const auto alone = open();
  CHECK(alone.dataset->class_names() == pair.training.dataset->class_names());
  CHECK(objects_of(alone, 0) == objects_of(pair.evaluation, 0));
  with(R"({"id": 9, "name": "dog"})");
  CHECK(contains(message_of(open), "two classes are called \"dog\""));
}

TEST_CASE("an image of COCO that cannot be read keeps its number and, for evaluation, its boxes") {
  TemporaryFolder folder;
  write_files(folder.path(), coco_files("*/"));
  for (const char* split : {"train2017", "val2017"})
    write_bytes(folder / split / "a.jpg", bytes_of(""));
  // A crowd alone is nothing to train on.
  const std::string more = three_objects + R"(, {"image_id": 20, "category_id": 7, "bbox": [1, 2, 3, 4]})";
  write_bytes(folder / "annotations/instances_train2017.json", bytes_of(with_lists(two_images, more, two_categories)));
  const auto pair = open_detector_datasets(folder.path().string(), "coco");
  CHECK(pair.evaluation.ids.images == std::vector<std::int64_t>{10, 20});
  CHECK(objects_of(pair.evaluation, 0).size() == 2);
  CHECK(objects_of(pair.evaluation, 1).size() == 1);
  CHECK(objects_of(pair.training, 0).empty());
  CHECK(objects_of(pair.training, 1) == std::vector<ObjectBox>{{{1, 2, 4, 6}, 1}});
}

TEST_CASE("of several images of one name a COCO file means the one that its path or its split says") {
  const std::string object = R"({"image_id": 10, "category_id": 7, "bbox": [1, 2, 3, 4]},
                                {"image_id": 20, "category_id": 3, "bbox": [1, 2, 3, 4]})";
  TemporaryFolder folder;
  Files files;
  for (const std::string place : {"paths/cam1", "paths/cam2", "splits/train/photos", "splits/valid/photos"})
    files[place + "/0.jpg"] = jpeg_of_size(30, 40);
  files["paths/all.json"] = bytes_of(with_lists(
      R"({"id": 10, "file_name": "/content/cam1/0.jpg"}, {"id": 20, "file_name": "/data/local-files/?d=cam2/0.jpg"})",
      object, two_categories));
  const std::string one_object = object.substr(0, object.find("},") + 1);
  for (const std::string split : {"train", "valid"})
    files["splits/" + split + "/labels/" + split + ".json"] =
        bytes_of(with_lists(R"({"id": 10, "file_name": "0.jpg"})", one_object, two_categories));
  write_files(folder.path(), files);
  DetectorDatasetOptions whole;
  whole.validation_share = 0.0;
  const auto paths = open_detector_dataset((folder / "paths").string(), "coco", DatasetSplit::training, whole);
  REQUIRE(paths.dataset->size() == 2);
  CHECK(contains(paths.dataset->name(0), "cam1/0.jpg"));
  CHECK(contains(paths.dataset->name(1), "cam2/0.jpg"));
  const auto splits = open_detector_datasets((folder / "splits").string(), "coco");
  CHECK(contains(splits.training.dataset->name(0), "train/photos/0.jpg"));
  CHECK(contains(splits.evaluation.dataset->name(0), "valid/photos/0.jpg"));
}

TEST_CASE("wrong boxes of COCO, and classes by name, not by number") {
  TemporaryFolder folder;
  Files files = coco_files("*/");
  // The same classes under other numbers, and one more that no object has.
  const std::vector<std::byte> odd = bytes_of(with_lists(
      two_images,
      R"({"image_id": 10, "category_id": 1, "bbox": [-5, 2, 10, 10]}, {"image_id": 10, "category_id": 2, "bbox": [9, 9, 0, 5]},
         {"image_id": 10, "category_id": 2, "bbox": [20, 20, -10, -5]}, {"image_id": 10, "category_id": 2, "bbox": [1, 1, 39.3, 5]})",
      R"({"id": 1, "name": "dog"}, {"id": 2, "name": "cat"}, {"id": 5, "name": "bird"})"));
  files["annotations/instances_val2017.json"] = odd;
  write_files(folder.path(), files);
  const auto pair = open_detector_datasets(folder.path().string(), "coco");
  // pycocotools measures against the boxes as the file has them: nothing is moved or left out.
  CHECK(objects_of(pair.evaluation, 0) ==
        std::vector<ObjectBox>{{{-5, 2, 5, 12}, 1}, {{9, 9, 9, 14}, 0}, {{10, 15, 20, 20}, 0}, {{1, 1, 40.3, 6}, 0}});
  CHECK(pair.evaluation.ids.classes == std::map<std::int64_t, std::int32_t>{{1, 1}, {2, 0}});
  CHECK(pair.evaluation.boxes.clipped == 0);
  CHECK(pair.evaluation.boxes.dropped_empty == 0);
  CHECK(pair.evaluation.boxes.left_as_stated == 2);
  CHECK(pair.evaluation.boxes.swapped == 1);
  CHECK(pair.evaluation.boxes.images_without_objects == 1);
  CHECK(contains(warnings_of(pair.evaluation), "2 boxes that cross the border"));
  CHECK(contains(warnings_of(pair.evaluation), "object 1 (-5, 2, 10, 10) in 40 x 30"));
  DetectorDatasetOptions options;
  options.class_names = {"dog"};
  const auto only = open_detector_datasets(folder.path().string(), "coco", options);
  CHECK(only.training.boxes.objects == 1);
  CHECK(only.training.boxes.dropped_class == 2);
  CHECK(only.evaluation.ids.classes == std::map<std::int64_t, std::int32_t>{{1, 0}});

  // For training they are put right or left out.
  files["annotations/instances_train2017.json"] = odd;
  write_files(folder.path(), files);
  const auto same = open_detector_datasets(folder.path().string(), "coco");
  CHECK(objects_of(same.training, 0) ==
        std::vector<ObjectBox>{{{0, 2, 5, 12}, 0}, {{10, 15, 20, 20}, 1}, {{1, 1, 40, 6}, 1}});
  CHECK(same.training.boxes.clipped == 1);  // the last one crosses by 0.3: rounding
  CHECK(same.training.boxes.swapped == 1);
  CHECK(same.training.boxes.dropped_empty == 1);
  CHECK(same.training.boxes.left_as_stated == 0);
}

TEST_CASE("the area of a COCO object is the stated one, 0 too, or none") {
  TemporaryFolder folder;
  Files files = coco_files("*/");
  files["annotations/instances_val2017.json"] = bytes_of(with_lists(
      two_images,
      R"({"image_id": 10, "category_id": 3, "bbox": [1, 1, 20, 20], "area": 0}, {"image_id": 10, "category_id": 3, "bbox": [1, 1, 20, 20]},
         {"image_id": 10, "category_id": 3, "bbox": [1, 1, 20, 20], "area": 7.25})",
      two_categories));
  write_files(folder.path(), files);
  const auto pair = open_detector_datasets(folder.path().string(), "coco");
  const std::vector<ObjectBox> objects = objects_of(pair.evaluation, 0);
  REQUIRE(objects.size() == 3);
  CHECK(objects[0].outline_area == std::optional(0.0));
  CHECK_FALSE(objects[1].outline_area.has_value());
  CHECK(objects[2].outline_area == std::optional(7.25));
}

TEST_CASE("the order of the images in a COCO file changes nothing") {
  const std::string image_a = R"({"id": 10, "file_name": "a.jpg", "width": 40, "height": 30})";
  const std::string image_b = R"({"id": 20, "file_name": "b.jpg", "width": 40, "height": 30})";
  for (const std::string& images : {image_a + "," + image_b, image_b + "," + image_a}) {
    CAPTURE(images);
    TemporaryFolder folder;
    Files files = coco_files("*/");
    files["annotations/instances_val2017.json"] = bytes_of(with_lists(images, three_objects, two_categories));
    write_files(folder.path(), files);
    check_pair(open_detector_datasets(folder.path().string(), "coco"));
  }
}

TEST_CASE("JSON is the same in parts of any size, with an order mark and in any order") {
  const std::string json = with_lists(two_images, three_objects, two_categories);
  for (const std::size_t part : {std::size_t{1}, std::size_t{2}, std::size_t{64}, json.size(), json.size() + 1}) {
    CAPTURE(part);
    const CocoAnnotations read = parse((part % 2 == 0 ? "\xef\xbb\xbf" : "") + json, part);
    REQUIRE(read.images.size() == 2);
    REQUIRE(read.objects.size() == 3);
    REQUIRE(read.categories.size() == 2);
    CHECK(read.images[1].file_name == "a.jpg");
    CHECK(read.objects[0].numbers == FourNumbers{1.5, 2, 10.25, 20});
    CHECK(read.objects[1].is_crowd);
  }
  const CocoAnnotations lenient =
      parse(with_lists(R"({"id": 1.0, "file_name": "x", "width": -1, "height": 99999999999})",
                       R"({"image_id": 1, "category_id": 2e0, "bbox": [1,2,3,4], "iscrowd": true})",
                       R"({"id": -9223372036854775808, "name": "n"})"));
  CHECK(lenient.images[0].size.width == 0);
  CHECK(lenient.images[0].size.height == 0);
  CHECK(lenient.objects[0].category_id == 2);
  CHECK(lenient.objects[0].is_crowd);
}

TEST_CASE("JSON of the wrong shape is refused with the path inside it") {
  const std::pair<std::string, std::string> cases[] = {
      {"[]", "\"annotations\" and \"categories\", found a list"},
      {"3", "\"annotations\" and \"categories\", found a number"},
      {"{}", "no list \"images\""},
      {R"({"images": [], "categories": []})", "no list \"annotations\""},
      {R"({"images": {}})", "images: expected a list, found an object"},
      {R"({"images": 3})", "images: expected a list, found a number"},
      {R"({"images": [], "images": []})", "\"images\" is there twice"},
      {R"({"images": [{"id": 1, "id": 1}]})", "images[0]: \"id\" is there twice"},
      {R"({"images": [[]]})", "images[0]: expected an object, found a list"},
      {R"({"categories": [{"id": 1, "name": "a"}, "b"]})", "categories[1]: expected an object, found a text"},
      {R"({"images": [{"id": "seven"}]})", "images[0].id: expected a whole number of 64 bits, found a text"},
      {R"({"images": [{"id": 1.5}]})", "images[0].id: expected a whole number of 64 bits, found 1.5"},
      {R"({"images": [{"id": 18446744073709551615}]})",
       "images[0].id: expected a whole number of 64 bits, found 1.84467e+19"},
      {R"({"images": [{"id": null}]})", "images[0].id: expected a whole number of 64 bits, found null"},
      {R"({"images": [{"id": 1, "file_name": 5}]})", "images[0].file_name: expected a text, found a number"},
      {R"({"images": [{"id": 1}]})", "images[0]: it has no \"file_name\""},
      {R"({"categories": [{"name": "a"}]})", "categories[0]: it has no \"id\""},
      {annotation(R"("image_id": 1, "category_id": 1)"), "annotations[0]: it has no \"bbox\""},
      {annotation(R"("bbox": [1,2,3,4], "category_id": 1)"), "annotations[0]: it has no \"image_id\""},
      {annotation(R"("bbox": [1,2,3])"), "annotations[0].bbox: expected 4 numbers, found 3"},
      {annotation(R"("bbox": [1,2,3,4,5])"), "annotations[0].bbox: expected 4 numbers, found 5"},
      {annotation(R"("bbox": [1,"2",3,4])"), "annotations[0].bbox[1]: expected a number, found a text"},
      {annotation(R"("bbox": [1,[2],3,4])"), "annotations[0].bbox[1]: expected a number, found a list"},
      {annotation(R"("bbox": {"x": 1})"), "annotations[0].bbox: expected a list of 4 numbers, found an object"},
      {annotation(R"("bbox": 1)"), "annotations[0].bbox: expected a list of 4 numbers, found a number"},
      {annotation(R"("iscrowd": 2)"), "annotations[0].iscrowd: expected 0 or 1, found 2"},
      {annotation(R"("area": true)"), "annotations[0].area: expected a number, found true or false"},
      {R"({"images": [{"id": 1e999}]})", "number overflow"},
      {R"({"images": [{"id": NaN}]})", "line 1"},
      {R"({"images": [], )", "damaged or cut short JSON"},
      {"", "damaged or cut short JSON"},
      {std::string("{\"images\": [], \"a\": \"\xff\"}"), "invalid string"},
  };
  for (const auto& [json, expected] : cases) {
    const std::string message = parse_message(json);
    CAPTURE(json, message, expected);
    CHECK(contains(message, expected));
    CHECK(message.size() < 400);
  }
  CHECK(parse_message("{\"images\": \"" + std::string(100000, 'x')).size() < 400);
}

TEST_CASE("JSON that is nested without end is refused without a stack") {
  for (const std::string open : {"[", "{\"a\":"}) {
    std::string deep = "{\"info\": ";
    for (int i = 0; i < 500000; ++i)
      deep += open;
    CHECK(contains(parse_message(deep), "nested more than 64 levels deep"));
  }
  std::string allowed = "{\"info\": ";
  allowed += std::string(60, '[') + std::string(60, ']') + ", ";
  CHECK(parse(allowed + with_lists("", "", "").substr(1)).images.empty());
}
