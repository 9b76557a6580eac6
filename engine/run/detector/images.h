// Images of a dataset with boxes drawn on them, for people.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/data/detector/dataset.h"
#include "engine/data/loader/loader_options.h"
#include "engine/image/image.h"
#include "engine/metrics/detection.h"
#include "engine/report/detection_report.h"
#include "engine/report/image_sheet.h"
#include "engine/report/object_drawing.h"

namespace sleight {

// Image `index` of a dataset with boxes given in pixels of the stored image. Its longer side has at most `longest_side`
// pixels; an image so small that labels would cover it is enlarged by a whole factor, to 384 pixels at most. Throws
// Error for an image that cannot be read.
Image draw_on_image(const ImageSource& source, std::int64_t index, std::int64_t longest_side,
                    std::span<const DrawnObject> objects);

// "dog 87%", in the color of its class.
DrawnObject drawn_detection(const Detection& detection, const std::vector<std::string>& class_names);

// The first images of a dataset on one sheet, each with what was found in it with at least this score, and the
// name of its file. Images that cannot be read are left out.
Image detection_sheet(const ImageSource& source, std::span<const Detection> detections,
                      std::span<const BrokenImage> broken, std::int64_t count, double score,
                      const std::vector<std::string>& class_names, const SheetOptions& options = {.image_size = 400});

// The images with most mistakes: what was found (green), found where nothing is (red) and missed (yellow).
std::vector<ReportScene> worst_scenes(const DetectorDataset& dataset, const GroundTruth& truth,
                                      std::span<const Detection> detections, std::size_t count);
extern const char* const worst_scenes_legend;

}  // namespace sleight
