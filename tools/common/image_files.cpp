#include "tools/common/image_files.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/data/annotations/dataset_paths.h"
#include "engine/data/files/text_lines.h"
#include "engine/data/loader/image_survey.h"

namespace sleight {

namespace {

namespace fs = std::filesystem;

bool is_image(const fs::path& path) {
  return !path.filename().string().starts_with('.') && has_image_name(path.string());
}

}  // namespace

std::vector<fs::path> image_paths(std::span<const std::string> names) {
  std::vector<fs::path> paths;
  for (const std::string& name : names) {
    check(fs::exists(name), "there is no ", name, "; give images, or folders of images");
    if (!fs::is_directory(name)) {
      paths.emplace_back(name);
      continue;
    }
    std::vector<fs::path> inside;
    PassedOver others;
    for (const fs::directory_entry& entry : fs::directory_iterator(name)) {
      if (!entry.is_regular_file()) continue;
      if (is_image(entry.path())) inside.push_back(entry.path());
      if (has_other_image_name(entry.path().string())) others.add(entry.path().string());
    }
    check(!inside.empty(), "the folder ", name, " holds no .jpg, .jpeg or .png file",
          others.count > 0 ? ", only other images, such as " + others.first + "; convert them" : std::string());
    if (others.count > 0) log_warning(others.text());
    std::ranges::sort(inside);
    paths.insert(paths.end(), inside.begin(), inside.end());
  }
  return paths;
}

ImageFiles::ImageFiles(std::vector<fs::path> paths, std::vector<std::string> class_names, ExifOrientation exif)
    : paths_(std::move(paths)), exif_(exif), class_names_(std::move(class_names)), warnings_(survey_images(*this)) {}

void ImageFiles::read(std::int64_t index, StoredImage& image) const {
  image.memory = read_file(path(index));
  image.form = StoredImage::Form::encoded;
  image.exif = exif_;
  image.bytes = image.memory;
}

}  // namespace sleight
