#include "tools/common/picture_files.h"

#include <algorithm>
#include <cctype>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace sleight {

namespace {

namespace fs = std::filesystem;

bool is_picture(const fs::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

}  // namespace

std::vector<fs::path> picture_paths(std::span<const std::string> names) {
  std::vector<fs::path> paths;
  for (const std::string& name : names) {
    check(fs::exists(name), "there is no ", name, "; give pictures, or folders of pictures");
    if (!fs::is_directory(name)) {
      paths.emplace_back(name);
      continue;
    }
    std::vector<fs::path> inside;
    for (const fs::directory_entry& entry : fs::directory_iterator(name)) {
      if (entry.is_regular_file() && is_picture(entry.path())) inside.push_back(entry.path());
    }
    check(!inside.empty(), "the folder ", name, " holds no .jpg, .jpeg or .png file");
    std::ranges::sort(inside);
    paths.insert(paths.end(), inside.begin(), inside.end());
  }
  return paths;
}

void PictureFiles::read(std::int64_t index, StoredPicture& picture) const {
  picture.memory = read_file(path(index));
  picture.form = StoredPicture::Form::encoded;
  picture.bytes = picture.memory;
}

}  // namespace sleight
