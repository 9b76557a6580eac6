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
#include "engine/train/report_detection.h"

namespace sleight {

// Picture `index` of a data set, its longer side at most `longest_side` pixels, with boxes given in pixels of the
// stored picture. A smaller one keeps its size, or is enlarged by a whole factor before lines and labels are drawn, so
// that they stay fine. Throws Error for a picture that cannot be read.
enum class SmallPictures : std::uint8_t { kept, enlarged };
Picture draw_on_picture(const PictureSource& source, std::int64_t index, std::int64_t longest_side,
                        std::span<const DrawnObject> objects, SmallPictures small_pictures = SmallPictures::kept);

// "dog 87%", in the colour of its class.
DrawnObject drawn_detection(const Detection& detection, const std::vector<std::string>& class_names);

// The first pictures of a data set on one sheet, each with what was found in it with at least this score. Pictures that
// cannot be read are left out.
Picture detection_sheet(const PictureSource& source, std::span<const Detection> detections,
                        std::span<const BrokenPicture> broken, std::int64_t count, double score,
                        const std::vector<std::string>& class_names);

// The pictures with most mistakes: what was found (green), found where nothing is (red) and missed (yellow).
std::vector<ReportScene> worst_scenes(const DetectionDataset& dataset, const GroundTruth& truth,
                                      std::span<const Detection> detections, std::size_t count);
extern const char* const worst_scenes_legend;

}  // namespace sleight
