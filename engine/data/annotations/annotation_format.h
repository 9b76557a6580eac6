// A format of files with boxes: which splits there are, and what their files state. The rules for wrong boxes and
// everything else that all formats share come after, in open_detector_dataset.cpp. A format is a file of its own
// (yolo.cpp), its declaration below and its line in annotation_format.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
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

// The splits that a tree offers for training and evaluation; empty where there is none. A tree without splits offers
// whole_dataset (dataset_paths.h) for training.
struct SplitNames {
  std::string training;
  std::string evaluation;
};

class AnnotationFormat {
 public:
  virtual ~AnnotationFormat() = default;

  // As --format takes it: "yolo".
  virtual std::string name() const = 0;
  // As people call it: "Pascal VOC".
  virtual std::string title() const = 0;
  // What the format is known by, for help texts: "text files".
  virtual std::string files() const = 0;
  // Whether the tree looks as if it held annotations of this format.
  virtual bool recognizes(const FileTree& tree) const = 0;

  // The wanted splits; in place of one that is empty, the split that the format takes, or still "" where the tree has
  // none. Most formats take what find_usual_splits takes.
  virtual SplitNames find_splits(const FileTree& tree, const SplitNames& wanted) const = 0;
  // What find_splits looks for, for the message that there is none.
  virtual SplitNames looked_for() const { return {"train", "val, valid and test"}; }
  // The splits that the tree has, for the same message: "train, default"; empty where it has none.
  virtual std::string splits_in(const FileTree& tree) const = 0;

  // given_names: the classes that the user named; empty where the format says what they are. Throws Error for a split,
  // an image or an annotation that is missing, and for damaged files.
  virtual AnnotatedSplit read_split(const FileTree& tree, const std::string& split,
                                    const std::vector<std::string>& given_names) const = 0;
  // The classes of read_split, where they can be had without the split's images.
  virtual std::vector<std::string> class_names(const FileTree& tree, const std::string& split) const {
    return read_split(tree, split, {}).class_names;
  }
};

const AnnotationFormat& voc_format();
const AnnotationFormat& coco_format();
const AnnotationFormat& yolo_format();

// All of them, in the order in which help texts list them.
std::span<const AnnotationFormat* const> annotation_formats();

// In place of splits that are not named: "train", and the first that there is of "val" and "test", which are also called
// "valid" and "validation" and so on.
SplitNames find_usual_splits(const SplitNames& wanted, const std::function<bool(const std::string& split)>& has_split);

}  // namespace sleight
