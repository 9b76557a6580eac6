#include "engine/report/detection_report.h"

#include <algorithm>

#include "engine/base/base64.h"
#include "engine/report/text.h"

namespace sleight {

namespace {

// Curves per chart: as many as there are colors.
constexpr std::size_t curves_per_chart = 4;
constexpr std::size_t most_charts = 5;

std::string draw_table(const DetectionReport& report) {
  std::string rows;
  for (const ReportClass& entry : report.classes) {
    rows += "<tr><td>" + html_escaped(entry.name) + "</td><td class=number>" + format_count(entry.objects) +
            "</td><td class=number>" + format_count(entry.detections) + "</td><td class=number>" +
            (entry.average_precision ? format_percent(*entry.average_precision) : "no objects") + "</td></tr>";
  }
  return "<figure class=card><figcaption><h3>Average precision per class (" + html_escaped(report.metric) +
         ")</h3></figcaption><table><tr><th>class</th><th class=number>objects</th><th class=number>detections</th>"
         "<th class=number>average precision</th></tr>" +
         rows + "</table></figure>\n";
}

// The classes with the most objects, four per chart.
std::string draw_curves(const DetectionReport& report) {
  std::vector<const ReportClass*> shown;
  for (const ReportClass& entry : report.classes) {
    if (!entry.curve.empty()) shown.push_back(&entry);
  }
  std::ranges::stable_sort(shown, std::greater{}, &ReportClass::objects);
  shown.resize(std::min(shown.size(), curves_per_chart * most_charts));
  std::string charts;
  for (std::size_t first = 0; first < shown.size(); first += curves_per_chart) {
    Chart chart{.title = "Precision by recall",
                .unit = ChartUnit::percent,
                .from_zero = true,
                .x_name = "recall",
                .x_unit = ChartUnit::percent};
    for (std::size_t i = first; i < std::min(first + curves_per_chart, shown.size()); ++i)
      chart.series.push_back({.name = shown[i]->name, .color = static_cast<int>(i - first), .points = shown[i]->curve});
    charts += draw_chart(chart);
  }
  return charts;
}

std::string draw_worst(const DetectionReport& report, const std::string& weights) {
  if (report.worst.empty()) return "";
  std::string images;
  for (const ReportScene& scene : report.worst) {
    images += "<figure class=card><img alt=\"" + html_escaped(scene.name) + "\" src=\"data:image/png;base64," +
              base64(scene.png) + "\"><b>" + html_escaped(scene.text) + "</b><small>" + html_escaped(scene.name) +
              "</small></figure>\n";
  }
  return "<h2>The worst images" + weights + "</h2>\n<p>" + html_escaped(report.legend) + "</p>\n<div class=scenes>\n" +
         images + "</div>\n";
}

}  // namespace

std::string draw_detection(const DetectionReport& report, const std::string& weights) {
  std::string classes;
  if (!report.classes.empty())
    classes =
        "<h2>Classes" + weights + "</h2>\n<div class=pair>\n" + draw_table(report) + draw_curves(report) + "</div>\n";
  return classes + draw_worst(report, weights);
}

}  // namespace sleight
