#include "tools/common/detection_pictures.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "engine/base/error.h"
#include "engine/data/decode_picture.h"
#include "engine/data/picture_writer.h"
#include "engine/data/resize.h"
#include "engine/train/picture_mistakes.h"
#include "engine/train/picture_sheet.h"
#include "tools/common/detector_evaluation.h"

namespace sleight {

namespace {

// As large as boxes can still be told apart; a report holds a dozen.
constexpr std::int64_t scene_side = 400;
constexpr int sheet_side = 400;
constexpr double shown_score = 0.5;
constexpr Color found_color{40, 180, 80}, false_color{230, 50, 50}, missed_color{250, 200, 40};

std::string label_of(const std::string& class_name, double score) {
  return class_name + " " + std::to_string(std::lround(100.0 * score)) + "%";
}

}  // namespace

const char* const worst_scenes_legend =
    "Detections with a score of 50% or more: green is right, red is false; yellow is what was missed.";

Picture draw_on_picture(const PictureSource& source, std::int64_t index, std::int64_t longest_side,
                        std::span<const DrawnObject> objects, SmallPictures small_pictures) {
  StoredPicture stored;
  source.read(index, stored);
  PictureDecoder decoder;
  PictureView whole;
  if (stored.form == StoredPicture::Form::encoded) {
    decoder.open(stored.bytes);
    whole = decoder.decode();
  } else {
    whole = {reinterpret_cast<const std::uint8_t*>(stored.bytes.data()), stored.height, stored.width, stored.width * 3};
  }
  const double scale =
      std::min(1.0, static_cast<double>(longest_side) / static_cast<double>(std::max(whole.height, whole.width)));
  const auto scaled = [scale](std::int64_t side) {
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(side) * scale));
  };
  Picture small(scaled(whole.height), scaled(whole.width));
  Resizer().resize(whole, {0.0, 0.0, static_cast<double>(whole.width), static_cast<double>(whole.height)},
                   small.view());
  std::vector<DrawnObject> placed(objects.begin(), objects.end());
  for (DrawnObject& object : placed)
    object.box = {object.box.left * scale, object.box.top * scale, object.box.right * scale, object.box.bottom * scale};
  const std::int64_t longer_side = std::max(small.view().height, small.view().width);
  const std::int64_t enlargement =
      small_pictures == SmallPictures::enlarged ? std::max<std::int64_t>(1, longest_side / longer_side) : 1;
  return draw_objects(small.view(), placed, static_cast<int>(enlargement));
}

DrawnObject drawn_detection(const Detection& detection, const std::vector<std::string>& class_names) {
  return {detection.box, label_of(class_names[static_cast<std::size_t>(detection.class_index)], detection.score),
          class_color(detection.class_index)};
}

Picture detection_sheet(const PictureSource& source, std::span<const Detection> detections,
                        std::span<const BrokenPicture> broken, std::int64_t count, double score,
                        const std::vector<std::string>& class_names) {
  std::vector<Picture> drawn;
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < std::min(count, source.size()); ++i) {
    if (std::ranges::any_of(broken, [i](const BrokenPicture& picture) { return picture.index == i; })) continue;
    std::vector<DrawnObject> objects;
    for (const Detection& detection : detections_of(detections, i)) {
      if (detection.score >= score) objects.push_back(drawn_detection(detection, class_names));
    }
    drawn.push_back(draw_on_picture(source, i, sheet_side, objects, SmallPictures::enlarged));
    names.push_back(std::filesystem::path(source.name(i)).filename().string());
  }
  std::vector<SheetPicture> sheet;
  for (std::size_t i = 0; i < drawn.size(); ++i)
    sheet.push_back({.picture = drawn[i].view(), .captions = {{.text = names[i]}}});
  return make_picture_sheet(sheet, {.picture_size = sheet_side});
}

std::vector<ReportScene> worst_scenes(const DetectionDataset& dataset, const GroundTruth& truth,
                                      std::span<const Detection> detections, std::size_t count) {
  const std::vector<PictureMistakes> worst =
      worst_pictures(picture_mistakes(truth, detections, {.matching = {}, .score_threshold = shown_score}), count);
  std::vector<ReportScene> scenes;
  for (const PictureMistakes& mistakes : worst) {
    std::vector<DrawnObject> drawn;
    const std::set<std::size_t> wrong(mistakes.false_positives.begin(), mistakes.false_positives.end());
    for (const bool draws_wrong : {false, true}) {
      for (std::size_t i = 0; i < detections.size(); ++i) {
        const Detection& detection = detections[i];
        if (detection.picture != mistakes.picture || detection.score < shown_score || wrong.contains(i) != draws_wrong)
          continue;
        drawn.push_back({detection.box,
                         label_of(truth.class_names[static_cast<std::size_t>(detection.class_index)], detection.score),
                         draws_wrong ? false_color : found_color});
      }
    }
    for (const std::size_t i : mistakes.missed) {
      const ObjectBox& object = truth.objects[i].object;
      drawn.push_back({object.box, truth.class_names[static_cast<std::size_t>(object.class_index)], missed_color});
    }
    const Picture picture = draw_on_picture(dataset, mistakes.picture, scene_side, drawn, SmallPictures::enlarged);
    scenes.push_back({.png = encode_png(picture.view()),
                      .name = dataset.name(mistakes.picture),
                      .text = std::to_string(mistakes.false_positives.size()) + " false, " +
                              std::to_string(mistakes.missed.size()) + " missed"});
  }
  return scenes;
}

}  // namespace sleight
