// Pictures of a data set with boxes drawn on them, for people.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/data/detection_dataset.h"
#include "engine/data/loader_options.h"
#include "engine/data/picture.h"
#include "engine/train/detection.h"
#include "engine/train/object_drawing.h"
#include "engine/train/picture_sheet.h"
#include "engine/train/report_detection.h"

namespace sleight {

// Image `index` of a dataset with boxes given in pixels of the stored image. Its longer side has at most `longest_side`
// pixels; an image so small that labels would cover it is enlarged by a whole factor, to 384 pixels at most. Throws Error for a picture that cannot be read.
Picture draw_on_picture(const PictureSource& source, std::int64_t index, std::int64_t longest_side,
                        std::span<const DrawnObject> objects);

// "dog 87%", in the colour of its class.
DrawnObject drawn_detection(const Detection& detection, const std::vector<std::string>& class_names);

// The first images of a dataset on one sheet, each with what was found in it with at least this score, and the
// name of its file. Images that cannot be read are left out.
Picture detection_sheet(const PictureSource& source, std::span<const Detection> detections,
                        std::span<const BrokenPicture> broken, std::int64_t count, double score,
                        const std::vector<std::string>& class_names,
                        const SheetOptions& options = {.picture_size = 400});

// The pictures with most mistakes: what was found (green), found where nothing is (red) and missed (yellow).
std::vector<ReportScene> worst_scenes(const DetectionDataset& dataset, const GroundTruth& truth,
                                      std::span<const Detection> detections, std::size_t count);
extern const char* const worst_scenes_legend;

}  // namespace sleight
