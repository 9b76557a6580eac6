#include "engine/run/detector/scores.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"

namespace sleight {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 7> columns = {"objects", "detections", "VOC07", "VOC", "AP", "AP50", "AP75"};

std::string percent(const std::optional<double>& number) {
  if (!number) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", 100.0 * *number);
  return text.data();
}

std::string padded(const std::string& text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

std::string row(const std::string& name, std::size_t name_width, const std::array<std::string, columns.size()>& cells) {
  std::string text = name + padded("", name_width > name.size() ? name_width - name.size() : 0);
  for (std::size_t i = 0; i < columns.size(); ++i)
    text += "  " + padded(cells[i], std::max<std::size_t>(7, std::string(columns[i]).size()));
  return text + "\n";
}

std::array<std::string, columns.size()> cells(std::int64_t objects, std::int64_t detections,
                                              const std::optional<double>& eleven_point,
                                              const std::optional<double>& all_point, const CocoNumbers& coco) {
  return {std::to_string(objects),
          std::to_string(detections),
          percent(eleven_point),
          percent(all_point),
          percent(coco.average_precision),
          percent(coco.average_precision_50),
          percent(coco.average_precision_75)};
}

Json json_of(const std::optional<double>& number) {
  return number ? Json(*number) : Json(nullptr);
}

Json json_of(const CocoNumbers& numbers) {
  Json json = Json::object();
  for (const CocoNumber& number : coco_numbers)
    json[number.name] = json_of(numbers.*number.member);
  return json;
}

}  // namespace

DetectionScores score_detections(const GroundTruth& truth, std::span<const Detection> detections,
                                 const VocOptions& options) {
  return {.class_names = truth.class_names,
          .images = truth.images,
          .options = options,
          .voc = voc_metrics(truth, detections, options),
          .coco = coco_metrics(truth, detections, options.matching)};
}

std::string scores_table(const DetectionScores& scores) {
  std::size_t name_width = 5;
  for (const std::string& name : scores.class_names)
    name_width = std::max(name_width, name.size());
  std::array<std::string, columns.size()> heads;
  std::ranges::copy(columns, heads.begin());
  std::string text = row("class", name_width, heads);
  std::int64_t objects = 0, detections = 0;
  for (std::size_t i = 0; i < scores.class_names.size(); ++i) {
    const VocClass& voc = scores.voc.classes[i];
    objects += voc.objects;
    detections += voc.detections;
    text += row(scores.class_names[i], name_width,
                cells(voc.objects, voc.detections, voc.eleven_point, voc.all_point, scores.coco.classes[i].numbers));
  }
  text += row("mean", name_width,
              cells(objects, detections, scores.voc.eleven_point, scores.voc.all_point, scores.coco.numbers));
  text += "\nCOCO\n";
  for (const CocoNumber& number : coco_numbers) {
    const std::string name = number.name;
    text += "  " + name + padded(percent(scores.coco.numbers.*number.member), 18 - name.size()) + "\n";
  }
  const MatchingOptions& matching = scores.options.matching;
  std::array<char, 32> threshold{};
  std::snprintf(threshold.data(), threshold.size(), "%g", scores.options.overlap_threshold);
  text += "\n" + count_of(scores.images, "image") + "; percent; difficult objects " + name_of(matching.difficult) +
          ", crowds " + name_of(matching.crowd) + ", " + name_of(matching.edges) + " edges; VOC at an overlap of " +
          threshold.data() + ", eleven points at " + name_of(scores.options.recall_levels) + " levels\n";
  return text;
}

std::string scores_to_json(const DetectionScores& scores) {
  const MatchingOptions& matching = scores.options.matching;
  Json json = {{"images", scores.images},
               {"options",
                {{"difficult", name_of(matching.difficult)},
                 {"crowd", name_of(matching.crowd)},
                 {"pixel_edges", name_of(matching.edges)},
                 {"overlap", scores.options.overlap_threshold},
                 {"recall_levels", name_of(scores.options.recall_levels)}}},
               {"VOC07", json_of(scores.voc.eleven_point)},
               {"VOC", json_of(scores.voc.all_point)},
               {"COCO", json_of(scores.coco.numbers)},
               {"classes", Json::array()}};
  for (std::size_t i = 0; i < scores.class_names.size(); ++i) {
    const VocClass& voc = scores.voc.classes[i];
    json["classes"].push_back({{"name", scores.class_names[i]},
                               {"objects", voc.objects},
                               {"detections", voc.detections},
                               {"VOC07", json_of(voc.eleven_point)},
                               {"VOC", json_of(voc.all_point)},
                               {"COCO", json_of(scores.coco.classes[i].numbers)}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sleight
