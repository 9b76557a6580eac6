// What the readers of detection formats hand over: pictures and boxes as the files state them. The rules for wrong
// boxes and everything else that all formats share come after, in open_detection_dataset.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/box_rules.h"
#include "engine/data/decode_picture.h"
#include "engine/data/file_tree.h"

namespace sleight {

struct StatedObject {
  FourNumbers numbers{};
  std::int32_t class_number = 0;  // a position in AnnotatedSplit::class_names
  bool is_difficult = false;
  bool is_crowd = false;
  std::optional<double> outline_area = std::nullopt;
};

struct StatedPicture {
  std::size_t file = 0;          // in the tree
  PictureSize size;              // 0 x 0: not stated
  std::size_t object_count = 0;  // its objects follow those of the picture before
};

struct AnnotatedSplit {
  std::string name;  // for messages: "train", "instances_val2017.json"
  BoxNumbers numbers = BoxNumbers::corners;
  std::vector<std::string> class_names;  // declared by the format, or found
  std::vector<StatedPicture> pictures;
  std::vector<StatedObject> objects;
  std::vector<std::string> warnings;
  std::vector<std::int64_t> picture_ids, category_ids;  // COCO's, beside pictures and class_names; otherwise empty
};

// The splits that a tree offers for training and evaluation; empty where there is none.
struct SplitNames {
  std::string training;
  std::string evaluation;
};

// Pascal VOC: <anywhere>/ImageSets/Main/<split>.txt lists names; JPEGImages/<name>.jpg (.jpeg, .png) and
// Annotations/<name>.xml belong to each. Several such folders (VOC2007, VOC2012) are one data set. Classes: the sorted
// names that occur. Throws Error for a picture or an annotation that is missing, and for damaged XML.
SplitNames find_voc_splits(const FileTree& tree, const SplitNames& wanted);
AnnotatedSplit read_voc_split(const FileTree& tree, const std::string& split);

// COCO: one JSON file for a split and a folder of pictures. Pictures and classes (the categories): by their number, for
// detections with equal scores are ranked by it in COCO's metrics (pycocotools), and the order of the file says
// nothing.
SplitNames find_coco_splits(const FileTree& tree, const SplitNames& wanted);
AnnotatedSplit read_coco_split(const FileTree& tree, const std::string& split);
// Without the split's pictures, which need not be there.
std::vector<std::string> read_coco_class_names(const FileTree& tree, const std::string& split);

// YOLO: a text file beside every picture. Classes: `given_names`, or those found beside the data.
SplitNames find_yolo_splits(const FileTree& tree, const SplitNames& wanted);
AnnotatedSplit read_yolo_split(const FileTree& tree, const std::string& split,
                               const std::vector<std::string>& given_names);
std::vector<std::string> read_yolo_class_names(const FileTree& tree, const std::string& split);

}  // namespace sleight
