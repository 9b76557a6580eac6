// A file of detections, in COCO's format plus the names that make it readable without the dataset:
//
//   {"images": [{"id": 1, "file_name": "000001.jpg"}, ...],
//    "categories": [{"id": 1, "name": "cat"}, ...],
//    "annotations": [{"image_id": 1, "category_id": 1, "bbox": [x, y, width, height], "score": 0.9}, ...]}
//
// "annotations" alone, as a list, is what COCO calls results and pycocotools' loadRes reads. x and y are continuous
// pixels from the upper left corner (engine/data/detector/box.h). The file itself explains its ids. It lists all images
// of the run, including those without detections; an image that could not be read has "unreadable": true.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/metrics/detection.h"

namespace sleight {

struct OpenedDetectorDataset;

struct DetectionsFile {
  std::vector<std::string> images;            // names, by position
  std::vector<std::string> class_names;       // by position
  std::vector<Detection> detections;          // image and class_index are positions in the lists above
  std::vector<std::int64_t> unreadable = {};  // positions of images that could not be read, increasing
};

// The meaning of the ids in COCO's results, from the annotations of the images: names, by id.
struct IdMeanings {
  std::map<std::int64_t, std::string> images;
  std::map<std::int64_t, std::string> classes;
};
// Empty for a dataset in another format.
IdMeanings id_meanings_of(const OpenedDetectorDataset& opened);

// As text; ids are position + 1. Numbers keep all their bits, and so do the right and lower edges of boxes whose edges
// are float32 numbers of at least 0, as a detector gives them (left + (right - left) is exact then). Throws Error for a
// number that is not finite and for a position outside the lists.
std::string detections_to_json(const DetectionsFile& file);
// Writes the file atomically.
void write_detections(const std::filesystem::path& path, const DetectionsFile& file);

// Reads any file of this form from any program: keys that are not listed above are skipped, in any order. Throws Error,
// beginning with `origin` and naming the entry, for text that is not JSON, a missing or wrong value, a duplicate or
// unexplained id or name, a number that is not finite or beyond 1e7 pixels, and a negative size. COCO's results alone
// are accepted if `meanings` explain their ids: the file then has all images and classes of `meanings`.
DetectionsFile detections_from_json(std::string_view text, const std::string& origin, const IdMeanings& meanings = {});
DetectionsFile read_detections(const std::filesystem::path& path, const IdMeanings& meanings = {});

// The same detections by the positions of a dataset. Classes match by name; images by name, or by the last part of it
// (the file name without its folders) if only one image has that file name. Throws Error, with the name, for an image
// or class that only one of the two has. Classes that the file lacks are allowed and returned in `unknown_classes`: the
// file has no detections of them.
struct PlacedDetections {
  std::vector<Detection> detections;
  std::vector<std::int64_t> unreadable;  // images
  std::vector<std::string> unknown_classes;
};
PlacedDetections place_detections(const DetectionsFile& file, std::span<const std::string> image_names,
                                  std::span<const std::string> class_names, const std::string& origin);

}  // namespace sleight
