// The layouts that annotation programs write, each opened by looking at it, from a folder and from an archive.
#include <set>

#include "catch2_adapter.h"
#include "dataset_files.h"
#include "engine/base/error.h"
#include "engine/data/classifier/dataset.h"

using namespace sleight;
using namespace sleight::test;

namespace {

constexpr std::int64_t height = 30, width = 40;
// One box of the class "dog" in every image: 4, 6 to 20, 18.
const std::string voc_object =
    "<object><name>dog</name><bndbox><xmin>5</xmin><ymin>7</ymin><xmax>20</xmax><ymax>18</ymax></bndbox></object>";
const std::string yolo_line = "1 0.3 0.4 0.4 0.4\n";

std::string voc_xml(const std::string& filename, const std::string& object = voc_object) {
  return "<annotation><filename>" + filename + "</filename><size><width>40</width><height>30</height></size>" + object +
         "</annotation>";
}

std::string coco_json(const std::vector<std::string>& names, bool quotes_ids = false) {
  std::string images, annotations;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string id = std::to_string(i);
    images += (i == 0 ? "" : ", ") + std::string("{\"id\": ") + id +
              ", \"width\": 40, \"height\": 30, \"file_name\": \"" + names[i] + "\"}";
    annotations += (i == 0 ? "" : ", ") + std::string("{\"id\": ") + id +
                   ", \"image_id\": " + (quotes_ids ? "\"" + id + "\"" : id) +
                   ", \"category_id\": 2, \"bbox\": [4, 6, 16, 12]}";
  }
  return "{\"images\": [" + images + "], \"annotations\": [" + annotations +
         "], \"categories\": [{\"id\": 1, \"name\": \"cat\"}, {\"id\": 2, \"name\": \"dog\"}]}";
}

void add_image(Files& files, const std::string& path) {
  files[path] = jpeg_of_size(height, width);
}

void add_text(Files& files, const std::string& path, const std::string& text) {
  files[path] = bytes_of(text);
}

struct Layout {
  std::string title;
  std::int64_t training = 0, evaluation = 0;
  Files files = {};
};

std::map<std::string, Layout> layouts() {
  std::map<std::string, Layout> all;
  const auto numbered = [](int i) { return "photo " + std::to_string(i); };
  for (const bool side_by_side : {false, true}) {
    Layout& layout = all[side_by_side ? "labelImg VOC, side by side" : "labelImg VOC, apart"] = {"Pascal VOC", 8, 2};
    for (int i = 0; i < 10; ++i) {
      add_image(layout.files, (side_by_side ? "" : "images/") + numbered(i) + ".JPG");
      add_text(layout.files, (side_by_side ? "" : "annotations/") + numbered(i) + ".xml",
               voc_xml(numbered(i) + ".JPG"));
    }
  }
  for (const bool side_by_side : {false, true}) {
    Layout& layout = all[side_by_side ? "labelImg YOLO, side by side" : "YOLO, images and labels"] = {"YOLO", 8, 2};
    for (int i = 0; i < 10; ++i) {
      add_image(layout.files, (side_by_side ? "" : "Images/") + numbered(i) + ".jpg");
      add_text(layout.files, (side_by_side ? "" : "labels/") + numbered(i) + ".txt", yolo_line);
    }
    add_text(layout.files, std::string(side_by_side ? "" : "labels/") + "classes.txt", "cat\r\ndog\r\n");
  }
  Layout& cvat_yolo = all["CVAT YOLO 1.1"] = {"YOLO", 8, 2};
  std::string list;
  for (int i = 0; i < 10; ++i) {
    add_image(cvat_yolo.files, "obj_train_data/" + numbered(i) + ".jpg");
    add_text(cvat_yolo.files, "obj_train_data/" + numbered(i) + ".txt", yolo_line);
    list += "data/obj_train_data/" + numbered(i) + ".jpg\n";
  }
  add_text(cvat_yolo.files, "train.txt", list);
  add_text(cvat_yolo.files, "obj.names", "cat\ndog\n");
  add_text(cvat_yolo.files, "obj.data", "classes = 2\ntrain = data/train.txt\nnames = data/obj.names\n");
  Layout& cvat_voc = all["CVAT VOC"] = {"Pascal VOC", 8, 2};
  list.clear();
  for (int i = 0; i < 10; ++i) {
    add_image(cvat_voc.files, "JPEGImages/" + numbered(i) + ".jpg");
    add_text(cvat_voc.files, "Annotations/" + numbered(i) + ".xml", voc_xml("x"));
    // As in the documentation, in quotation marks, and with an extension.
    list += i % 3 == 0 ? numbered(i) + "\n" : i % 3 == 1 ? "\"" + numbered(i) + "\"\n" : numbered(i) + ".jpg\n";
  }
  add_text(cvat_voc.files, "ImageSets/Main/default.txt", list);
  add_text(cvat_voc.files, "labelmap.txt", "# label:color_rgb:parts:actions\n");

  Layout& renamed = all["VOC, images by their <filename>"] = {"Pascal VOC", 8, 2};
  Layout& below_images = all["YOLO below a folder called images"] = {"YOLO", 8, 2};
  for (int i = 0; i < 10; ++i) {
    add_image(renamed.files, "images/" + numbered(i) + ".jpg");
    add_text(renamed.files, "annotations/" + std::to_string(i) + ".xml", voc_xml("C:\\data\\" + numbered(i) + ".jpg"));
    add_image(below_images.files, "images/mine/images/" + numbered(i) + ".jpg");
    add_text(below_images.files, "images/mine/labels/" + numbered(i) + ".txt", yolo_line);
  }
  add_text(below_images.files, "classes.txt", "cat\ndog\n");

  Layout& roboflow_voc = all["Roboflow VOC"] = {"Pascal VOC", 3, 1};
  Layout& roboflow_coco = all["Roboflow COCO"] = {"COCO", 3, 1};
  Layout& roboflow_yolo = all["Roboflow YOLO"] = {"YOLO", 3, 1};
  for (const auto& [split, count] : std::map<std::string, int>{{"train", 3}, {"valid", 1}, {"test", 2}}) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) {
      const std::string stem = numbered(i) + "_jpg.rf.0a1b2c";
      names.push_back(stem + ".jpg");
      add_image(roboflow_voc.files, split + "/" + stem + ".jpg");
      add_text(roboflow_voc.files, split + "/" + stem + ".xml", voc_xml(stem + ".jpg"));
      add_image(roboflow_coco.files, split + "/" + stem + ".jpg");
      add_image(roboflow_yolo.files, split + "/images/" + stem + ".jpg");
      add_text(roboflow_yolo.files, split + "/labels/" + stem + ".txt", yolo_line);
    }
    add_text(roboflow_coco.files, split + "/_annotations.coco.json", coco_json(names));
  }
  add_text(roboflow_yolo.files, "data.yaml",
           "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\nnc: 2\nnames: ['cat', 'dog']\n");
  add_text(roboflow_yolo.files, "README.roboflow.txt", "exported\n");

  Layout& label_studio = all["label-studio COCO"] = {"COCO", 8, 2};
  Layout& uploads = all["label-studio COCO, images as they were before the upload"] = {"COCO", 8, 2};
  Layout& via = all["VIA COCO"] = {"COCO", 8, 2};
  Layout& addresses = all["COCO with addresses"] = {"COCO", 8, 2};
  std::vector<std::string> backslashes, plain, urls;
  for (int i = 0; i < 10; ++i) {
    add_image(label_studio.files, "images/1a2b3c4d-" + numbered(i) + ".jpg");
    backslashes.push_back("images\\\\1a2b3c4d-" + numbered(i) + ".jpg");
    add_image(uploads.files, "originals/" + numbered(i) + ".jpg");
    add_image(via.files, "photos/" + numbered(i) + ".jpg");
    plain.push_back(numbered(i) + ".jpg");
    add_image(addresses.files, "downloaded/" + numbered(i) + ".jpg");
    urls.push_back("https://example.org/data/photo%20" + std::to_string(i) + ".jpg?size=full");
  }
  add_text(label_studio.files, "result.json", coco_json(backslashes));
  add_text(uploads.files, "result.json", coco_json(backslashes));
  add_text(via.files, "via_project_coco.json", coco_json(plain, true));
  add_text(addresses.files, "annotations.json", coco_json(urls));

  // Half and half: of all four, one would be held out.
  Layout& ultralytics = all["data.yaml with path and lists"] = {"YOLO", 2, 2};
  for (int i = 0; i < 4; ++i) {
    const std::string split = i < 2 ? "train" : "held back";
    add_image(ultralytics.files, "images/" + split + "/" + numbered(i) + ".jpg");
    add_text(ultralytics.files, "labels/" + split + "/" + numbered(i) + ".txt", yolo_line);
  }
  add_text(ultralytics.files, "dogs.yaml",
           "path: /content/datasets/dogs\ntrain:\n  - images/train\nval: images/held back\nnames: {0: cat, 1: dog}\n");
  Layout& elsewhere = all["data.yaml with path, valid and another file beside it"] = {"YOLO", 2, 2};
  for (int i = 0; i < 4; ++i) {
    const std::string part = i < 2 ? "/one/" : "/two/";
    add_image(elsewhere.files, "sets/dogs/images" + part + numbered(i) + ".jpg");
    add_text(elsewhere.files, "sets/dogs/labels" + part + numbered(i) + ".txt", yolo_line);
  }
  add_text(elsewhere.files, "data.yaml",
           "path: ./old/../sets/dogs\ntrain: images/one\nvalid: images/two\nnames: [cat, dog]\n");
  add_text(elsewhere.files, "hyp.yaml", "lr0: 0.01\n");
  return all;
}

}  // namespace

TEST_CASE("what annotation programs write opens with its place alone, from a folder and from archives") {
  for (const auto& [name, layout] : layouts()) {
    CAPTURE(name);
    TemporaryFolder folder;
    write_files(folder / "tree", layout.files);
    write_bytes(folder / "tree.tar", tar_of(layout.files));
    write_bytes(folder / "tree.tar.gz", gzip(tar_of(layout.files)));
    for (const char* place : {"tree", "tree.tar", "tree.tar.gz"}) {
      CAPTURE(place);
      const auto pair = open_detector_datasets((folder / place).string(), automatic_format);
      CHECK(contains(pair.found, "data: " + layout.title));
      CHECK_FALSE(contains(warnings_of(pair.training), "passed over"));
      CHECK(pair.training.dataset->size() == layout.training);
      CHECK(pair.evaluation.dataset->size() == layout.evaluation);
      for (const auto* opened : {&pair.training, &pair.evaluation}) {
        const std::vector<std::string>& classes = opened->dataset->class_names();
        for (std::int64_t i = 0; i < opened->dataset->size(); ++i) {
          const auto objects = objects_of(*opened, i);
          REQUIRE(objects.size() == 1);
          CHECK(classes[objects[0].class_index] == "dog");
          CHECK(objects[0].box.left == Approx(4));
          CHECK(objects[0].box.bottom == Approx(18));
          StoredImage stored;
          opened->dataset->read(i, stored);
          CHECK(stored.bytes.size() > 100);
        }
      }
      CHECK(has_boxes((folder / place).string()));
    }
  }
}

TEST_CASE("without a split for evaluation the same images are held out by every program, and none is in both parts") {
  const Layout layout = layouts().at("VIA COCO");
  TemporaryFolder folder;
  write_files(folder.path(), layout.files);
  const auto names = [](const DetectorDataset& dataset) {
    std::set<std::string> result;
    for (std::int64_t i = 0; i < dataset.size(); ++i)
      result.insert(dataset.name(i));
    return result;
  };
  const std::string path = folder.path().string();
  const auto pair = open_detector_datasets(path, automatic_format);
  const auto training = open_detector_dataset(path, automatic_format, DatasetSplit::training);
  const auto evaluation = open_detector_dataset(path, "coco", DatasetSplit::evaluation);
  CHECK(names(*pair.training.dataset) == names(*training.dataset));
  CHECK(names(*pair.evaluation.dataset) == names(*evaluation.dataset));
  CHECK(contains(pair.found, "8 images to train on (all), 2 to evaluate on (20% of all held out, --validation-share)"));
  CHECK(contains(evaluation.found, "COCO, 2 images (20% of all held out"));
  std::set<std::string> both = names(*training.dataset);
  both.merge(names(*evaluation.dataset));
  CHECK(both.size() == 10);
  CHECK(evaluation.ids.images.size() == 2);
  DetectorDatasetOptions half;
  half.validation_share = 0.5;
  CHECK(open_detector_dataset(path, "coco", DatasetSplit::evaluation, half).dataset->size() == 5);
  half.validation_share = 0.0;
  CHECK(contains(open_message(folder.path(), "coco", half), "hold out a part with --validation-share"));
}

TEST_CASE("an annotation belongs to the image beside it, else to the nearest, else to that of its split") {
  TemporaryFolder folder;
  const auto add = [](Files& files, const std::string& image, const std::string& xml, const std::string& name) {
    std::string object = voc_object;
    add_image(files, image + "/x.jpg");
    add_text(files, xml + "/x.xml", voc_xml("x.jpg", object.replace(object.find("dog"), 3, name)));
  };
  Files beside, near, of_split;
  for (const std::string place : {"a", "b"}) {
    add(beside, place, place, place);
    add(near, place + "/images", place + "/annotations", place);
  }
  for (const std::string split : {"train", "valid"})
    add(of_split, "images/" + split, "annotations/" + split, "a");
  write_files(folder / "beside", beside);
  write_files(folder / "near", near);
  write_files(folder / "split", of_split);
  DetectorDatasetOptions options;
  options.validation_share = 0.0;
  for (const char* place : {"beside", "near"}) {
    const auto opened =
        open_detector_dataset((folder / place).string(), automatic_format, DatasetSplit::training, options);
    REQUIRE(opened.dataset->size() == 2);
    for (std::int64_t i = 0; i < 2; ++i) {
      const std::string& name = opened.dataset->class_names()[objects_of(opened, i).at(0).class_index];
      CHECK(contains(opened.dataset->name(i), "/" + name + "/"));
    }
  }
  const auto pair = open_detector_datasets((folder / "split").string(), automatic_format);
  CHECK(contains(pair.training.dataset->name(0), "images/train/x.jpg"));
  CHECK(contains(pair.evaluation.dataset->name(0), "images/valid/x.jpg"));
}

TEST_CASE("files that could be read in two formats are said to") {
  Layout both = layouts().at("labelImg VOC, side by side");
  for (int i = 0; i < 10; ++i)
    add_text(both.files, "photo " + std::to_string(i) + ".txt", yolo_line);
  TemporaryFolder folder;
  write_files(folder.path(), both.files);
  const auto pair = open_detector_datasets(folder.path().string(), automatic_format);
  CHECK(contains(pair.found, "data: Pascal VOC"));
  CHECK(contains(pair.found, "it could also be read with --format yolo"));
}

TEST_CASE("a file of annotations stands for its dataset, and images may lie elsewhere") {
  TemporaryFolder folder;
  Files files;
  add_text(files, "annotations/instances_train.json", coco_json({"/home/other/a.jpg", "b.jpg", "c.jpg"}));
  add_text(files, "annotations/instances_val.json", coco_json({"d.jpg"}));
  write_files(folder / "set", files);
  Files images;
  for (const char* name : {"a", "b", "c", "d"})
    add_image(images, std::string("deep/") + name + ".jpg");
  write_files(folder / "images", images);
  const std::string missing = open_message(folder / "set", automatic_format);
  CHECK(contains(missing, "lists the image \"/home/other/a.jpg\""));
  CHECK(contains(missing, "--images"));
  DetectorDatasetOptions options;
  options.images = (folder / "images").string();
  for (const char* place : {"set", "set/annotations/instances_train.json", "set/annotations/instances_val.json"}) {
    const auto pair = open_detector_datasets((folder / place).string(), automatic_format, options);
    CHECK(pair.training.dataset->size() == 3);
    CHECK(pair.evaluation.dataset->size() == 1);
    CHECK(contains(pair.training.dataset->name(0), "images/deep/a.jpg"));
    CHECK(contains(warnings_of(pair.training), "found by the name of the file alone"));
  }
  add_image(images, "third/a.jpg");
  write_files(folder / "images", images);
  CHECK(contains(message_of([&] { open_detector_datasets((folder / "set").string(), automatic_format, options); }),
                 "several files have that name"));
  // A folder that is in the dataset anyway, though its images are not where this format has them.
  Files photos;
  for (const char* name : {"a", "b", "c", "d"})
    add_image(photos, std::string("photos/") + name + ".jpg");
  write_files(folder / "set", photos);
  options.images = (folder / "set/photos").string();
  const auto inside = open_detector_datasets((folder / "set").string(), automatic_format, options);
  CHECK(contains(inside.training.dataset->name(0), "set/photos/a.jpg"));
  CHECK_FALSE(contains(warnings_of(inside.training), "found by the name of the file alone"));
  const Layout yolo = layouts().at("Roboflow YOLO");
  write_files(folder / "yolo", yolo.files);
  CHECK(open_detector_datasets((folder / "yolo/data.yaml").string(), automatic_format).training.dataset->size() == 3);
}

TEST_CASE("what is passed over in a layout is said") {
  TemporaryFolder folder;
  Layout yolo = layouts().at("Roboflow YOLO");
  add_text(yolo.files, "train/images/b.webp", "RIFF");
  add_text(yolo.files, "train/labels/lost.txt", yolo_line);
  add_text(yolo.files, "train/labels/photo 0_jpg.rf.0a1b2c.txt", yolo_line + yolo_line + "0 0.1 0.1 0.5 0.1 0.5 0.6\n");
  write_files(folder / "yolo", yolo.files);
  const auto opened = open_detector_datasets((folder / "yolo").string(), automatic_format);
  const std::string warnings = warnings_of(opened.training);
  CAPTURE(warnings);
  CHECK(opened.training.boxes.objects == 4);  // the one that is there twice counts once
  CHECK(contains(warnings, "1 file passed over, no .jpg, .jpeg or .png"));
  CHECK(contains(warnings, "b.webp"));
  CHECK(contains(warnings, "1 label file without an image of the split passed over"));
  CHECK(contains(warnings, "1 outline of the split train taken as the box around it"));
  CHECK(contains(warnings, "1 box is there more than once"));

  Layout voc = layouts().at("labelImg VOC, apart");
  add_image(voc.files, "images/new.jpg");
  add_text(voc.files, "annotations/lost.xml", voc_xml("lost.jpg"));
  add_text(voc.files, "annotations/photo 0 again.xml", voc_xml("photo 0.JPG"));
  const std::string twice = voc_object.substr(0, voc_object.size() - 9) +
                            "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
                            "<difficult>Unspecified</difficult></object>";
  for (int i = 0; i < 10; ++i)
    add_text(voc.files, "annotations/photo " + std::to_string(i) + ".xml", voc_xml("x", twice));
  write_files(folder / "voc", voc.files);
  const std::string of_voc = warnings_of(open_detector_datasets((folder / "voc").string(), automatic_format).training);
  CAPTURE(of_voc);
  CHECK(contains(of_voc, "1 annotation of the split all without an image passed over"));
  CHECK(contains(of_voc, "1 image of the split all without an annotation left out"));
  CHECK(contains(of_voc, "1 image of all is listed more than once and taken once"));
  CHECK(contains(of_voc, "objects have more than one <bndbox>"));
  CHECK(contains(of_voc, "objects have a <difficult> that is neither 0 nor 1"));
}

TEST_CASE("data.yaml that names what is not there is an error, and a list beside a folder is said to be used") {
  TemporaryFolder folder;
  Layout yolo = layouts().at("data.yaml with path and lists");
  add_text(yolo.files, "dogs.yaml", "train: images/missing\nnames: [cat, dog]\n");
  write_files(folder / "wrong", yolo.files);
  CHECK(contains(open_message(folder / "wrong", automatic_format), "dogs.yaml names \"images/missing\""));
  // "images" alone would be the images of all splits.
  add_text(yolo.files, "dogs.yaml", "train: ../train/images\nval: ../valid/images\nnames: [cat, dog]\n");
  write_files(folder / "wrong", yolo.files);
  CHECK(contains(open_message(folder / "wrong", automatic_format), "dogs.yaml names \"../train/images\""));
  add_text(yolo.files, "dogs.yaml", "names: [cat, dog]\n");
  add_text(yolo.files, "train.txt", "\"images/train/photo 0.jpg\"\nimages/train/photo 1.jpg\n");
  write_files(folder / "quoted", yolo.files);
  CHECK(contains(open_message(folder / "quoted", automatic_format), "train.txt, line 1"));
  add_text(yolo.files, "train.txt", "images/train/photo 0.jpg\nimages/train/photo 1.jpg\n");
  write_files(folder / "list", yolo.files);
  const auto opened = open_detector_dataset((folder / "list").string(), "yolo", DatasetSplit::training);
  CHECK(contains(warnings_of(opened), "the split train is the list"));
}

TEST_CASE("a data.yaml beside a part of the images does not speak for all") {
  TemporaryFolder folder;
  Files files;
  for (const std::string part : {"one", "two"})
    for (int i = 0; i < 5; ++i) {
      const std::string stem = part + std::to_string(i);
      add_image(files, part + "/images/" + stem + ".jpg");
      add_text(files, part + "/labels/" + stem + ".txt", yolo_line);
    }
  add_text(files, "one/data.yaml", "train: images\nnames: [cat, dog]\n");
  add_text(files, "classes.txt", "cat\ndog\n");
  write_files(folder.path(), files);
  const auto pair = open_detector_datasets(folder.path().string(), "yolo");
  CHECK(pair.training.dataset->size() == 8);
  CHECK(pair.evaluation.dataset->size() == 2);
}

TEST_CASE("texts in other encodings are errors that say so, in every format") {
  TemporaryFolder folder;
  const std::string gbk = "\xc6\xfb\xb3\xb5";
  Layout voc = layouts().at("Roboflow VOC");
  std::string object = voc_object;
  object.replace(object.find("dog"), 3, gbk);
  add_text(voc.files, "train/photo 0_jpg.rf.0a1b2c.xml", voc_xml("x", object));
  Layout yolo = layouts().at("labelImg YOLO, side by side");
  add_text(yolo.files, "classes.txt", gbk + "\ndog\n");
  Layout yaml = layouts().at("Roboflow YOLO");
  add_text(yaml.files, "data.yaml", "names: [" + gbk + ", dog]\ntrain: train/images\nval: valid/images\n");
  int number = 0;
  for (const Files& files : {voc.files, yolo.files, yaml.files}) {
    const auto place = folder / std::to_string(number++);
    write_files(place, files);
    const std::string message = open_message(place, automatic_format);
    CAPTURE(message);
    const bool is_said = contains(message, "not in UTF-8") || contains(message, "not readable as YAML");
    CHECK(is_said);
  }
  Layout list = layouts().at("CVAT VOC");
  std::string utf16 = "\xff\xfe";
  for (const char c : std::string("photo 0\r\n")) {
    utf16 += c;
    utf16 += '\0';
  }
  list.files["ImageSets/Main/default.txt"] = bytes_of(utf16);
  write_files(folder / "utf16", list.files);
  CHECK(contains(open_message(folder / "utf16", automatic_format), "UTF-16"));
}

TEST_CASE("a classifier's program that is given boxes says whose they are") {
  for (const char* name : {"Roboflow YOLO", "labelImg VOC, apart", "label-studio COCO"}) {
    CAPTURE(name);
    TemporaryFolder folder;
    write_files(folder.path(), layouts().at(name).files);
    const std::string message = message_of([&] { open_dataset(folder.path().string(), DatasetSplit::training); });
    CHECK(contains(message, "train_detector"));
  }
}

TEST_CASE("a place without boxes is an error that says what is there and what was looked for") {
  TemporaryFolder folder;
  write_bytes(folder / "notes.md", bytes_of("x"));
  const std::string message = open_message(folder.path(), automatic_format);
  CHECK(contains(message, "holds no annotations of boxes (1 file, the first is notes.md)"));
  CHECK(contains(message, "train_classifier"));
  CHECK_FALSE(has_boxes(folder.path().string()));
  CHECK_FALSE(has_boxes("no such place"));
}
