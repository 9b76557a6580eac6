#include "engine/run/detector/images.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "engine/base/error.h"
#include "engine/image/decode_image.h"
#include "engine/image/image_writer.h"
#include "engine/image/resize.h"
#include "engine/metrics/image_mistakes.h"
#include "engine/report/class_color.h"
#include "engine/run/detector/evaluation.h"

namespace sleight {

namespace {

// As large as boxes can still be told apart; a report holds a dozen.
constexpr std::int64_t scene_side = 400;
constexpr std::int64_t readable_side = 384;
constexpr double shown_score = 0.5;
constexpr Color found_color{40, 180, 80}, false_color{230, 50, 50}, missed_color{250, 200, 40};

std::string percent(double score) {
  return std::to_string(std::lround(100.0 * score)) + "%";
}

}  // namespace

const char* const worst_scenes_legend =
    "Detections with a score of 50% or more: green is right, red is false; yellow is what was missed.";

Image draw_on_image(const ImageSource& source, std::int64_t index, std::int64_t longest_side,
                    std::span<const DrawnObject> objects) {
  StoredImage stored;
  source.read(index, stored);
  ImageDecoder decoder;
  ImageView whole;
  if (stored.form == StoredImage::Form::encoded) {
    decoder.open(stored.bytes, stored.exif);
    whole = decoder.decode();
  } else {
    whole = {reinterpret_cast<const std::uint8_t*>(stored.bytes.data()), stored.height, stored.width, stored.width * 3};
  }
  const double scale =
      std::min(1.0, static_cast<double>(longest_side) / static_cast<double>(std::max(whole.height, whole.width)));
  const auto scaled = [scale](std::int64_t side) {
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(side) * scale));
  };
  Image small(scaled(whole.height), scaled(whole.width));
  Resizer().resize(whole, {0.0, 0.0, static_cast<double>(whole.width), static_cast<double>(whole.height)},
                   small.view());
  std::vector<DrawnObject> placed(objects.begin(), objects.end());
  for (DrawnObject& object : placed)
    object.box = {object.box.left * scale, object.box.top * scale, object.box.right * scale, object.box.bottom * scale};
  const std::int64_t readable = std::min(longest_side, readable_side) / std::max(small.height(), small.width());
  return draw_objects(small.view(), placed, static_cast<int>(std::clamp<std::int64_t>(readable, 1, 64)));
}

DrawnObject drawn_detection(const Detection& detection, const std::vector<std::string>& class_names) {
  return {detection.box, class_names[detection.class_index], class_color(detection.class_index),
          percent(detection.score)};
}

Image detection_sheet(const ImageSource& source, std::span<const Detection> detections,
                      std::span<const BrokenImage> broken, std::int64_t count, double score,
                      const std::vector<std::string>& class_names, const SheetOptions& options) {
  std::vector<Image> drawn;
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < std::min(count, source.size()); ++i) {
    if (std::ranges::any_of(broken, [i](const BrokenImage& image) { return image.index == i; })) continue;
    std::vector<DrawnObject> objects;
    for (const Detection& detection : detections_of(detections, i)) {
      if (detection.score >= score) objects.push_back(drawn_detection(detection, class_names));
    }
    drawn.push_back(draw_on_image(source, i, options.image_size, objects));
    names.push_back(std::filesystem::path(source.name(i)).filename().string());
  }
  std::vector<SheetImage> sheet;
  for (std::size_t i = 0; i < drawn.size(); ++i)
    sheet.push_back({.image = drawn[i].view(), .captions = {{.text = names[i]}}});
  // All are drawn at their size: letters are not scaled again.
  std::int64_t longest = 0;
  for (const Image& image : drawn)
    longest = std::max({longest, image.height(), image.width()});
  SheetOptions unscaled = options;
  unscaled.image_size = static_cast<int>(longest);
  return make_image_sheet(sheet, unscaled);
}

std::vector<ReportScene> worst_scenes(const DetectorDataset& dataset, const GroundTruth& truth,
                                      std::span<const Detection> detections, std::size_t count) {
  const std::vector<ImageMistakes> worst =
      worst_images(image_mistakes(truth, detections, {.matching = {}, .score_threshold = shown_score}), count);
  std::vector<ReportScene> scenes;
  for (const ImageMistakes& mistakes : worst) {
    std::vector<DrawnObject> drawn;
    const std::set<std::size_t> wrong(mistakes.false_positives.begin(), mistakes.false_positives.end());
    for (const bool draws_wrong : {false, true}) {
      for (std::size_t i = 0; i < detections.size(); ++i) {
        const Detection& detection = detections[i];
        if (detection.image != mistakes.image || detection.score < shown_score || wrong.contains(i) != draws_wrong)
          continue;
        drawn.push_back({detection.box, truth.class_names[detection.class_index],
                         draws_wrong ? false_color : found_color, percent(detection.score)});
      }
    }
    for (const std::size_t i : mistakes.missed) {
      const ObjectBox& object = truth.objects[i].object;
      drawn.push_back({object.box, truth.class_names[object.class_index], missed_color});
    }
    const Image image = draw_on_image(dataset, mistakes.image, scene_side, drawn);
    scenes.push_back({.png = encode_png(image.view()),
                      .name = dataset.name(mistakes.image),
                      .text = std::to_string(mistakes.false_positives.size()) + " false, " +
                              std::to_string(mistakes.missed.size()) + " missed"});
  }
  return scenes;
}

}  // namespace sleight
