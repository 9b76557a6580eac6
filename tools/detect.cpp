// Finds objects in pictures: boxes drawn on them, and JSON.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <set>

#include "engine/base/log.h"
#include "engine/data/png.h"
#include "engine/train/detections_file.h"
#include "tools/common/broken_pictures.h"
#include "tools/common/detection_pictures.h"
#include "tools/common/detector_evaluation.h"
#include "tools/common/detector_file.h"
#include "tools/common/detector_weights.h"
#include "tools/common/picture_files.h"
#include "tools/common/run_tool.h"

namespace sleight {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> pictures;
  DetectorWeights weights;
  std::string out, json, sheet, device = "cpu", precision = "fp32";
  std::int64_t batch_size = 1, longest_side = 1280;
  int threads = 0;
  ops::DetectionParameters found{.score_threshold = 0.3};
};

// "kitchen.png" for kitchen.jpg; two pictures of one name get a number.
fs::path drawn_path(const fs::path& folder, const fs::path& picture, std::set<fs::path>& taken) {
  fs::path path = folder / (picture.stem().string() + ".png");
  for (int number = 2; !taken.insert(path).second; ++number)
    path = folder / (picture.stem().string() + "-" + std::to_string(number) + ".png");
  return path;
}

int detect(const Options& options) {
  const Precision precision = parse_precision(options.precision, options.device);
  const DetectorDescription description = options.weights.describe();
  const PictureFiles files(picture_paths(options.pictures), description.class_names);
  set_compute_threads(options.threads);
  Context context(options.device, 1,
                  {.deterministic = false, .allow_tf32 = precision.allow_tf32, .graphs = true, .tuning_cache = {}});
  warn_if_slow(precision, context.device);
  const DetectorModel& model = find_detector(description.model);
  Detector detector(context, model.trace, program_options(description, precision, options.found));
  const std::int64_t batch_size = std::min(options.batch_size, files.size());
  detector.learner().plan(ProgramUse::evaluation, {batch_size, description.image_size, description.image_size});
  load_detector_weights(model, options.weights.path, "", context.store);
  const FoundInPictures all = detect_all(
      detector, files,
      {.batch_size = batch_size, .image_size = description.image_size, .recipe = evaluation_recipe_of(description)});
  log_broken(all.broken);

  std::set<std::int64_t> broken;
  for (const BrokenPicture& picture : all.broken)
    broken.insert(picture.index);
  std::set<fs::path> taken;
  if (!options.out.empty()) fs::create_directories(options.out);
  for (std::int64_t i = 0; i < files.size(); ++i) {
    if (broken.contains(i)) continue;
    std::vector<DrawnObject> objects;
    std::printf("%s\n", files.name(i).c_str());
    for (const Detection& detection : all.plain) {
      if (detection.picture != i) continue;
      objects.push_back(drawn_detection(detection, description.class_names));
      std::printf("  %-20s %5.1f%%  left %.1f, top %.1f, right %.1f, bottom %.1f\n",
                  description.class_names[static_cast<std::size_t>(detection.class_index)].c_str(),
                  100.0 * detection.score, detection.box.left, detection.box.top, detection.box.right,
                  detection.box.bottom);
    }
    if (!options.out.empty()) {
      const Picture picture = draw_on_picture(files, i, options.longest_side, objects);
      write_png(drawn_path(options.out, files.path(i), taken), picture.view());
    }
  }
  if (!options.sheet.empty() && broken.size() < static_cast<std::size_t>(files.size())) {
    write_png(options.sheet,
              detection_sheet(files, all.plain, all.broken, files.size(), 0.0, description.class_names).view());
    log_info("wrote ", options.sheet);
  }
  if (!options.out.empty()) log_info("wrote ", taken.size(), " pictures to ", options.out);
  if (!options.json.empty()) {
    DetectionsFile file{.pictures = {}, .class_names = description.class_names, .detections = all.plain};
    for (std::int64_t i = 0; i < files.size(); ++i)
      file.pictures.push_back(files.name(i));
    write_detections(options.json, file);
    log_info("wrote ", options.json);
  }
  return all.broken.empty() ? 0 : 1;
}

}  // namespace

}  // namespace sleight

int main(int argument_count, char** arguments) {
  CLI::App app("Find objects in pictures. Prints what was found; draws it with --out or --sheet.");
  sleight::Options options;
  app.add_option("pictures", options.pictures, "JPEG or PNG files, or folders of them")->required();
  options.weights.declare(app);
  app.add_option("--out", options.out, "Folder for the pictures with their boxes, as PNG");
  app.add_option("--sheet", options.sheet, "One PNG with all pictures and their boxes");
  app.add_option("--json", options.json, "File for the detections, in COCO's form");
  app.add_option("--longest-side", options.longest_side, "Larger pictures are made smaller for --out, in pixels")
      ->capture_default_str()
      ->check(CLI::Range(64, 16384));
  app.add_option("--score-threshold", options.found.score_threshold, "Detections below it are left out")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--overlap", options.found.overlap_threshold,
                 "Of two boxes of one class that overlap more than this, the surer one stays")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--batch-size", options.batch_size, "Pictures at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  app.add_option("--device", options.device, "cpu, cuda (cuda:1 for the second GPU) or simt")->capture_default_str();
  sleight::add_precision_option(app, options.precision);
  app.add_option("--threads", options.threads, "Compute threads; 0: one per core")->capture_default_str();
  return sleight::run_tool(app, argument_count, arguments, [&] { return sleight::detect(options); });
}
