// report.html: one file with the whole run, readable anywhere without a network. Curves, recipe, receipts of the
// tricks, images with predictions, confusions. Light or dark, as the reader's system is set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/report/detection_report.h"
#include "engine/report/run_log.h"

namespace sleight {

struct ReportRow {
  std::string name;
  std::string value;
};

// An image that the network classified.
struct ReportPrediction {
  std::vector<std::byte> png;  // a whole PNG file
  std::string label;           // its true class
  std::string predicted;       // the network's answer
  double probability = 0;      // of that answer, 0 to 1
};

// All fields may be empty except the title: sections without data are left out.
struct ReportData {
  std::string title = {};                 // "cifar_resnet20 on CIFAR-10"
  std::string status = {};                // "finished", "stopped after step 1200 of 3910"
  std::vector<ReportRow> recipe = {};     // every option that shaped the run
  std::vector<MetricsLine> metrics = {};  // read_metrics(): whole, also for a resumed run
  std::vector<ReportRow> receipts = {};   // trick, its counts
  std::vector<ReportPrediction> predictions = {};
  std::vector<std::string> class_names = {};
  std::vector<std::int64_t> confusion = {};  // [classes, classes]: row true class, column predicted class, counts
  std::optional<DetectionReport> detection = {};
  std::string shown_weights = {};      // "epoch 3, averaged weights": whose predictions, confusions and detections
  std::int64_t peak_memory_bytes = 0;  // 0: unknown
};

// The numbers at the head of the report.
struct RunSummary {
  std::optional<double> best_score;  // over validation and EMA: top-1 or mAP, 0 to 1
  bool score_is_map = false;
  bool best_is_ema = false;
  double best_epoch = 0;
  double epochs = 0;                        // trained so far
  std::optional<double> images_per_second;  // median over the run
  double seconds = 0;                       // spent training
  std::int64_t non_finite_values = 0;       // logged losses that are not numbers
};
RunSummary summarize(std::span<const MetricsLine> metrics);

// The page. Throws Error if the confusion matrix does not fit the class names.
std::string make_report(const ReportData& data);

// Whether the file is such a page, with this status.
bool is_report_with_status(const std::filesystem::path& file, const std::string& status);

}  // namespace sleight
