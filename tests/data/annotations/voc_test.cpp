// Pascal VOC: folders, years, XML, and what real annotations do wrong.
#include "catch2_adapter.h"
#include "dataset_files.h"
#include "engine/base/error.h"
#include "engine/data/annotations/voc_annotation.h"

using namespace sleight;
using namespace sleight::test;

namespace {

std::string object_xml(const std::string& name, const std::string& left, const std::string& top,
                       const std::string& right, const std::string& bottom, const std::string& more = "") {
  return "<object><name>" + name + "</name>" + more + "<bndbox><xmin>" + left + "</xmin><ymin>" + top +
         "</ymin><xmax>" + right + "</xmax><ymax>" + bottom + "</ymax></bndbox></object>\n";
}

std::vector<std::byte> annotation_xml(const std::string& objects, int width = 40, int height = 30) {
  return bytes_of("<?xml version=\"1.0\"?>\n<annotation>\n\t<filename>whatever.jpg</filename>\n\t<size><width>" +
                  std::to_string(width) + "</width><height>" + std::to_string(height) +
                  "</height><depth>3</depth></size>\n" + objects + "</annotation>\n");
}

// Images of 40 x 30 with these objects each; the first `training` are trainval and train, one of them also val, the
// rest is test.
Files voc_files(const std::vector<std::string>& objects, std::size_t training) {
  Files files;
  std::string lists[2];
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const std::string name = "image_" + std::to_string(i);
    files["JPEGImages/" + name + ".jpg"] = jpeg_of_size(30, 40);
    files["Annotations/" + name + ".xml"] = annotation_xml(objects[i]);
    lists[i < training ? 0 : 1] += name + "\n";
  }
  files["ImageSets/Main/trainval.txt"] = bytes_of(lists[0]);
  files["ImageSets/Main/test.txt"] = bytes_of(lists[1]);
  return files;
}

const std::string cell = object_xml("cell", "3", "5", "10", "20");
const std::string blob = object_xml("blob", "1", "1", "40", "30");

DetectorDatasetOptions with_splits(const std::string& training, const std::string& evaluation) {
  DetectorDatasetOptions options;
  options.training_split = training;
  options.evaluation_split = evaluation;
  return options;
}

VocAnnotation parse(const std::string& xml) {
  return parse_voc_annotation(bytes_of(xml));
}

std::string parse_message(const std::string& xml) {
  return message_of([&] { parse(xml); });
}

// The bytes of the image that the dataset gives.
std::vector<std::byte> image_of(const OpenedDetectorDataset& opened, std::int64_t index) {
  StoredImage image;
  opened.dataset->read(index, image);
  return {image.bytes.begin(), image.bytes.end()};
}

}  // namespace

TEST_CASE("Pascal VOC's boxes become continuous, in a folder and in archives") {
  TemporaryFolder folder;
  const Files files = voc_files({cell + blob, blob, cell}, 2);
  write_files(folder / "tree", files);
  write_bytes(folder / "set.tar", tar_of(files, "VOCdevkit/VOC2007/"));
  write_bytes(folder / "set.tar.gz", gzip(tar_of(files, "./BCCD/")));
  for (const char* place : {"tree", "set.tar", "set.tar.gz"}) {
    CAPTURE(place);
    const auto pair = open_detector_datasets((folder / place).string(), "voc");
    REQUIRE(pair.training.dataset->size() == 2);
    REQUIRE(pair.evaluation.dataset->size() == 1);
    CHECK(pair.training.dataset->class_names() == std::vector<std::string>{"blob", "cell"});
    CHECK(pair.evaluation.dataset->class_names() == pair.training.dataset->class_names());
    // xmin 3 .. xmax 10 are eight pixels, counted from 1.
    CHECK(objects_of(pair.training, 0) == std::vector<ObjectBox>{{{2, 4, 10, 20}, 1}, {{0, 0, 40, 30}, 0}});
    CHECK(objects_of(pair.training, 1) == std::vector<ObjectBox>{{{0, 0, 40, 30}, 0}});
    CHECK(objects_of(pair.evaluation, 0) == std::vector<ObjectBox>{{{2, 4, 10, 20}, 1}});
    CHECK(contains(pair.training.dataset->name(1), "JPEGImages/image_1.jpg"));
    CHECK(image_of(pair.training, 1) == files.at("JPEGImages/image_1.jpg"));
    CHECK(pair.training.dataset->warnings().empty());
    CHECK(warnings_of(pair.evaluation) == "split test: 1 of 2 classes has no object: blob\n");
    BoxCounts expected;
    expected.images = 2;
    expected.objects = 3;
    CHECK(pair.training.boxes == expected);
    CHECK(open_detector_dataset((folder / place).string(), "voc", DatasetSplit::evaluation)
              .dataset->class_names()
              .size() == 2);
  }
}

TEST_CASE("difficult objects are kept and marked, parts and other tags passed over") {
  const VocAnnotation annotation = parse(
      "<annotation><size><width>9</width><height>7</height></size><segmented>1</segmented>"
      "<object><pose>Left</pose><name> dog </name><difficult>1</difficult>"
      "<bndbox><ymax>7</ymax><xmax>8.5</xmax><xmin>1.25</xmin><ymin>2</ymin></bndbox>"
      "<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part></object>"
      "<object><name>cat</name><difficult>0</difficult><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax>"
      "</bndbox></object></annotation>");
  CHECK(annotation.size.width == 9);
  CHECK(annotation.size.height == 7);
  REQUIRE(annotation.objects.size() == 2);
  CHECK(annotation.objects[0].class_name == "dog");
  CHECK(annotation.objects[0].is_difficult);
  CHECK(annotation.objects[0].numbers == FourNumbers{1.25, 2, 8.5, 7});
  CHECK(!annotation.objects[1].is_difficult);
  for (const auto& [word, is_difficult] : {std::pair{"true", true}, {" True ", true}, {"yes", true}, {"no", false}}) {
    CAPTURE(word);
    const std::string more = "<difficult>" + std::string(word) + "</difficult>";
    const VocAnnotation written = parse("<annotation>" + object_xml("a", "1", "1", "5", "5", more) + "</annotation>");
    CHECK(written.objects.at(0).is_difficult == is_difficult);
    CHECK(written.odd_difficult == 0);
  }

  TemporaryFolder folder;
  write_files(folder.path(), voc_files({object_xml("a", "1", "1", "5", "5", "<difficult>1</difficult>"),
                                        object_xml("a", "1", "1", "5", "5")},
                                       1));
  const auto pair = open_detector_datasets(folder.path().string(), "voc");
  CHECK(objects_of(pair.training, 0)[0].is_difficult);
  CHECK(pair.training.boxes.difficult == 1);
  CHECK(!objects_of(pair.evaluation, 0)[0].is_difficult);
}

TEST_CASE("difficult objects are trained on or not, and always measured") {
  const std::string difficult = object_xml("a", "1", "1", "5", "5", "<difficult>1</difficult>");
  const std::string other = object_xml("a", "11", "1", "15", "5");
  TemporaryFolder folder;
  write_files(folder.path(), voc_files({difficult + other, difficult + other}, 1));
  DetectorDatasetOptions options;
  options.difficult_in_training = parse_difficult_objects("keep");
  const auto kept = open_detector_datasets(folder.path().string(), "voc", options);
  CHECK(kept.training.boxes.objects == 2);
  CHECK(kept.training.boxes.dropped_difficult == 0);
  options.difficult_in_training = parse_difficult_objects("drop");
  const auto dropped = open_detector_datasets(folder.path().string(), "voc", options);
  CHECK(objects_of(dropped.training, 0) == std::vector<ObjectBox>{{{10, 0, 15, 5}, 0}});
  CHECK(dropped.training.boxes.dropped_difficult == 1);
  CHECK(contains(warnings_of(dropped.training), "split trainval: 1 difficult object is not trained on"));
  for (const OpenedDetectorDataset* evaluation : {&kept.evaluation, &dropped.evaluation}) {
    CHECK(evaluation->boxes.objects == 2);
    CHECK(evaluation->boxes.difficult == 1);
  }
  CHECK(open_detector_dataset(folder.path().string(), "voc", DatasetSplit::training, options).boxes.objects == 1);
  CHECK(contains(message_of([] { parse_difficult_objects("no"); }), "there is no \"no\""));
}

TEST_CASE("trainval and test are used when there is a test split, otherwise train and val") {
  TemporaryFolder folder;
  Files files = voc_files({cell, cell, cell}, 2);
  files["ImageSets/Main/train.txt"] = bytes_of("image_0\r\n\r\n");
  files["ImageSets/Main/val.txt"] = bytes_of("image_1");
  write_files(folder.path(), files);
  const auto open = [&](const DetectorDatasetOptions& options = {}) {
    return open_detector_datasets(folder.path().string(), "voc", options);
  };
  CHECK(open().training.dataset->size() == 2);
  CHECK(contains(open().evaluation.dataset->name(0), "image_2"));
  std::filesystem::remove(folder / "ImageSets/Main/test.txt");
  CHECK(open().training.dataset->size() == 1);
  CHECK(contains(open().evaluation.dataset->name(0), "image_1"));
  const auto named = open(with_splits("train", "trainval"));
  CHECK(named.evaluation.dataset->size() == 2);
  CHECK(contains(warnings_of(named.evaluation), "1 of the 2 images of the split trainval is in train too"));
  CHECK(open(with_splits("", "trainval")).training.dataset->size() == 1);
  CHECK(contains(open_message(folder.path(), "voc", with_splits("trian", "val")),
                 "no split \"trian\". It has: train, trainval, val"));
  std::filesystem::remove(folder / "ImageSets/Main/train.txt");
  CHECK(contains(open_message(folder.path(), "voc"), "no split to train on"));
  std::filesystem::remove(folder / "ImageSets/Main/val.txt");
  DetectorDatasetOptions nothing_held_out;
  nothing_held_out.validation_share = 0.0;
  const std::string without = open_message(folder.path(), "voc", nothing_held_out);
  CHECK(contains(without, "no split to evaluate on"));
  CHECK(contains(without, "There is: trainval"));
  const auto alone = open_detector_dataset(folder.path().string(), "voc", DatasetSplit::training, nothing_held_out);
  CHECK(alone.dataset->size() == 2);
}

TEST_CASE("several years of Pascal VOC are one dataset") {
  TemporaryFolder folder;
  write_files(folder / "VOC2007", voc_files({cell, cell, blob}, 2));
  Files newer = voc_files({blob, blob, blob, blob}, 4);
  newer.erase("ImageSets/Main/test.txt");
  newer["ImageSets/Main/train.txt"] = bytes_of("image_3\n");
  write_files(folder / "VOC2012", newer);
  const auto open = [&](const DetectorDatasetOptions& options = {}) {
    return open_detector_datasets(folder.path().string(), "voc", options);
  };
  const auto pair = open();
  CHECK(pair.training.dataset->size() == 6);
  CHECK(pair.evaluation.dataset->size() == 1);
  CHECK(contains(pair.training.dataset->name(0), "VOC2007/JPEGImages/image_0.jpg"));
  CHECK(contains(pair.training.dataset->name(2), "VOC2012/JPEGImages/image_0.jpg"));
  CHECK(objects_of(pair.training, 2)[0].class_index == 0);
  const auto named = open(with_splits("VOC2012/train, VOC2007/trainval", "VOC2007/test"));
  REQUIRE(named.training.dataset->size() == 3);
  CHECK(contains(named.training.dataset->name(0), "VOC2012/JPEGImages/image_3.jpg"));
  CHECK(open(with_splits("trainval", "test")).training.dataset->size() == 6);
  const auto overlapping = open(with_splits("VOC2012/trainval,VOC2012/train,VOC2007/trainval", "test"));
  CHECK(overlapping.training.dataset->size() == 6);
  CHECK(contains(warnings_of(overlapping.training), "1 image of"));
  CHECK(contains(warnings_of(overlapping.training), "image_3.jpg"));
  CHECK(
      contains(open_message(folder.path(), "voc", with_splits("VOC2008/train", "test")), "no split \"VOC2008/train\""));
}

TEST_CASE("wrong boxes of Pascal VOC are put right or left out, counted and named") {
  TemporaryFolder folder;
  const std::string oddities = object_xml("cell", "0", "5", "10", "20") +       // counted from 0: outside by one
                               object_xml("cell", "30", "20", "641", "481") +   // beyond the border
                               object_xml("cell", "10", "20", "3", "5") +       // swapped
                               object_xml("cell", "50", "5", "60", "20") +      // outside altogether
                               object_xml("cell", "nan", "5", "60", "20") +     // not a number
                               object_xml("cell", "1", "5", "1e999", "20") +    // infinite
                               object_xml("cell", "10", "10", "10", "10") +     // one pixel, which is a box
                               object_xml("cell", "40.4", "1", "40.3", "1.2");  // thinner than a pixel
  write_files(folder.path(), voc_files({oddities, "", cell}, 2));
  const auto pair = open_detector_datasets(folder.path().string(), "voc");
  CHECK(objects_of(pair.training, 0) ==
        std::vector<ObjectBox>{{{0, 4, 10, 20}, 0}, {{29, 19, 40, 30}, 0}, {{2, 4, 10, 20}, 0}, {{9, 9, 10, 10}, 0}});
  CHECK(objects_of(pair.training, 1).empty());
  BoxCounts expected;
  expected.images = 2;
  expected.images_without_objects = 1;
  expected.objects = 4;
  expected.swapped = 2;
  expected.clipped = 2;
  expected.dropped_not_finite = 2;
  expected.dropped_empty = 2;
  const BoxCounts& counts = pair.training.boxes;
  CHECK(counts.swapped == expected.swapped);
  CHECK(counts.clipped == expected.clipped);
  CHECK(counts.dropped_not_finite == expected.dropped_not_finite);
  CHECK(counts.dropped_empty == expected.dropped_empty);
  CHECK(counts == expected);
  const std::string warnings = warnings_of(pair.training);
  CAPTURE(warnings);
  CHECK(contains(warnings, "2 boxes that cross the border"));
  CHECK(contains(warnings, "image_0.jpg, object 2 (30, 20, 641, 481) in 40 x 30"));
  CHECK(contains(warnings, "2 boxes with swapped corners were put right"));
  CHECK(contains(warnings, "object 3 (10, 20, 3, 5)"));
  CHECK(contains(warnings, "2 boxes with numbers that are not finite were left out"));
  CHECK(contains(warnings, "2 boxes with less than one pixel"));
}

TEST_CASE("of many wrong boxes three are named") {
  TemporaryFolder folder;
  std::string many;
  for (int i = 0; i < 5; ++i)
    many += object_xml("cell", "1", std::to_string(10 + i), "5", "3");
  write_files(folder.path(), voc_files({many, cell}, 1));
  const auto pair = open_detector_datasets(folder.path().string(), "voc");
  const std::string warnings = warnings_of(pair.training);
  CAPTURE(warnings);
  CHECK(contains(warnings, "object 3"));
  CHECK(!contains(warnings, "object 4"));
  CHECK(contains(warnings, "; and 2 more"));
}

TEST_CASE("an image that was resized after it was annotated is left out, and many of them stop the run") {
  TemporaryFolder folder;
  Files files = voc_files({cell, cell, cell, cell, cell, cell, cell}, 5);
  const std::string wide = object_xml("cell", "1", "1", "40", "30");
  files["Annotations/image_0.xml"] = annotation_xml(wide, 30, 40);  // width and height exchanged
  files["Annotations/image_1.xml"] = annotation_xml(wide, 0, 0);    // not stated
  files["Annotations/image_2.xml"] = annotation_xml(wide, 80, 60);  // twice as large: no box says otherwise
  files["Annotations/image_3.xml"] = annotation_xml(wide, 41, 29);  // rounded
  files["Annotations/image_5.xml"] = annotation_xml(wide, 80, 60);  // of the evaluation split
  write_files(folder.path(), files);
  const auto pair = open_detector_datasets(folder.path().string(), "voc");
  REQUIRE(pair.training.dataset->size() == 3);
  CHECK(contains(pair.training.dataset->name(0), "image_1.jpg"));
  CHECK(objects_of(pair.training, 0) == std::vector<ObjectBox>{{{0, 0, 40, 30}, 0}});
  CHECK(objects_of(pair.training, 1) == std::vector<ObjectBox>{{{0, 0, 40, 30}, 0}});
  // Its own, not those of an image that was left out.
  CHECK(objects_of(pair.training, 2) == std::vector<ObjectBox>{{{2, 4, 10, 20}, 0}});
  CHECK(pair.training.boxes.wrong_sizes == 3);
  CHECK(pair.training.boxes.clipped == 0);
  const std::string warnings = warnings_of(pair.training);
  CAPTURE(warnings);
  CHECK(contains(warnings, "2 images were left out"));
  CHECK(contains(warnings, "image_0.jpg is 40 x 30, not 30 x 40"));
  CHECK(contains(warnings, "image_3.jpg is 40 x 30, not 41 x 29"));
  // The numbers of a metric are over all images.
  REQUIRE(pair.evaluation.dataset->size() == 2);
  CHECK(pair.evaluation.boxes.wrong_sizes == 1);

  for (const char* image : {"image_1", "image_3", "image_4"})
    files["Annotations/" + std::string(image) + ".xml"] = annotation_xml(wide, 80, 60);
  write_files(folder.path(), files);
  const std::string message = open_message(folder.path(), "voc");
  CHECK(contains(message, "5 of 5 images have not the size"));
  CHECK(contains(message, "resized or turned after they were annotated"));
  CHECK(contains(message, "--no-exif-orientation"));
}

TEST_CASE("one unreadable image stops no training, and too many do, in every format that states no sizes as well") {
  TemporaryFolder folder;
  write_files(folder.path(), voc_files({cell, blob, cell, cell}, 3));
  write_bytes(folder / "JPEGImages/image_1.jpg", bytes_of("RIFF....WEBPVP8 "));
  write_bytes(folder / "JPEGImages/image_3.jpg", bytes_of(""));
  const auto pair = open_detector_datasets(folder.path().string(), "voc");
  CHECK(pair.training.dataset->size() == 3);
  CHECK(pair.training.boxes.unreadable == 1);
  CHECK(pair.training.dataset->objects(1).empty());
  CHECK(objects_of(pair.training, 2) == std::vector<ObjectBox>{{{2, 4, 10, 20}, 1}});
  // What is not found there is missed all the same: the size is stated.
  CHECK(pair.evaluation.boxes.unreadable == 1);
  CHECK(objects_of(pair.evaluation, 0) == std::vector<ObjectBox>{{{2, 4, 10, 20}, 1}});
  const std::string warnings = warnings_of(pair.training);
  CAPTURE(warnings);
  CHECK(contains(warnings, "image_1.jpg: neither a JPEG nor a PNG file"));
  CHECK(contains(warnings, "(a WebP image); convert it to JPEG or PNG"));
  for (const char* image : {"0", "2"})
    write_bytes(folder / ("JPEGImages/image_" + std::string(image) + ".jpg"), bytes_of(""));
  CHECK(contains(open_message(folder.path(), "voc"), "3 of 3 images cannot be read"));
}

TEST_CASE("what is missing from a Pascal VOC dataset is named") {
  TemporaryFolder folder;
  CHECK(contains(open_message(folder / "nowhere", "voc"), "no data at"));
  write_bytes(folder / "other/file.txt", bytes_of("x"));
  CHECK(contains(open_message(folder / "other", "voc"), "looked for trainval (beside a test split) and train"));
  write_files(folder.path(), voc_files({cell, cell, cell}, 2));
  std::filesystem::remove(folder / "JPEGImages/image_1.jpg");
  const std::string image = open_message(folder.path(), "voc");
  CHECK(contains(image, "trainval.txt lists \"image_1\""));
  CHECK(contains(image, "JPEGImages/image_1.jpg"));
  write_files(folder.path(), voc_files({cell, cell, cell}, 2));
  std::filesystem::remove(folder / "Annotations/image_2.xml");
  CHECK(contains(open_message(folder.path(), "voc"), "no annotation"));
  write_files(folder.path(), voc_files({"", "", cell}, 2));
  CHECK(contains(open_message(folder.path(), "voc"), "split trainval: no box at all is left of 0 on 2"));
  write_files(folder.path(), voc_files({"", object_xml("cell", "90", "1", "95", "9"), cell}, 2));
  const std::string empty = open_message(folder.path(), "voc");
  CHECK(contains(empty, "split trainval: no box at all is left of 1 on 2"));
  CHECK(contains(empty, "1 box with less than one pixel"));
}

TEST_CASE("a class that training has not is an error, unless the list of classes was given") {
  TemporaryFolder folder;
  write_files(folder.path(), voc_files({cell, cell, cell + blob}, 2));
  const std::string message = open_message(folder.path(), "voc");
  CHECK(contains(message, "image_2.jpg: object 2 is of the class \"blob\""));
  DetectorDatasetOptions options;
  options.class_names = {"thing", "cell"};
  const auto pair = open_detector_datasets(folder.path().string(), "voc", options);
  CHECK(pair.training.dataset->class_names() == options.class_names);
  CHECK(objects_of(pair.training, 0)[0].class_index == 1);
  CHECK(objects_of(pair.evaluation, 0).size() == 1);
  CHECK(pair.evaluation.boxes.dropped_class == 1);
  CHECK(contains(warnings_of(pair.evaluation), "object 2 (1, 1, 40, 30) of the class \"blob\""));
  CHECK(contains(warnings_of(pair.training), "1 of 2 classes has no object: thing"));
}

TEST_CASE("damaged and hostile XML is refused with the place, quickly and without expanding anything") {
  const std::string good = "<annotation>" + cell + "</annotation>";
  CHECK(parse(good).objects.size() == 1);
  for (std::size_t length = 1; length + 1 < good.size(); length += 7) {
    CAPTURE(length);
    CHECK(contains(parse_message(good.substr(0, length)), "XML"));
  }
  CHECK(contains(parse_message(""), "XML"));
  CHECK(contains(parse_message("<html></html>"), "its root is \"html\""));
  CHECK(
      contains(parse_message("<annotation>" + cell + "<object></object></annotation>"), "object 2: it has no <name>"));
  CHECK(contains(parse_message("<annotation><object><name>a</name></object></annotation>"), "no <bndbox>"));
  CHECK(
      contains(parse_message("<annotation><object><name>a</name><bndbox><xmin>1</xmin></bndbox></object></annotation>"),
               "its <bndbox> has no <ymin>"));
  CHECK(contains(parse_message("<annotation>" + object_xml("a", "1", "2px", "3", "4") + "</annotation>"),
                 "its <ymin> is \"2px\""));

  // A "billion laughs": expanded, it would be 10^9 characters. Here a name stays the letters that stand there.
  std::string bomb = "<!DOCTYPE a [<!ENTITY l0 \"lol\">";
  for (int i = 1; i < 10; ++i) {
    bomb += "<!ENTITY l" + std::to_string(i) + " \"";
    for (int j = 0; j < 10; ++j)
      bomb += "&l" + std::to_string(i - 1) + ";";
    bomb += "\">";
  }
  bomb += "]>";
  const VocAnnotation laughs = parse(bomb + "<annotation>" + object_xml("&l9;", "1", "1", "2", "2") + "</annotation>");
  CHECK(laughs.objects.at(0).class_name == "&l9;");
  const VocAnnotation outside = parse("<!DOCTYPE a [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><annotation>" +
                                      object_xml("&f;", "1", "1", "2", "2") + "</annotation>");
  CHECK(outside.objects.at(0).class_name == "&f;");

  std::string deep;
  for (int i = 0; i < 300000; ++i)
    deep += "<a>";
  CHECK(contains(parse_message("<annotation>" + deep), "XML"));
  for (int i = 0; i < 300000; ++i)
    deep += "</a>";
  CHECK(parse("<annotation>" + deep + cell + "</annotation>").objects.size() == 1);
  CHECK(contains(parse_message("<annotation>" + std::string(maximum_voc_annotation_bytes, ' ') + "</annotation>"),
                 "the limit is 8388608"));
}
