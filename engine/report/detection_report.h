// The part of the report for detectors: the quality of each class, and the worst mistakes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/report/chart.h"

namespace sleight {

struct ReportClass {
  std::string name;
  std::int64_t objects = 0;
  std::int64_t detections = 0;
  std::optional<double> average_precision = {};  // 0 to 1; none without objects
  std::vector<ChartPoint> curve = {};            // x recall, y precision, both 0 to 1
};

// An image with boxes drawn on it.
struct ReportScene {
  std::vector<std::byte> png;  // a whole PNG file
  std::string name;
  std::string text;  // "2 false, 1 missed"
};

struct DetectionReport {
  std::string metric;  // "VOC07 mAP@0.5": the mean of the classes' average precisions
  std::vector<ReportClass> classes;
  std::vector<ReportScene> worst;  // the worst first
  std::string legend;              // the meaning of the boxes' colors
};

// Sections without data are left out. weights: HTML behind each heading, whose detections these are.
std::string draw_detection(const DetectionReport& report, const std::string& weights);

}  // namespace sleight
