// show_batch for a detector: a PNG of one training batch with its boxes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/data/detection_batch_view.h"
#include "engine/data/picture.h"
#include "tools/common/run_tool.h"

namespace sleight {

// The batch as the network gets it, each object's outline in its class's colour with its name and, where it is not 1,
// its weight.
Picture draw_detection_batch(const DetectionBatchView& batch, const std::vector<std::string>& class_names,
                             const std::string& title);

// The program.
std::unique_ptr<Tool> show_detection_batch_tool();

}  // namespace sleight
