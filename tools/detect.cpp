// Finds objects in pictures: boxes drawn on them, and JSON.
#include <cstdio>
#include <filesystem>
#include <set>

#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/data/picture_writer.h"
#include "tools/common/command_line.h"
#include "tools/common/detection_pictures.h"
#include "tools/common/loaded_detector.h"
#include "tools/common/picture_files.h"
#include "tools/common/run_tool.h"

namespace sleight {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> pictures;
  DetectorUse use{.weights = {}, .batch_size = 1, .found = {.score_threshold = 0.3}};
  std::string out, out_format = "png", json, sheet;
  std::int64_t longest_side = 1280;
  SheetOptions sheet_options{.picture_size = 400};
};

// "kitchen.png" for kitchen.jpg, with ".png" as extension; two pictures of one name get a number.
fs::path drawn_path(const fs::path& folder, const fs::path& picture, const std::string& extension,
                    std::set<fs::path>& taken) {
  fs::path path = folder / (picture.stem().string() + extension);
  for (int number = 2; !taken.insert(path).second; ++number)
    path = folder / (picture.stem().string() + "-" + std::to_string(number) + extension);
  return path;
}

int detect(const Options& options) {
  LoadedDetector detector(options.use);
  const std::vector<std::string>& class_names = detector.description().class_names;
  const PictureFiles files(picture_paths(options.pictures), class_names);
  const FoundInPictures all = detector.find_in(files, 1);

  std::set<std::int64_t> broken;
  for (const BrokenPicture& picture : all.broken)
    broken.insert(picture.index);
  std::set<fs::path> taken;
  if (!options.out.empty()) fs::create_directories(options.out);
  for (std::int64_t i = 0; i < files.size(); ++i) {
    if (broken.contains(i)) continue;
    std::vector<DrawnObject> objects;
    std::printf("%s\n", files.name(i).c_str());
    for (const Detection& detection : detections_of(all.plain, i)) {
      objects.push_back(drawn_detection(detection, class_names));
      std::printf("  %-20s %5.1f%%  left %.1f, top %.1f, right %.1f, bottom %.1f\n",
                  class_names[detection.class_index].c_str(), 100.0 * detection.score, detection.box.left,
                  detection.box.top, detection.box.right, detection.box.bottom);
    }
    if (!options.out.empty()) {
      const Picture picture = draw_on_picture(files, i, options.longest_side, objects);
      if (options.out_format == "jpeg") {
        write_jpeg(drawn_path(options.out, files.path(i), ".jpg", taken), picture.view());
      } else {
        write_png(drawn_path(options.out, files.path(i), ".png", taken), picture.view());
      }
    }
  }
  if (!options.sheet.empty() && broken.size() < static_cast<std::size_t>(files.size())) {
    write_png(
        options.sheet,
        detection_sheet(files, all.plain, all.broken, files.size(), 0.0, class_names, options.sheet_options).view());
    log_info("wrote ", options.sheet);
  }
  if (!options.out.empty()) log_info("wrote ", count_of(std::ssize(taken), "picture"), " to ", options.out);
  if (!options.json.empty()) write_found(options.json, files, all);
  return all.broken.empty() ? 0 : 1;
}

}  // namespace

}  // namespace sleight

int main(int argument_count, char** arguments) {
  sleight::CommandLine command_line("Find objects in pictures. Prints what was found; draws it with --out or --sheet.");
  sleight::Options options;
  command_line.add_option("pictures", options.pictures, "JPEG or PNG files, or folders of them").required();
  options.use.declare(command_line);
  command_line.add_option("--out", options.out, "Folder for the pictures with their boxes");
  command_line.add_option("--out-format", options.out_format, "Of the pictures in --out: png or jpeg")
      .one_of({"png", "jpeg"});
  command_line.add_option("--sheet", options.sheet, "One PNG with all pictures and their boxes");
  command_line
      .add_option("--sheet-size", options.sheet_options.picture_size,
                  "Longer side of the images on the sheet, in pixels")
      .range(64, 4096);
  command_line
      .add_option("--sheet-columns", options.sheet_options.columns, "Images side by side; 0: about as many as rows")
      .range(0, 100);
  command_line.add_option("--json", options.json, "File for the detections, in COCO's form");
  command_line
      .add_option("--longest-side", options.longest_side, "Larger pictures are made smaller for --out, in pixels")
      .range(64, 16384);
  return sleight::run_tool(command_line, argument_count, arguments, [&] { return sleight::detect(options); });
}
