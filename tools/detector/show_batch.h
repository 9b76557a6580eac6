// show_batch for a detector: a PNG of one training batch with its boxes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/data/detector/batch_view.h"
#include "engine/image/image.h"
#include "tools/common/run_tool.h"

namespace sleight {

// The batch as the network gets it, each object's outline in its class's color with its name and, where it is not 1,
// its weight.
Image draw_detector_batch(const DetectorBatchView& batch, const std::vector<std::string>& class_names,
                          const std::string& title);

// The program.
std::unique_ptr<Tool> show_detection_batch_tool();

}  // namespace sleight
