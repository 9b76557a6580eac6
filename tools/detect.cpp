// Finds objects in images: boxes drawn on them, and JSON.
#include <cstdio>
#include <filesystem>
#include <set>

#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/image/image_writer.h"
#include "engine/run/detector/images.h"
#include "engine/run/image_flags.h"
#include "engine/run/image_messages.h"
#include "tools/common/image_files.h"
#include "tools/common/outputs.h"
#include "tools/common/run_tool.h"
#include "tools/detector/loaded_detector.h"

namespace sleight {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> images;
  DetectorUse use{.weights = {}, .device = {}, .batch_size = 1, .found = default_detection_parameters(0.3)};
  std::string out, out_format = "png", json, sheet;
  std::int64_t longest_side = 1280;
  bool exif_orientation = true;
  SheetOptions sheet_options{.image_size = 400};
};

// "kitchen.png" for kitchen.jpg, with ".png" as extension; two images of one name get a number.
fs::path drawn_path(const fs::path& folder, const fs::path& image, const std::string& extension,
                    std::set<fs::path>& taken) {
  fs::path path = folder / (image.stem().string() + extension);
  for (int number = 2; !taken.insert(path).second; ++number)
    path = folder / (image.stem().string() + "-" + std::to_string(number) + extension);
  return path;
}

// Where each image with its boxes will be written: over nothing that is read.
std::vector<fs::path> drawn_paths(const Options& options, const std::vector<fs::path>& images) {
  Inputs inputs;
  inputs.add(options.use.weights.path);
  for (const fs::path& image : images)
    inputs.add(image.string());
  std::set<fs::path> taken;
  std::vector<fs::path> paths;
  for (const fs::path& image : images) {
    paths.push_back(drawn_path(options.out, image, options.out_format == "jpeg" ? ".jpg" : ".png", taken));
    inputs.refuse_to_replace(paths.back());
  }
  return paths;
}

int detect(const Options& options) {
  LoadedDetector detector(options.use);
  const std::vector<fs::path> images = image_paths(options.images);
  std::vector<fs::path> drawn;
  if (!options.out.empty()) {
    drawn = drawn_paths(options, images);
    fs::create_directories(options.out);
  }
  const std::vector<std::string>& class_names = detector.description().class_names;
  const ImageFiles files(images, class_names, exif_orientation_if(options.exif_orientation));
  log_warnings(files);
  const FoundInImages all = detector.find_in(files, 1);

  std::set<std::int64_t> broken;
  for (const BrokenImage& image : all.broken)
    broken.insert(image.index);
  std::int64_t written = 0;
  for (std::int64_t i = 0; i < files.size(); ++i) {
    if (broken.contains(i)) continue;
    std::vector<DrawnObject> objects;
    std::printf("%s\n", printable(files.name(i)).c_str());
    for (const Detection& detection : detections_of(all.plain, i)) {
      objects.push_back(drawn_detection(detection, class_names));
      std::printf("  %-20s %5.1f%%  left %.1f, top %.1f, right %.1f, bottom %.1f\n",
                  printable(class_names[detection.class_index]).c_str(), 100.0 * detection.score, detection.box.left,
                  detection.box.top, detection.box.right, detection.box.bottom);
    }
    if (!options.out.empty()) {
      const Image image = draw_on_image(files, i, options.longest_side, objects);
      if (options.out_format == "jpeg") {
        write_jpeg(drawn[i], image.view());
      } else {
        write_png(drawn[i], image.view());
      }
      ++written;
    }
  }
  if (!options.sheet.empty() && broken.size() < static_cast<std::size_t>(files.size())) {
    write_png(
        options.sheet,
        detection_sheet(files, all.plain, all.broken, files.size(), 0.0, class_names, options.sheet_options).view());
    log_info("wrote ", options.sheet);
  }
  if (!options.out.empty()) log_info("wrote ", count_of(written, "image"), " to ", options.out);
  if (!options.json.empty()) write_found(options.json, files, all);
  return all.broken.empty() ? 0 : 1;
}

class Detect : public Tool {
 public:
  std::string description() const override {
    return "Find objects in images. Prints what was found; draws it with --out or --sheet.";
  }

  void declare(OptionList& options) override {
    options.add("images", options_.images, "JPEG or PNG files, or folders of them")
        .unit("IMAGE")
        .positional()
        .required();
    options_.use.declare(options);
    declare_exif_orientation(options, options_.exif_orientation);
    options.add("out", options_.out, "Folder for the images with their boxes").unit("FOLDER").written();
    options.add("out-format", options_.out_format, "Of the images in --out").one_of({"png", "jpeg"});
    options.add("sheet", options_.sheet, "One PNG with all images and their boxes").unit("FILE").written();
    options.add("sheet-size", options_.sheet_options.image_size, "Longer side of the images on the sheet")
        .unit("PIXELS")
        .range(64, 4096);
    options.add("sheet-columns", options_.sheet_options.columns, "Images side by side; 0: about as many as rows")
        .unit("COLUMNS")
        .range(0, 100);
    options.add("json", options_.json, "File for the detections, in COCO's form").unit("FILE").written();
    options.add("longest-side", options_.longest_side, "Larger images are made smaller for --out")
        .unit("PIXELS")
        .range(64, 16384);
  }

  int run() override { return detect(options_); }

 private:
  Options options_;
};

const bool registered = register_tool<Detect>("detect");

}  // namespace

}  // namespace sleight
