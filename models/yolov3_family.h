// YOLOv3 as a family of detectors: its models, its flags, its loss in four parts, and its boxes.
#pragma once

#include <array>
#include <string>

#include "models/detector.h"

namespace sleight {

// yolov3 (on darknet53) and yolov3_small (on darknet_small). Flags: anchors, size-loss, ignore-threshold, box-weight.
// Metadata: "anchors". Files of darknet's weights fit.
DetectorFamily yolov3_family();

// "w,h w,h ..." (nine, or with commas alone), smallest first, in pixels of the network's input. Throws Error.
std::array<BoxSize, 9> parse_yolov3_anchors(const std::string& text);
std::string to_string(const std::array<BoxSize, 9>& anchors);

}  // namespace sleight
