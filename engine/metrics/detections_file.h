// Detections as a file, in COCO's format and with the names that make it readable without the dataset:
//
//   {"images": [{"id": 1, "file_name": "000001.jpg"}, ...],
//    "categories": [{"id": 1, "name": "cat"}, ...],
//    "annotations": [{"image_id": 1, "category_id": 1, "bbox": [x, y, width, height], "score": 0.9}, ...]}
//
// "annotations" alone, as a list, is what COCO calls results, and what pycocotools' loadRes takes. x and y are
// continuous pixels from the upper left corner (engine/data/detector/box.h); the ids are numbers that the file itself explains.
// All images that were looked at are listed, those without detections too; one that could not be read has
// "unreadable": true.
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
  std::vector<std::int64_t> unreadable = {};  // positions of images that nobody could have found anything in, rising
};

// What the ids of COCO's results mean, from the annotations of the images: names, by id.
struct IdMeanings {
  std::map<std::int64_t, std::string> images;
  std::map<std::int64_t, std::string> classes;
};
// Empty for a dataset of another format.
IdMeanings id_meanings_of(const OpenedDetectorDataset& opened);

// As text; ids are position + 1. Numbers keep all their bits, and so do the right and lower edges of boxes whose edges
// are float32 numbers not below 0, as a detector gives them (left + (right - left) is right then). Throws Error for a
// number that is not finite and for a place that is not in the lists.
std::string detections_to_json(const DetectionsFile& file);
// Atomically.
void write_detections(const std::filesystem::path& path, const DetectionsFile& file);

// Reads any file of this form, whoever wrote it: keys that are not listed above are passed over, in any order. Throws
// Error, beginning with `origin` and naming the entry, for what is not JSON, for a missing or a wrong value, an id or a
// name that is there twice or not explained, a number that is not finite or beyond 1e7 pixels, and a negative size.
// COCO's results alone are read where `meanings` explain their ids: all images and classes in there are the file's.
DetectionsFile detections_from_json(std::string_view text, const std::string& origin, const IdMeanings& meanings = {});
DetectionsFile read_detections(const std::filesystem::path& path, const IdMeanings& meanings = {});

// The same detections by the positions of a dataset: classes are found by their name; images by theirs, or by the
// last part of it (the name of the file without its folders) where that is the name of one image only. Throws Error
// for an image or class that only one of the two has, naming it; but classes that the file does not know are allowed,
// and returned in `unknown_classes`: nothing of them was found.
struct PlacedDetections {
  std::vector<Detection> detections;
  std::vector<std::int64_t> unreadable;  // images
  std::vector<std::string> unknown_classes;
};
PlacedDetections place_detections(const DetectionsFile& file, std::span<const std::string> image_names,
                                  std::span<const std::string> class_names, const std::string& origin);

}  // namespace sleight
