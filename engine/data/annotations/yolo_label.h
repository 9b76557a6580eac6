// YOLO's text files: the boxes of one image, and the names of the classes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/annotations/annotation_format.h"

namespace sleight {

// One object a line, "class center_x center_y width height", the last four as shares of the image's width and height; or
// "class x1 y1 x2 y2 x3 y3 ...", an outline, of which the box around it is taken. Where keypoints are expected, so many
// numbers may follow a box, and nothing is an outline. Empty lines are passed over. Throws Error with the number of the
// line for anything else, and for a class that is not in 0 .. class_count - 1. outlines: grows by their number, where it
// is given.
std::vector<StatedObject> parse_yolo_label(std::string_view text, std::size_t class_count,
                                           std::int64_t* outlines = nullptr, std::size_t keypoint_numbers = 0);

// One name a line; see read_class_names.
std::vector<std::string> parse_class_names(std::string_view text);

// Throws Error for an empty name, one that is there twice, and more than 100,000.
void check_class_names(const std::vector<std::string>& names);

}  // namespace sleight
