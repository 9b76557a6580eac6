// What a dataset states about its own parts: which images are trained on, and which image an annotation belongs to.
#include "catch2_adapter.h"
#include "dataset_files.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

using namespace sleight;
using namespace sleight::test;

namespace {

const std::string label = "0 0.5 0.5 0.5 0.5\n";

std::string xml() {
  return "<annotation><object><name>dog</name><bndbox><xmin>5</xmin><ymin>7</ymin><xmax>20</xmax><ymax>18</ymax>"
         "</bndbox></object></annotation>";
}

// One box in every image.
std::string coco(const std::vector<std::string>& names) {
  std::string images, annotations;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string comma = i == 0 ? "" : ", ";
    images += comma + printed("{\"id\": ", i, ", \"file_name\": \"", names[i], "\"}");
    annotations +=
        comma + printed("{\"id\": ", i, ", \"image_id\": ", i, R"(, "category_id": 1, "bbox": [4, 6, 9, 9]})");
  }
  return R"({"images": [)" + images + R"(], "annotations": [)" + annotations +
         R"(], "categories": [{"id": 1, "name": "dog"}]})";
}

class Place {
 public:
  void image(const std::string& path) { files_[path] = jpeg_of_size(30, 40); }
  void text(const std::string& path, const std::string& content) { files_[path] = bytes_of(content); }
  void yolo(const std::string& folder, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      image("images/" + folder + name + ".jpg");
      text("labels/" + folder + name + ".txt", label);
    }
  }
  DetectorDatasetPair open() {
    write_files(folder_.path(), files_);
    return open_detector_datasets(folder_.path().string(), automatic_format);
  }
  std::string error() {
    write_files(folder_.path(), files_);
    return open_message(folder_.path(), automatic_format);
  }

 private:
  TemporaryFolder folder_;
  Files files_;
};

void check_sizes(const DetectorDatasetPair& pair, std::int64_t training, std::int64_t evaluation) {
  CAPTURE(pair.found);
  CHECK(pair.training.dataset->size() == training);
  CHECK(pair.evaluation.dataset->size() == evaluation);
}

}  // namespace

TEST_CASE("YOLO's folders with a year are splits without any data.yaml") {
  Place place;
  place.yolo("train2017/", {"1", "2", "3"});
  place.yolo("val2017/", {"1"});
  place.text("classes.txt", "dog\n");
  check_sizes(place.open(), 3, 1);
}

TEST_CASE("darknet's obj.data names its lists, whatever they are called") {
  Place place;
  for (const char* name : {"1", "2", "3", "4"}) {
    place.image(std::string("data/obj/") + name + ".jpg");
    place.text(std::string("data/obj/") + name + ".txt", label);
  }
  place.text("data/obj.data",
             "classes = 1\ntrain  = data/cells_a.txt\nvalid = data/cells_b.txt\nnames = data/obj.names\n");
  place.text("data/obj.names", "dog\n");
  place.text("data/cells_a.txt", "data/obj/1.jpg\ndata/obj/2.jpg\ndata/obj/3.jpg\n");
  place.text("data/cells_b.txt", "data/obj/4.jpg\n");
  check_sizes(place.open(), 3, 1);
  place.text("data/obj.data", "train = data/other.txt\n");
  CHECK(contains(place.error(), "obj.data names \"data/other.txt\""));
}

TEST_CASE("keypoints behind a YOLO box are no outline, when data.yaml says that they are there") {
  Place place;
  place.yolo("", {"1", "2", "3"});
  for (const char* name : {"1", "2", "3"})
    place.text(std::string("labels/") + name + ".txt", "0 0.5 0.5 0.5 0.4 0.1 0.1 2 0.9 0.1 2\n");
  place.text("data.yaml", "kpt_shape: [2, 3]\nnames: [plate]\n");
  const DetectorDatasetPair pair = place.open();
  const Box box = objects_of(pair.training, 0).at(0).box;
  CHECK(box.left == Approx(10));
  CHECK(box.right == Approx(30));
  CHECK(box.bottom == Approx(21));
  CHECK_FALSE(contains(warnings_of(pair.training), "outline"));
  place.text("data.yaml", "kpt_shape: [3, 3]\nnames: [plate]\n");
  CHECK(contains(place.error(), "9 numbers of keypoints"));
  place.text("data.yaml", "kpt_shape: 3\nnames: [plate]\n");
  CHECK(contains(place.error(), "kpt_shape"));
}

TEST_CASE("images and annotations in no folder of a split are said") {
  Place yolo;
  yolo.yolo("train/", {"1", "2"});
  yolo.yolo("val/", {"3"});
  yolo.yolo("more/", {"4", "5"});
  yolo.text("classes.txt", "dog\n");
  CHECK(contains(warnings_of(yolo.open().training), "2 images with labels are in no folder of a split"));
  Place voc;
  for (const char* stem : {"train/1", "train/2", "valid/3", "more/4"}) {
    voc.image(std::string(stem) + ".jpg");
    voc.text(std::string(stem) + ".xml", xml());
  }
  CHECK(contains(warnings_of(voc.open().training), "1 annotation is in no folder of a split"));
}

TEST_CASE("lists of splits that Pascal VOC does not have are said to be unused") {
  for (const char* list : {"train.txt", "ImageSets/train.txt", "ImageSets/Segmentation/train.txt"}) {
    Place place;
    for (const char* name : {"1", "2", "3"}) {
      place.image(std::string("JPEGImages/") + name + ".jpg");
      place.text(std::string("Annotations/") + name + ".xml", xml());
    }
    place.text(list, "1\n2\n");
    const std::string warnings = warnings_of(place.open().training);
    CAPTURE(warnings);
    CHECK(contains(warnings, "1 list of a split was not used"));
    CHECK(contains(warnings, "ImageSets/Main"));
  }
}

TEST_CASE("an annotation never takes the image of another split, and finds it in the folder of the same name") {
  Place place;
  for (const char* stem : {"train/1", "train/2", "valid/1", "valid/3"}) {
    if (std::string_view(stem) != "train/1") place.image(std::string(stem) + ".jpg");
    place.text(std::string(stem) + ".xml", xml());
  }
  const DetectorDatasetPair pair = place.open();
  check_sizes(pair, 1, 2);
  CHECK(contains(warnings_of(pair.training), "1 annotation of the split train without an image passed over"));
  Place mirrored;
  for (const char* stem : {"cars/1", "cars/2", "dogs/1", "dogs/2"}) {
    mirrored.image("images/" + std::string(stem) + ".jpg");
    mirrored.text("annotations/" + std::string(stem) + ".xml", xml());
  }
  check_sizes(mirrored.open(), 3, 1);
}

TEST_CASE("COCO's images of equal names are those of the file's own split") {
  for (const char* year : {"", "2017"}) {
    Place place;
    place.text(printed("annotations/instances_train", year, ".json"), coco({"1.jpg", "2.jpg"}));
    place.text(printed("annotations/instances_val", year, ".json"), coco({"1.jpg"}));
    for (const char* path : {"photos/Train/1.jpg", "photos/Train/2.jpg", "photos/Val/1.jpg"})
      place.image(path);
    const DetectorDatasetPair pair = place.open();
    check_sizes(pair, 2, 1);
    CHECK(contains(pair.training.dataset->name(0), "Train/1.jpg"));
    CHECK(contains(pair.evaluation.dataset->name(0), "Val/1.jpg"));
  }
  Place missing;
  missing.text("annotations/instances_train.json", coco({"1.jpg", "2.jpg"}));
  missing.text("annotations/instances_val.json", coco({"1.jpg"}));
  missing.image("train/2.jpg");
  missing.image("val/1.jpg");
  const std::string message = missing.error();
  CAPTURE(message);
  CHECK(contains(message, "lists the image \"1.jpg\", which is missing"));
  CHECK(message.find("instances_train.json") == message.rfind("instances_train.json"));
}

TEST_CASE("COCO files of any name in the folders of splits are those splits") {
  Place place;
  for (const char* split : {"train", "validation"}) {
    place.text(printed(split, "/labels.json"), coco({"1.jpg", "2.jpg"}));
    place.image(printed(split, "/data/1.jpg"));
    place.image(printed(split, "/data/2.jpg"));
  }
  const DetectorDatasetPair pair = place.open();
  check_sizes(pair, 2, 2);
  CHECK(warnings_of(pair.training).empty());
}

TEST_CASE("an image that COCO lists under two numbers is said: its boxes may be under one of them alone") {
  Place place;
  place.text("all.json", coco({"1.jpg", "2.jpg", "1.jpg"}));
  place.image("1.jpg");
  place.image("2.jpg");
  CHECK(contains(warnings_of(place.open().training), "1 image is listed more than once, under several ids"));
}

TEST_CASE("annotations of other programs are refused with what to do") {
  Place cvat;
  cvat.text("annotations.xml", "<annotations><image name=\"1.jpg\"/></annotations>");
  cvat.image("images/1.jpg");
  CHECK(contains(cvat.error(), "Export them as COCO, Pascal VOC or YOLO"));
  Place rotated;
  rotated.text("1.xml", "<annotation><object><name>dog</name><robndbox/></object></annotation>");
  rotated.image("1.jpg");
  CHECK(contains(rotated.error(), "Export boxes"));
  Place labelme;
  labelme.text("1.json", "{\"shapes\": [], \"imagePath\": \"1.jpg\"}");
  labelme.image("1.jpg");
  CHECK(contains(labelme.error(), "JSON with images, annotations and categories"));
  Place packed;
  packed.text("train.zip", "PK");
  CHECK(contains(packed.error(), "unpack the archives in it"));
}
