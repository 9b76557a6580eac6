// YOLO's text files: layouts, names, lines of every wrong shape.
#include "catch2_adapter.h"
#include "dataset_files.h"
#include "engine/base/error.h"
#include "engine/data/annotations/yaml_names.h"
#include "engine/data/annotations/yolo_label.h"
#include "engine/image/image_writer.h"

using namespace sleight;
using namespace sleight::test;

namespace {

// An image of 40 x 30 in each split, with "images" and the split in either order.
Files yolo_files(bool split_first) {
  Files files;
  for (const std::string split : {"train", "val"}) {
    const auto path = [&](const std::string& kind) { return split_first ? split + "/" + kind : kind + "/" + split; };
    files[path("images") + "/one.jpg"] = jpeg_of_size(30, 40);
    files[path("labels") + "/one.txt"] = bytes_of("1 0.5 0.5 0.25 0.2\r\n\n0 0.5 0.5 1 1\n");
    files[path("images") + "/deep/two.PNG"] = encode_png(smooth_image(50, 20).view());
    files[path("labels") + "/deep/two.txt"] = bytes_of("  1\t0.25 0.5 0.5 0.1");
  }
  files["data.yaml"] = bytes_of(std::string("train: ../") + (split_first ? "train/images" : "images/train") +
                                "\nnc: 2\nnames: ['cat', \"hot dog\"]\n");
  return files;
}

void check_pair(const DetectorDatasetPair& pair) {
  for (const OpenedDetectorDataset* opened : {&pair.training, &pair.evaluation}) {
    REQUIRE(opened->dataset->size() == 2);
    CHECK(opened->dataset->class_names() == std::vector<std::string>{"cat", "hot dog"});
    CHECK(warnings_of(*opened).empty());
    REQUIRE(contains(opened->dataset->name(0), "deep/two.PNG"));
    const std::vector<ObjectBox> objects = objects_of(*opened, 0);
    REQUIRE(objects.size() == 1);
    CHECK(objects[0].box.left == 0);
    CHECK(objects[0].box.top == Approx(22.5));
    CHECK(objects[0].box.right == 10);
    CHECK(objects[0].box.bottom == Approx(27.5));
    CHECK(objects[0].class_index == 1);
    CHECK(objects_of(*opened, 1) == std::vector<ObjectBox>{{{15, 12, 25, 18}, 1}, {{0, 0, 40, 30}, 0}});
  }
}

std::string label_message(const std::string& text, std::size_t classes = 3) {
  return message_of([&] { parse_yolo_label(text, classes); });
}

std::string names_message(const std::string& text) {
  return message_of([&] { parse_yaml_names(text); });
}

}  // namespace

TEST_CASE("YOLO's folders in both orders, in a folder and in a tar") {
  for (const bool split_first : {false, true}) {
    CAPTURE(split_first);
    TemporaryFolder folder;
    const Files files = yolo_files(split_first);
    write_files(folder / "set", files);
    write_bytes(folder / "set.tar.gz", gzip(tar_of(files, "my data/")));
    check_pair(open_detector_datasets((folder / "set").string(), "yolo"));
    check_pair(open_detector_datasets((folder / "set.tar.gz").string(), "yolo"));
    const auto alone = open_detector_dataset((folder / "set").string(), "yolo", DatasetSplit::evaluation);
    CHECK(alone.dataset->class_names() == std::vector<std::string>{"cat", "hot dog"});
    CHECK(contains(alone.dataset->name(0), "val"));
  }
}

TEST_CASE("lists of images, with labels under labels or beside the images") {
  TemporaryFolder folder;
  Files files;
  files["obj.names"] = bytes_of("cat\nhot dog\n\n");
  for (const std::string name : {"a", "b", "c"}) {
    files["photos/" + name + ".jpg"] = jpeg_of_size(30, 40);
    files["photos/" + name + ".txt"] = bytes_of("0 0.5 0.5 0.5 0.5");
  }
  files["VOC/JPEGImages/d.jpg"] = jpeg_of_size(30, 40);
  files["VOC/labels/d.txt"] = bytes_of("1 0.5 0.5 0.5 0.5");
  files["train.txt"] = bytes_of("./photos/a.jpg\n" + (folder / "VOC/JPEGImages/d.jpg").string() + "\nphotos/a.jpg\n");
  files["test.txt"] = bytes_of("photos/c.jpg");
  write_files(folder.path(), files);
  const auto pair = open_detector_datasets(folder.path().string(), "yolo");
  REQUIRE(pair.training.dataset->size() == 2);  // a once
  CHECK(objects_of(pair.training, 0) == std::vector<ObjectBox>{{{10, 7.5, 30, 22.5}, 0}});
  CHECK(objects_of(pair.training, 1)[0].class_index == 1);
  CHECK(contains(pair.evaluation.dataset->name(0), "photos/c.jpg"));
  write_bytes(folder / "test.txt", bytes_of("\n/home/somebody/x.jpg"));
  const std::string message = open_message(folder.path(), "yolo");
  CHECK(contains(message, "test.txt, line 2: the image \"/home/somebody/x.jpg\" is missing"));
}

TEST_CASE("images without a label file have no objects, which is said") {
  TemporaryFolder folder;
  Files files = yolo_files(false);
  files["images/train/three.jpg"] = jpeg_of_size(30, 40);
  files["images/train/four.jpg"] = jpeg_of_size(30, 40);
  files["labels/train/four.txt"] = bytes_of("");
  files["images/train/one.txt"] = bytes_of("0 0.5 0.5 0.1 0.1\n");  // not looked at: labels/ has one
  write_files(folder.path(), files);
  const auto pair = open_detector_datasets(folder.path().string(), "yolo");
  CHECK(pair.training.dataset->size() == 4);
  CHECK(pair.training.boxes.images_without_objects == 2);
  CHECK(contains(pair.training.dataset->name(2), "one.jpg"));
  CHECK(objects_of(pair.training, 2).size() == 2);
  CHECK(contains(warnings_of(pair.training), "1 image of the split train without a label file"));
  CHECK(contains(warnings_of(pair.training), "labels/train/three.txt"));
  std::filesystem::remove_all(folder / "labels");
  CHECK(contains(open_message(folder.path(), "yolo"), "no box at all"));
}

TEST_CASE("splits and names of YOLO data that are not there or there twice") {
  TemporaryFolder folder;
  write_files(folder.path(), yolo_files(false));
  DetectorDatasetOptions options;
  options.class_names = {"x", "y", "z"};
  CHECK(open_detector_datasets(folder.path().string(), "yolo", options).training.dataset->class_names() ==
        options.class_names);
  options.training_split = "fold_1";
  CHECK(contains(open_message(folder.path(), "yolo", options), "no split \"fold_1\""));
  write_bytes(folder / "data.yaml", bytes_of("nc: 3\nnames: [cat, hot dog]\n"));
  CHECK(contains(open_message(folder.path(), "yolo"), "data.yaml: line 1: nc is 3, but the file names 2"));
  write_bytes(folder / "data.yaml", bytes_of("nc: 2\nnames: [cat, hot dog]\n"));
  write_bytes(folder / "labels/classes.txt", bytes_of("cat\ndog\n"));
  CHECK(open_message(folder.path(), "yolo").empty());  // data.yaml goes before
  std::filesystem::remove(folder / "data.yaml");
  const auto pair = open_detector_datasets(folder.path().string(), "yolo");
  CHECK(pair.training.dataset->class_names() == std::vector<std::string>{"cat", "dog"});
  write_bytes(folder / "obj.names", bytes_of("dog\ncat\n"));
  CHECK(contains(open_message(folder.path(), "yolo"), "do not name the same classes"));
  std::filesystem::remove(folder / "obj.names");
  std::filesystem::remove(folder / "labels/classes.txt");
  CHECK(contains(open_message(folder.path(), "yolo"), "does not say what its classes are called"));
  write_bytes(folder / "classes.txt", bytes_of("only\n"));
  CHECK(contains(open_message(folder.path(), "yolo"), "deep/two.txt: line 1: the class 1 is not in the list"));
  write_files(folder / "copy", yolo_files(true));
  CHECK(contains(open_message(folder.path(), "yolo"), "has the split \"train\" twice"));
  std::filesystem::create_directories(folder / "empty");
  CHECK(contains(open_message(folder / "empty", "yolo"), "no split to train on"));
}

TEST_CASE("boxes of YOLO in pixels of the image's own size, and a damaged image") {
  TemporaryFolder folder;
  Files files = yolo_files(false);
  // One edge outside, one in pixels instead of shares, one thin, and rounding at the border.
  files["labels/train/one.txt"] = bytes_of(
      "0 0.9 0.5 0.4 0.5\n0 20 15 10 10\n0 0.5 0.5 0.0001 0.5\n1 0.500001 0.5 1 1\n1 nan 0.5 1 1\n0 0.5 0.5 -0.5 "
      "0.5\n");
  write_files(folder.path(), files);
  const auto pair = open_detector_datasets(folder.path().string(), "yolo");
  const auto objects = objects_of(pair.training, 1);
  REQUIRE(objects.size() == 3);
  CHECK(objects[0].box.left == Approx(28));
  CHECK(objects[0].box.right == 40);
  CHECK(objects[1].box.right == 40);
  CHECK(objects[2].box == Box{10, 7.5, 30, 22.5});
  CHECK(pair.training.boxes.clipped == 1);
  CHECK(pair.training.boxes.dropped_empty == 2);
  CHECK(pair.training.boxes.dropped_not_finite == 1);
  CHECK(pair.training.boxes.swapped == 1);
  write_bytes(folder / "labels/val/one.txt", bytes_of(std::string((4 << 20) + 1, '\n')));
  CHECK(contains(open_message(folder.path(), "yolo"), "one.txt: the file has more than 4194304 bytes"));
  write_bytes(folder / "labels/val/one.txt", bytes_of("0 0.5 0.5 1 1"));
  const std::vector<std::byte> jpeg = jpeg_of_size(30, 40);
  write_bytes(folder / "images/val/one.jpg", std::span(jpeg).first(20));
  // Its boxes are shares of a size that nobody knows.
  const auto without = open_detector_datasets(folder.path().string(), "yolo");
  CHECK(without.evaluation.boxes.unreadable == 1);
  CHECK(contains(warnings_of(without.evaluation), "one.jpg: the file is cut off after 20 bytes"));
}

TEST_CASE("lines of YOLO that are no box are refused with their number") {
  CHECK(parse_yolo_label("", 1).empty());
  CHECK(parse_yolo_label("\n \n\t\r\n", 1).empty());
  CHECK(parse_yolo_label("\xef\xbb\xbf"
                         "2 .1 1e-1 +0.5 1",
                         3)
            .at(0)
            .numbers == FourNumbers{0.1, 0.1, 0.5, 1});
  CHECK(contains(label_message("0 0.5 0.5 0.5"), "line 1: expected \"class center_x"));
  CHECK(contains(label_message("0 1 1 1 1\n0 1 1 1 1 0.9"), "line 2: expected"));
  CHECK(contains(label_message("0 0.1 0.1 0.2 0.1 0.9"), "detections with scores?"));
  const std::vector<StatedObject> outline = parse_yolo_label("0 0.1 0.1 0.2 0.1 0.2 0.3\n", 1);
  REQUIRE(outline.size() == 1);
  CHECK(outline[0].numbers[0] == Approx(0.15));
  CHECK(outline[0].numbers[3] == Approx(0.2));
  for (const char* text : {"0 nan 0.1 0.1 0.1 0.2 0.3", "0 0.1 0.1 nan 0.1 0.2 0.3", "0 0.1 0.1 0.1 0.2 0.2 nan"}) {
    CAPTURE(text);
    CHECK_FALSE(is_finite(parse_yolo_label(text, 1).at(0).numbers));
  }
  CHECK(contains(label_message("cat 1 1 1 1"), "the class is \"cat\""));
  CHECK(contains(label_message("1.5 1 1 1 1"), "the class is \"1.5\""));
  CHECK(contains(label_message("1e300 1 1 1 1"), "the class is \"1e300\""));
  CHECK(contains(label_message("nan 1 1 1 1"), "the class is \"nan\""));
  CHECK(parse_yolo_label("1.000e+00 1 1 1 1", 2).at(0).class_number == 1);
  CHECK(contains(label_message("3 1 1 1 1"), "the class 3 is not in the list of 3"));
  CHECK(contains(label_message("-1 1 1 1 1"), "the class -1 is not"));
  CHECK(contains(label_message("99999999999999999999 1 1 1 1"), "not a whole number"));
  CHECK(contains(label_message("0 1 1 1 1,0"), "\"1,0\" is not a number"));
  CHECK(contains(label_message("0 1 1 \x1b[31m 1"), "\"?[31m\" is not a number"));
  CHECK(label_message("0 1 1 " + std::string(100000, 'x') + " 1").size() < 200);
}

TEST_CASE("a YOLO split under two names is an error that says both") {
  const TemporaryFolder folder;
  Files files;
  files["classes.txt"] = bytes_of("cat\n");
  for (const char* split : {"train", "val", "dev"}) {
    files[std::string("images/") + split + "/" + split + ".jpg"] = jpeg_of_size(30, 40);
    files[std::string("labels/") + split + "/" + split + ".txt"] = bytes_of("0 0.5 0.5 0.5 0.5");
  }
  write_files(folder.path(), files);
  CHECK(contains(open_message(folder.path(), "yolo"), "has the split \"val\" under two names, \"dev\" and \"val\""));
  std::filesystem::remove_all(folder / "images/dev");
  std::filesystem::remove_all(folder / "labels/dev");
  CHECK(open_message(folder.path(), "yolo").empty());
}

TEST_CASE("class names from lists and from data.yaml") {
  const std::vector<std::string> two = {"a b", "c"};
  CHECK(parse_class_names("a b\r\nc\n\n") == two);
  CHECK(contains(message_of([] { parse_class_names("a\n\nb"); }), "the name of class 1 is empty"));
  CHECK(contains(message_of([] { parse_class_names("a\na"); }), "\"a\" is there twice"));
  CHECK(contains(message_of([] { parse_class_names("\n"); }), "no class names"));
  CHECK(parse_yaml_names("nc: 2\nnames: [a b, 'c']") == two);
  CHECK(parse_yaml_names("names: [a b,\n  \"c\"]  # two\nnc: 2") == two);
  CHECK(parse_yaml_names("names:\n- a b\n- c\nnc: 2\n") == two);
  CHECK(parse_yaml_names("# names: [x]\nnames:  # the names\n  0: a b\n  1: \"c\"\n\ntrain: x\n") == two);
  CHECK(parse_yaml_names("train: x\n").empty());
  CHECK(contains(names_message("names:\n  0: a\n  2: b\n"), "there is no name of class 1, but one of class 2"));
  CHECK(contains(names_message("names: [a, b"), "line 1: not readable as YAML"));
  CHECK(contains(names_message("names: a"), "the names are \"a\""));
  CHECK(contains(names_message("names: [a, a]"), "\"a\" is there twice"));
  CHECK(contains(names_message("names: [a]\nnames: [b]"), "names twice"));
}

TEST_CASE("class names in a data.yaml may be written in every form that tools write") {
  using Names = std::vector<std::string>;
  const Names odd = {"a, b", "it's", "say \"so\"", "c # d", "[e]: f", "caf\xc3\xa9", "0"};
  CHECK(parse_yaml_names(R"(names: ["a, b", 'it''s', "say \"so\"", "c # d", '[e]: f', "caf\xE9", 0])") == odd);
  CHECK(parse_yaml_names("names: [ 'a, b',  # the first\n   it's ,\n\n\"say \\\"so\\\"\", 'c # d',\n '[e]: f', "
                         "\"caf\\u00e9\"\n, 0, ]  # done\nnc: 7\n") == odd);
  CHECK(parse_yaml_names("path: x\r\nnames:\r\n  - 'a, b'\r\n  # more\r\n  - it's\r\n\r\n  - \"say \\\"so\\\"\" # "
                         "x\r\n  - 'c # d'\r\n  - '[e]: f'\r\n  - caf\xc3\xa9\r\n  - 0\r\nnc: 7\r\n") == odd);
  CHECK(parse_yaml_names("names:\n  0: a, b\n  1: it's\n  2: say \"so\"\n  '3': 'c # d'\n  \"4\": '[e]: f'\n  5 : "
                         "caf\xc3\xa9\n  6: 0 # zero\n\ndownload: |\n  names: [x]\n") == odd);
  CHECK(parse_yaml_names("names: {0: cat, 1: 'hot, dog'}") == Names{"cat", "hot, dog"});
  CHECK(parse_yaml_names("names: {\n  '1': dog, 0:\n    cat,\n}\n") == Names{"cat", "dog"});
  CHECK(parse_yaml_names("names:\n  1: dog\n  10: k\n  0: cat\n  2: c\n  3: d\n  4: e\n  5: f\n  6: g\n  7: h\n  8: "
                         "i\n  9: j") == Names{"cat", "dog", "c", "d", "e", "f", "g", "h", "i", "j", "k"});
  CHECK(parse_yaml_names("\xef\xbb\xbfnames :\n  [traffic\n   light, 'fire\n  hydrant']") ==
        Names{"traffic light", "fire hydrant"});
  // As long names are broken by PyYAML.
  CHECK(parse_yaml_names("names:\n- a very\n  long name\n- \"a\\tvery\\\n  \\ longer\n  name\"\n- 'b\n  c'\nnc: 3") ==
        Names{"a very long name", "a\tvery longer name", "b c"});
  CHECK(parse_yaml_names("names:\n  0: a very\n    long name # x\n  1: b\n") == Names{"a very long name", "b"});
  CHECK(parse_yaml_names("names: [C#, a#b]") == Names{"C#", "a#b"});
  CHECK(parse_yaml_names("names:\n- a\n---\n- b") == Names{"a"});
  CHECK(parse_yaml_names("kpt_names: [x]\nnames: [a]\nmore:\n  names: [b]") == Names{"a"});
  CHECK(parse_yaml_names("names: []").empty());
  CHECK(parse_yaml_names("names:").empty());
  CHECK(parse_yaml_names("").empty());
}

TEST_CASE("class names in a data.yaml that mean something else are refused with their line") {
  CHECK(contains(names_message("nc: 1\nnames:\n  cat: 0\n"), "line 3: expected the number of a class and its name"));
  CHECK(contains(names_message("names:\n  1: a\n  2: b\n"), "no name of class 0, but one of class 1"));
  CHECK(contains(names_message("names:\n  -1: a\n  0: b\n"), "there is no class -1"));
  CHECK(contains(names_message("names:\n  0: a\n  0: b\n"), "line 3: class 0 has two names"));
  CHECK(contains(names_message("names:\n  0:\n  1: b\n"), "the name of class 0 is empty"));
  CHECK(contains(names_message("names: [a,, b]"), "the name of class 1 is empty"));
  CHECK(contains(names_message("names:\n  - [a, b]\n"), "line 2: a name is a text"));
  CHECK(contains(names_message("names:\n  0: {a: b}\n"), "line 2: a name is a text"));
  CHECK(contains(names_message("[names]"), "expected \"names: ...\""));
  CHECK(contains(names_message("nc: 3\nnames: [a, b]\n"), "line 1: nc is 3, but the file names 2 classes"));
  CHECK(contains(names_message("names:\n  0: a\nnc: 0\n"), "line 3: nc is 0, but the file names 1 class."));
  CHECK(contains(names_message("names: [a]\nnc: two\n"), "line 2: nc is the number of classes, a whole number"));
  CHECK(contains(names_message("names: [a]\nnc: [1]\n"), "line 2: nc is the number of classes, a whole number"));
  CHECK(contains(names_message("nc: 1\nnames: [a]\nnc: 1\n"), "line 3: it has nc twice"));
  CHECK(parse_yaml_names("nc: 80\ntrain: x\n").empty());  // the names stand elsewhere
  CHECK(parse_yaml_names("names: [a]\nnc:\nmore:\n  nc: 2\n").size() == 1);
  // What YAML itself does not allow.
  for (const char* text : {"names:\n  0: a\n  - b\n", "nc: 1\nnames: [a] b", "nc: 1\nnames: ['a'b]",
                           "nc: 1\nnames: ['a]\n", "nc: 1\nnames: {0: a", "nc: 1\nnames: [\"a\\q\"]"}) {
    CAPTURE(text, names_message(text));
    CHECK(contains(names_message(text), "not readable as YAML"));
    CHECK(contains(names_message(text), "line "));
  }
  // Nested deeper than any stack: an error, not the end of the process.
  CHECK(contains(names_message("names: " + std::string(1000000, '[')), "not readable as YAML"));
}

TEST_CASE("aliases in a data.yaml stand for what they name, and cannot fill the memory") {
  const YamlSplits splits = parse_yaml_splits("train: &images [a, &b b]\nval: *images\ntest: *b\n");
  CHECK(splits.val == std::vector<std::string>{"a", "b"});
  CHECK(splits.test == std::vector<std::string>{"b"});
  // 200 KB would be 2 GB.
  std::string list = "\n- &a " + std::string(100'000, 'x') + "\n";
  for (int i = 0; i < 20'000; ++i)
    list += "- *a\n";
  CHECK(contains(names_message("names:" + list), "line 2: names and paths of more than 4 MiB"));
  CHECK(contains(message_of([&] { parse_yaml_splits("train: a\nval:" + list); }), "write them out without aliases"));
}

TEST_CASE("a file of class names is read by its path") {
  const std::vector<std::string> two = {"a b", "c"};
  TemporaryFolder folder;
  write_bytes(folder / "names.txt", bytes_of("a b\nc"));
  CHECK(read_class_names(folder / "names.txt") == two);
  write_bytes(folder / "names.txt", bytes_of("a\na"));
  CHECK(contains(message_of([&] { read_class_names(folder / "names.txt"); }), "names.txt: "));
}
