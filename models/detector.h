// The detectors that can be asked for by name.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/anchors.h"
#include "engine/program/trace.h"

namespace sleight {

struct DetectorModel {
  std::string name;
  // Side in pixels of the pictures it was made for. Other multiples of 32, not square ones too, work.
  std::int64_t picture_size = 416;
  // Smallest first, in pixels of the network's input: 0..2 belong to stride 8, 3..5 to 16, 6..8 to 32.
  std::array<BoxSize, 9> anchors;
  // Convolutions of its backbone, the first ones of the network: how much of a file of weights that was trained on
  // pictures without boxes it can start from.
  std::int64_t backbone_convolutions = 0;
  // Writes the network: pictures [N,H,W,3] of the tracer's element type -> raw predictions of strides 8, 16, 32
  // (models/yolov3.h says what stands where). classes >= 1.
  std::function<std::array<ValueId, 3>(Tracer& trace, ValueId pictures, std::int64_t classes)> trace;
  // Writes the backbone alone; its parameters have the names and the order that they have in the whole network.
  std::function<void(Tracer& trace, ValueId pictures)> trace_backbone;
};

// Every detector, in the order in which help texts list them: yolov3 (on darknet53), yolov3_small (on darknet_small).
std::span<const DetectorModel> detectors();
std::vector<std::string> detector_names();

// In the order of the network. What a classifier on the same backbone shares with the detector.
std::vector<std::string> backbone_parameter_names(const DetectorModel& model);

// Throws Error that suggests the nearest name and lists all of them.
const DetectorModel& find_detector(std::string_view name);

}  // namespace sleight
