// The true sizes of a split's images. A format states sizes that nobody checked, and images are resized or turned after
// they were annotated.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/data/annotations/annotation_format.h"

namespace sleight {

struct ReadSize {
  ImageSize size;
  std::string problem;  // why it could not be read, the file named; empty where it could
};

// From the headers, in the order of `images`; many at a time, because a disk or a network answers each after a while.
std::vector<ReadSize> read_image_sizes(const FileTree& tree, std::span<const StatedImage> images, ExifOrientation exif);

}  // namespace sleight
