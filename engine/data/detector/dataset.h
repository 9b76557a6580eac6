// Images with boxes around their objects. An open dataset never changes and may be read from many threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/detector/box.h"
#include "engine/data/detector/box_rules.h"
#include "engine/data/loader/image_source.h"

namespace sleight {

class DetectorDataset : public ImageSource {
 public:
  // In the order of the file. The boxes satisfy engine/data/detector/box_rules.h: they have a known class, and for
  // training they lie inside the image and are not empty. The list may be empty.
  virtual std::span<const ObjectBox> objects(std::int64_t index) const = 0;
};

enum class DetectorDatasetFormat : std::uint8_t { voc, coco, yolo, synthetic };

// "voc", "coco", "yolo" or "synthetic"; throws Error naming them for anything else.
DetectorDatasetFormat parse_detector_dataset_format(std::string_view name);
std::string_view name_of(DetectorDatasetFormat format);

// At opening, all scenes are arranged and their boxes stored, before the first one is painted.
inline constexpr std::int64_t maximum_generated_scenes = 1'000'000;

// Generated scenes: textured shapes that hide each other on a cluttered ground. A scene is a pure function of (seed,
// split, index, height, width, classes, objects).
struct SyntheticSceneOptions {
  std::int64_t training_count = 2000;  // 1 .. maximum_generated_scenes, both counts
  std::int64_t evaluation_count = 200;
  std::int64_t height = 416;  // 32 .. 4096
  std::int64_t width = 416;
  int classes = 10;  // 1 .. 50, as for SyntheticOptions
  int minimum_objects = 1;
  int maximum_objects = 8;
  std::uint64_t seed = 0;
};

// What training does with objects that Pascal VOC calls difficult. The evaluation split always has them: the metric
// decides what they count.
enum class DifficultObjects : std::uint8_t { keep, drop };
// "keep" or "drop"; throws Error for anything else.
DifficultObjects parse_difficult_objects(std::string_view name);

struct DetectorDatasetOptions {
  // The dataset's names of the splits; empty: the format's rule.
  //   voc        With a test split: training is trainval (a year without: train), evaluation is test.
  //              Without one: train and val, for trainval would contain val. Years that lie side by side are put
  //              together; "VOC2007/test" names one year, and "VOC2007/trainval,VOC2012/train" several splits.
  //   coco, yolo Training is train; evaluation is the first there is of val, valid, test. For coco also the path of the
  //              JSON file below the root.
  std::string training_split;
  std::string evaluation_split;
  // Empty: the dataset's own. voc: the sorted names found in the training split. coco: the training file's categories,
  // by id. yolo: data.yaml, classes.txt or *.names. If given for voc and coco, objects of other classes are left out
  // and counted; if given for yolo, they are the names of classes 0, 1, 2, ...
  std::vector<std::string> class_names;
  DifficultObjects difficult_in_training = DifficultObjects::keep;
  SyntheticSceneOptions synthetic;
  // A .tar.gz is decompressed into memory once; a larger one is refused.
  std::size_t maximum_inflated_bytes = std::size_t{8} << 30;
};

// The ids of images and classes in COCO's annotations; empty for the other formats.
struct CocoIds {
  std::vector<std::int64_t> images;              // by position in the dataset
  std::map<std::int64_t, std::int32_t> classes;  // positions in class_names(); classes that were left out are missing
};

// One split, and what the rules for wrong boxes changed in it. The dataset's warnings() report that too, with the first
// images and boxes of each kind.
struct OpenedDetectorDataset {
  std::unique_ptr<DetectorDataset> dataset;
  BoxCounts boxes;
  CocoIds ids;
};

// path: a folder, or a .tar, .tar.gz or .tgz of the same tree, read in place; for the format synthetic the word
// "synthetic". The classes are the training split's. Without a training split they are the evaluation split's own, with
// a warning. Throws Error naming the expected and the existing files: a missing split, image or annotation, a damaged
// annotation file, a class that is not in the list, no boxes at all.
OpenedDetectorDataset open_detector_dataset(const std::string& path, DetectorDatasetFormat format, DatasetSplit split,
                                            const DetectorDatasetOptions& options = {});

// Opens both splits; lists or decompresses the place once.
struct DetectorDatasetPair {
  OpenedDetectorDataset training;
  OpenedDetectorDataset evaluation;
};
DetectorDatasetPair open_detector_datasets(const std::string& path, DetectorDatasetFormat format,
                                           const DetectorDatasetOptions& options = {});

// Reads a text file with one class name per line. Throws Error for an empty file, an empty line between names, and a
// duplicate name.
std::vector<std::string> read_class_names(const std::filesystem::path& file);

}  // namespace sleight
