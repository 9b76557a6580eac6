// Labeled images by number. A dataset never changes after it is opened and may be read from many threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/data/loader/image_source.h"

namespace sleight {

// Images of one class each; class_names() is sorted.
class Dataset : public ImageSource {
 public:
  virtual std::int32_t label(std::int64_t index) const = 0;
};

// The order of an epoch is a list of all its images. It is made before the epoch's first step, with nobody there to
// answer a signal: in a second for so many, in minutes and gigabytes for a hundred times more.
inline constexpr std::int64_t maximum_generated_images = 10'000'000;

// Generated images: one textured shape on a cluttered ground; the class is the shape (and from class 11 on its
// texture as well). An image is a pure function of (seed, split, index, height, width).
struct SyntheticOptions {
  std::int64_t training_count = 20000;  // 1 .. maximum_generated_images, as the next
  std::int64_t evaluation_count = 2000;
  std::int64_t height = 64;
  std::int64_t width = 64;
  int classes = 10;  // 2 .. 50
  std::uint64_t seed = 0;
};

struct DatasetOptions {
  SyntheticOptions synthetic;
  // A .tar.gz is inflated into memory once; one that grows beyond this is refused.
  std::size_t maximum_inflated_bytes = std::size_t{8} << 30;
};

// path: the word "synthetic"; a folder with train/<class>/* and val/<class>/* or test/<class>/*; a .tar, .tar.gz or
// .tgz of such a tree (read in place); CIFAR-10's binary files (data_batch_*.bin, test_batch.bin) in a folder or an
// archive. Throws Error saying what was looked for and what was found.
std::unique_ptr<Dataset> open_dataset(const std::string& path, DatasetSplit split, const DatasetOptions& options = {});

// Both splits of one place, listed or inflated only once.
struct DatasetPair {
  std::unique_ptr<Dataset> training;
  std::unique_ptr<Dataset> evaluation;
};
DatasetPair open_datasets(const std::string& path, const DatasetOptions& options = {});

}  // namespace sleight
