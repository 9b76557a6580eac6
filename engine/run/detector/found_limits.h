// How many objects may be found in an image.
#pragma once

#include "engine/base/options.h"
#include "engine/data/detector/dataset.h"
#include "engine/ops/ops.h"

namespace sleight {

// Of evaluations and of detecting, beyond the 100 that COCO's numbers look at: images of cells and crowds have more.
ops::DetectionParameters default_detection_parameters(double score_threshold = 0.005);

// --most-detections and --candidates.
void declare_found_limits(OptionList& options, ops::DetectionParameters& parameters);

// A warning where images have more objects than can be found in them: those count as missed, whatever was learned.
void warn_of_more_objects(const DetectorDataset& dataset, const ops::DetectionParameters& parameters);

}  // namespace sleight
