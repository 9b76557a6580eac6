#include "engine/report/report.h"

#include <algorithm>
#include <cmath>

#include "engine/base/base64.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/format_bytes.h"
#include "engine/report/chart.h"
#include "engine/report/confusion.h"
#include "engine/report/progress.h"
#include "engine/report/style.h"
#include "engine/report/text.h"

namespace sleight {

namespace {

std::string status_line(const std::string& status) {
  return "<p>" + html_escaped(status) + "</p>";
}

ChartSeries series_of(const ReportData& data, std::string_view metric, std::string name, int color) {
  ChartSeries series{.name = std::move(name), .color = color, .points = {}};
  for (const MetricsLine& line : data.metrics) {
    if (const auto value = line.find(metric)) series.points.push_back({line.epoch, *value});
  }
  return series;
}

// One curve for each part in the metrics, in their order.
std::vector<ChartSeries> loss_parts(const ReportData& data) {
  std::vector<std::string> names;
  for (const MetricsLine& line : data.metrics) {
    for (const Scalar& value : line.values) {
      if (value.name.starts_with(metric_names::train_loss_part) && value.name != metric_names::loss_scale &&
          std::ranges::find(names, value.name) == names.end())
        names.push_back(value.name);
    }
  }
  std::vector<ChartSeries> parts;
  for (const std::string& name : names) {
    const int color = static_cast<int>(parts.size()) % chart_colors;
    parts.push_back(series_of(data, name, name.substr(metric_names::train_loss_part.size()), color));
  }
  return parts;
}

std::string card(const std::string& name, const std::string& value, std::string_view kind = "") {
  return "<div class=\"card " + std::string(kind) + "\"><span>" + html_escaped(name) + "</span><b>" +
         html_escaped(value) + "</b></div>";
}

std::string draw_summary(const ReportData& data) {
  const RunSummary summary = summarize(data.metrics);
  std::string cards;
  if (summary.best_score) {
    cards += card(std::string(summary.score_is_map ? "best mAP" : "best top-1") + ", epoch " +
                      format_number("%.4g", summary.best_epoch) + (summary.best_is_ema ? ", EMA" : ""),
                  format_number("%.2f%%", 100 * *summary.best_score), "first");
  }
  if (!data.metrics.empty()) {
    cards += card("epochs", format_number("%.4g", summary.epochs));
    if (summary.images_per_second) {
      cards += card("images per second", format_count(std::llround(*summary.images_per_second)));
    }
    cards += card("training time", format_duration(summary.seconds));
  }
  if (data.peak_memory_bytes > 0) cards += card("peak memory", format_bytes(data.peak_memory_bytes));
  std::string html = cards.empty() ? "" : "<div class=cards>" + cards + "</div>\n";
  if (summary.non_finite_values > 0) {
    html += "<div class=\"card warning\"><b>" + format_count(summary.non_finite_values) +
            (summary.non_finite_values == 1 ? " logged loss is" : " logged losses are") +
            " not finite.</b> The curves have gaps there.</div>\n";
  }
  return html;
}

std::string draw_curves(const ReportData& data) {
  ChartSeries train_loss = series_of(data, metric_names::train_loss, "train", 0);
  train_loss.is_noisy = true;
  ChartSeries train_top1 = series_of(data, metric_names::train_top1, "train top-1", 0);
  train_top1.is_noisy = true;
  ChartSeries validation_top1 = series_of(data, metric_names::validation_top1, "top-1", 1);
  validation_top1.mark_best = true;
  ChartSeries ema_top1 = series_of(data, metric_names::ema_top1, "EMA top-1", 2);
  ema_top1.mark_best = true;
  ChartSeries speed = series_of(data, metric_names::images_per_second, "images/s", 2);
  speed.is_noisy = true;
  std::string charts;
  charts += draw_chart({.title = "Loss",
                        .series = {train_loss, series_of(data, metric_names::validation_loss, "validation", 1),
                                   series_of(data, metric_names::ema_loss, "EMA", 2)}});
  charts +=
      draw_chart({.title = "Accuracy", .unit = ChartUnit::percent, .series = {train_top1, validation_top1, ema_top1}});
  ChartSeries validation_map = series_of(data, metric_names::validation_map, "mAP", 1);
  validation_map.mark_best = true;
  ChartSeries ema_map = series_of(data, metric_names::ema_map, "EMA mAP", 2);
  ema_map.mark_best = true;
  charts +=
      draw_chart({.title = "Mean average precision", .unit = ChartUnit::percent, .series = {validation_map, ema_map}});
  std::string small_charts;
  small_charts += draw_chart({.title = "Parts of the loss", .is_small = true, .series = loss_parts(data)});
  small_charts += draw_chart({.title = "Top-5 accuracy",
                              .unit = ChartUnit::percent,
                              .is_small = true,
                              .series = {series_of(data, metric_names::validation_top5, "top-5", 1),
                                         series_of(data, metric_names::ema_top5, "EMA top-5", 2)}});
  small_charts += draw_chart({.title = "Learning rate",
                              .from_zero = true,
                              .is_small = true,
                              .series = {series_of(data, metric_names::learning_rate, "learning rate", 3)}});
  small_charts += draw_chart({.title = "Speed", .from_zero = true, .is_small = true, .series = {speed}});
  if ((charts + small_charts).empty()) return "";
  return "<h2>Curves</h2>\n<div class=pair>\n" + charts + "</div>\n<div class=trio>\n" + small_charts + "</div>\n";
}

std::string draw_receipts(const ReportData& data) {
  if (data.receipts.empty()) return "";
  std::string rows;
  for (const ReportRow& row : data.receipts) {
    rows += "<tr><td>" + html_escaped(row.name) + "</td><td>" + html_escaped(row.value) + "</td></tr>";
  }
  return "<h2>Receipts</h2>\n<div class=card><table><tr><th>trick</th><th>what it did in this run</th></tr>" + rows +
         "</table></div>\n";
}

// " (epoch 3)": whose predictions these are.
std::string of_weights(const ReportData& data) {
  return data.shown_weights.empty() ? "" : " (" + html_escaped(data.shown_weights) + ")";
}

std::string heading(const std::string& title, const ReportData& data) {
  return "<h2>" + title + of_weights(data) + "</h2>\n";
}

std::string draw_predictions(const ReportData& data) {
  if (data.predictions.empty()) return "";
  std::string images;
  for (const ReportPrediction& prediction : data.predictions) {
    const bool is_right = prediction.predicted == prediction.label;
    images += "<figure class=\"card" + std::string(is_right ? "" : " missed") + "\"><img alt=\"" +
              html_escaped(prediction.label) + "\" src=\"data:image/png;base64," + base64(prediction.png) + "\"><b>" +
              html_escaped(prediction.predicted) + "</b> " + format_number("%.0f%%", 100 * prediction.probability) +
              "<small>" + (is_right ? "\xE2\x9C\x93 right" : "is " + html_escaped(prediction.label)) +
              "</small></figure>\n";
  }
  return heading("What the network sees", data) + "<div class=images>\n" + images + "</div>\n";
}

std::string draw_confusions(const ReportData& data) {
  if (data.confusion.empty()) return "";
  const std::string matrix = draw_confusion_matrix(data.class_names, data.confusion);
  const std::string confusions = draw_top_confusions(data.class_names, data.confusion);
  const std::string accuracy = draw_class_accuracy(data.class_names, data.confusion);
  if ((matrix + confusions + accuracy).empty()) return "";
  return heading("Classes", data) + "<div class=pair>\n" +
         (matrix.empty() ? accuracy + confusions : matrix + "<div class=column>" + accuracy + confusions + "</div>\n") +
         "</div>\n";
}

// In a recipe file texts have quotation marks; the page shows them without.
std::string_view unquoted(std::string_view value) {
  const bool is_quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return is_quoted ? value.substr(1, value.size() - 2) : value;
}

std::string draw_recipe(const ReportData& data) {
  if (data.recipe.empty()) return "";
  std::string rows;
  for (const ReportRow& row : data.recipe) {
    rows += "<div><dt>" + html_escaped(row.name) + "</dt><dd>" + html_escaped(unquoted(row.value)) + "</dd></div>";
  }
  return "<h2>Recipe</h2>\n<dl class=\"card recipe\">" + rows + "</dl>\n";
}

}  // namespace

RunSummary summarize(std::span<const MetricsLine> metrics) {
  RunSummary summary;
  std::vector<double> speeds;
  for (const MetricsLine& line : metrics) {
    summary.epochs = std::max(summary.epochs, line.epoch);
    summary.seconds = std::max(summary.seconds, line.seconds);
    struct Score {
      std::string_view name;
      bool is_ema, is_map;
    };
    for (const auto& [name, is_ema, is_map] :
         {Score{metric_names::validation_top1, false, false}, Score{metric_names::ema_top1, true, false},
          Score{metric_names::validation_map, false, true}, Score{metric_names::ema_map, true, true}}) {
      const auto score = line.find(name);
      if (score && std::isfinite(*score) && (!summary.best_score || *score > *summary.best_score)) {
        summary.best_score = score;
        summary.best_is_ema = is_ema;
        summary.score_is_map = is_map;
        summary.best_epoch = line.epoch;
      }
    }
    for (const std::string_view name :
         {metric_names::train_loss, metric_names::validation_loss, metric_names::ema_loss}) {
      const auto loss = line.find(name);
      if (loss && !std::isfinite(*loss)) ++summary.non_finite_values;
    }
    const auto speed = line.find(metric_names::images_per_second);
    if (speed && std::isfinite(*speed)) speeds.push_back(*speed);
  }
  if (!speeds.empty()) {
    const auto middle = speeds.begin() + static_cast<std::ptrdiff_t>(speeds.size() / 2);
    std::ranges::nth_element(speeds, middle);
    summary.images_per_second = *middle;
  }
  return summary;
}

std::string make_report(const ReportData& data) {
  check(data.confusion.empty() || data.confusion.size() == data.class_names.size() * data.class_names.size(),
        "a report of ", data.class_names.size(), " classes needs a confusion matrix of as many rows and columns, not ",
        data.confusion.size(), " counts");
  std::string page =
      "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
      "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n<title>" +
      html_escaped(data.title) + "</title>\n<style>" + std::string(report_style) +
      "</style>\n</head>\n<body>\n<main>\n<header><div class=brand>Sleight training report</div><h1>" +
      html_escaped(data.title) + "</h1>";
  if (!data.status.empty()) page += status_line(data.status);
  page += "</header>\n";
  page += draw_summary(data) + draw_curves(data) + draw_receipts(data) + draw_predictions(data) +
          draw_confusions(data) + (data.detection ? draw_detection(*data.detection, of_weights(data)) : "") +
          draw_recipe(data);
  page +=
      "<footer>Written by Sleight. This file is complete: it loads nothing from anywhere.</footer>\n</main>\n<script>" +
      std::string(report_script) + "</script>\n</body>\n</html>\n";
  return page;
}

bool is_report_with_status(const std::filesystem::path& file, const std::string& status) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return false;
  const std::string page = read_text_file(file);
  return page.substr(0, page.find("</header>")).find(status_line(status)) != std::string::npos;
}

}  // namespace sleight
