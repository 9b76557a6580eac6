// A fingerprint of what a run is trained and measured on: the same for the same images in another folder or archive, so
// that a run can go on after its data was moved.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/data/classifier/dataset.h"
#include "engine/data/detector/dataset.h"

namespace sleight {

struct DataPlaces {
  std::string data;    // a folder, an archive, a file of annotations or "synthetic"
  std::string images;  // where the images are, if not there
};

// Of the images' number, order, names below their place, labels and classes, and of
// the sizes in bytes of a few thousand of them.
std::string fingerprint_of(const Dataset& training, const Dataset& evaluation, const DataPlaces& places);
std::string fingerprint_of(const DetectorDataset& training, const DetectorDataset& evaluation,
                           const DataPlaces& places);

}  // namespace sleight
