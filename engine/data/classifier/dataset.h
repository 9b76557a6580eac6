// Labeled images by number. A dataset never changes after it is opened and may be read from many threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/data/loader/image_source.h"
#include "engine/data/loader/validation_share.h"

namespace sleight {

// Images with one class each; class_names() is sorted.
class Dataset : public ImageSource {
 public:
  virtual std::int32_t label(std::int64_t index) const = 0;
  // For people: which images these are, where that is not plain ("evaluation on valid/").
  virtual std::string found() const { return ""; }
};

// An epoch's order is a list of all its images, built before the epoch's first step, while signals are not handled. At
// this limit it takes a second; a hundred times more images would take minutes and gigabytes.
inline constexpr std::int64_t maximum_generated_images = 10'000'000;

// Generated images: one textured shape on a cluttered ground. The class is the shape (from class 11 on, the shape and
// its texture). An image is a pure function of (seed, split, index, height, width).
struct SyntheticOptions {
  std::int64_t training_count = 20000;  // 1 .. maximum_generated_images, both counts
  std::int64_t evaluation_count = 2000;
  std::int64_t height = 64;
  std::int64_t width = 64;
  int classes = 10;  // 2 .. 50
  std::uint64_t seed = 0;
};

struct DatasetOptions {
  SyntheticOptions synthetic;
  bool exif_orientation = true;  // images are turned as it says
  // Of a dataset without a split to evaluate on, this share of each class is held out of the training images; 0: it is an
  // error.
  double validation_share = default_validation_share;
  // A .tar.gz is decompressed into memory once; a larger one is refused.
  std::size_t maximum_inflated_bytes = std::size_t{8} << 30;
};

// path: the word "synthetic"; a folder with train/<class>/* and val/<class>/* or test/<class>/*, or with <class>/* alone;
// an archive of such a tree (read in place); CIFAR-10's binary files (data_batch_*.bin, test_batch.bin) in a folder or an
// archive. The Error lists the expected and the existing files.
std::unique_ptr<Dataset> open_dataset(const std::string& path, DatasetSplit split, const DatasetOptions& options = {});

// Opens both splits; lists or decompresses the place once.
struct DatasetPair {
  std::unique_ptr<Dataset> training;
  std::unique_ptr<Dataset> evaluation;
};
DatasetPair open_datasets(const std::string& path, const DatasetOptions& options = {});

}  // namespace sleight
