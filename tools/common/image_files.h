// Images named on a command line, without boxes: what a detector is shown.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "engine/data/detector/dataset.h"

namespace sleight {

// Files as they are given; a folder stands for the .jpg, .jpeg and .png files in it (not below it, and not the hidden
// ones, whose names begin with a dot), sorted by name; images of other kinds in it are a warning.
// Throws Error for a name that is not there and for a folder without images.
std::vector<std::filesystem::path> image_paths(std::span<const std::string> names);

class ImageFiles : public DetectorDataset {
 public:
  ImageFiles(std::vector<std::filesystem::path> paths, std::vector<std::string> class_names,
             ExifOrientation exif = ExifOrientation::applied);

  std::int64_t size() const override { return std::ssize(paths_); }
  std::string name(std::int64_t index) const override { return path(index).string(); }
  void read(std::int64_t index, StoredImage& image) const override;
  const std::vector<std::string>& class_names() const override { return class_names_; }
  const std::vector<std::string>& warnings() const override { return warnings_; }
  std::span<const ObjectBox> objects(std::int64_t) const override { return {}; }

  const std::filesystem::path& path(std::int64_t index) const { return paths_[index]; }

 private:
  std::vector<std::filesystem::path> paths_;
  ExifOrientation exif_;
  std::vector<std::string> class_names_, warnings_;
};

}  // namespace sleight
