// What the readers of detection formats hand over: images and boxes as the files state them. The rules for wrong
// boxes and everything else that all formats share come after, in open_detector_dataset.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/detector/box_rules.h"
#include "engine/data/files/file_tree.h"
#include "engine/image/decode_image.h"

namespace sleight {

struct StatedObject {
  FourNumbers numbers{};
  std::int32_t class_number = 0;  // a position in AnnotatedSplit::class_names
  bool is_difficult = false;
  bool is_crowd = false;
  std::optional<double> outline_area = std::nullopt;
};

struct StatedImage {
  std::size_t file = 0;          // in the tree
  ImageSize size;                // 0 x 0: not stated
  std::size_t object_count = 0;  // its objects follow those of the image before
};

struct AnnotatedSplit {
  std::string name;  // for messages: "train", "instances_val2017.json"
  BoxNumbers numbers = BoxNumbers::corners;
  std::vector<std::string> class_names;  // declared by the format, or found
  std::vector<StatedImage> images;
  std::vector<StatedObject> objects;
  std::vector<std::string> warnings;
  std::vector<std::int64_t> image_ids, category_ids;  // COCO's, beside images and class_names; otherwise empty
};

// The splits that a tree offers for training and evaluation; empty where there is none.
struct SplitNames {
  std::string training;
  std::string evaluation;
};

// Pascal VOC: <anywhere>/ImageSets/Main/<split>.txt lists names; JPEGImages/<name>.jpg (.jpeg, .png) and
// Annotations/<name>.xml belong to each. Several such folders (VOC2007, VOC2012) are one dataset. Classes: the sorted
// names that occur. Throws Error for an image or an annotation that is missing, and for damaged XML.
SplitNames find_voc_splits(const FileTree& tree, const SplitNames& wanted);
AnnotatedSplit read_voc_split(const FileTree& tree, const std::string& split);

// COCO: one JSON file for a split and a folder of images. Images and classes (the categories): by their number, for
// detections with equal scores are ranked by it in COCO's metrics (pycocotools), and the order of the file says
// nothing.
SplitNames find_coco_splits(const FileTree& tree, const SplitNames& wanted);
AnnotatedSplit read_coco_split(const FileTree& tree, const std::string& split);
// Without the split's images, which need not be there.
std::vector<std::string> read_coco_class_names(const FileTree& tree, const std::string& split);

// YOLO: a text file beside every image. Classes: `given_names`, or those found beside the data.
SplitNames find_yolo_splits(const FileTree& tree, const SplitNames& wanted);
AnnotatedSplit read_yolo_split(const FileTree& tree, const std::string& split,
                               const std::vector<std::string>& given_names);
std::vector<std::string> read_yolo_class_names(const FileTree& tree, const std::string& split);

}  // namespace sleight
