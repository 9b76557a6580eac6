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
#include "engine/data/loader/validation_share.h"

namespace sleight {

class DetectorDataset : public ImageSource {
 public:
  // In the order of the file. The boxes satisfy engine/data/detector/box_rules.h: they have a known class, and for
  // training they lie inside the image and are not empty. The list may be empty.
  virtual std::span<const ObjectBox> objects(std::int64_t index) const = 0;
};

// The format of generated scenes, which are no files.
inline constexpr std::string_view synthetic_format = "synthetic";
// The format that the files are recognized to have.
inline constexpr std::string_view automatic_format = "auto";

// Names of all formats: automatic_format, the first, those of files (engine/data/annotations/annotation_format.h), and synthetic_format, the last.
std::vector<std::string> detector_dataset_formats();
// Throws Error naming all of them for any other name.
void check_detector_dataset_format(std::string_view name);
// Those of files, for help texts: "voc (JPEGImages, ...), coco (JSON) or yolo (text files)".
std::string annotation_format_help();

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
  // Names of the splits as the dataset has them; empty: the format's rule (engine/data/annotations/README.md).
  std::string training_split;
  std::string evaluation_split;
  // Empty: those of the dataset. Where the files name the classes (voc, coco), objects of classes that are not in a
  // given list are left out and counted; where they only number them (yolo), the list names classes 0, 1, 2, ...
  std::vector<std::string> class_names;
  DifficultObjects difficult_in_training = DifficultObjects::keep;
  SyntheticSceneOptions synthetic;
  bool exif_orientation = true;  // images are turned as it says; boxes are those of the turned image
  // Where the images are, for annotations without them; "" where they lie together.
  std::string images;
  // Of a dataset without a split to evaluate on, this share is held out of the training split; 0: it is an error.
  double validation_share = default_validation_share;
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
  std::string found;  // for people: the format, the split, how many images; empty for generated scenes
};

// path: a folder or an archive of the same tree, read in place; a data.yaml or a JSON file of annotations stands for its
// folder; for the format synthetic the word "synthetic". The classes are those of the training split; when there is none they are the evaluation split's own,
// with a warning. Throws Error saying what was looked for and found: no such split, an image or an annotation missing,
// a damaged annotation file, a class that is not in the list, no box at all; and for a format that there is not.
OpenedDetectorDataset open_detector_dataset(const std::string& path, std::string_view format, DatasetSplit split,
                                            const DetectorDatasetOptions& options = {});

// Opens both splits; lists or decompresses the place once.
struct DetectorDatasetPair {
  OpenedDetectorDataset training;
  OpenedDetectorDataset evaluation;
  std::string found;  // as above, of both
};
// Whether a place holds annotations of boxes, in any format. False for what cannot be opened.
bool has_boxes(const std::string& path);

DetectorDatasetPair open_detector_datasets(const std::string& path, std::string_view format,
                                           const DetectorDatasetOptions& options = {});

// Reads a text file with one class name per line. Throws Error for an empty file, an empty line between names, and a
// duplicate name.
std::vector<std::string> read_class_names(const std::filesystem::path& file);

}  // namespace sleight
