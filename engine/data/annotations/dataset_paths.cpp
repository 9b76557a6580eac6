#include "engine/data/annotations/dataset_paths.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

namespace {

std::string with_slashes(std::string_view path) {
  std::string result(path);
  std::ranges::replace(result, '\\', '/');
  return result;
}

// How many folders at their ends two paths share: one for "images/cars/" and "annotations/cars/".
std::ptrdiff_t common_folders(std::string_view a, std::string_view b) {
  const auto end = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend()).first;
  const bool is_whole_path = end == a.rend() && (b.size() == a.size() || b[b.size() - a.size() - 1] == '/');
  // A folder that only ends alike does not count, and the first '/' ends the last folder.
  return std::count(a.rbegin(), end, '/') - (is_whole_path ? 0 : 1);
}

}  // namespace

PathIndex::PathIndex(const FileTree& tree) : tree_(tree) {
  for (std::size_t file = 0; file < tree.files().size(); ++file)
    files_.emplace(lower_case(tree.files()[file]), file);
}

std::optional<std::size_t> PathIndex::find(const std::string& path) const {
  if (const std::optional<std::size_t> file = tree_.find(path)) return file;
  const auto found = files_.find(lower_case(path));
  if (found == files_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::size_t> PathIndex::find_tail(const std::string& base, std::string_view path) const {
  std::string wanted = with_slashes(path);
  for (;;) {
    while (wanted.starts_with("./") || wanted.starts_with("/"))
      wanted.erase(0, wanted.starts_with("/") ? 1 : 2);
    if (const std::optional<std::size_t> file = find(base + wanted)) return file;
    if (const std::optional<std::size_t> file = find(wanted)) return file;
    const std::size_t slash = wanted.find('/');
    if (slash == std::string::npos) return std::nullopt;
    wanted.erase(0, slash + 1);
  }
}

ImageStems::ImageStems(const FileTree& tree) : tree_(tree) {
  for (std::size_t file = 0; file < tree.files().size(); ++file) {
    const std::string_view path = tree.files()[file];
    if (has_image_name(path)) images_[lower_case(without_extension(file_name_of(path)))].push_back(file);
  }
}

std::optional<std::size_t> ImageStems::find(std::string_view annotation_path, std::string_view stem) const {
  const auto found = images_.find(lower_case(stem));
  if (found == images_.end()) return std::nullopt;
  const std::string_view folder = folder_of(annotation_path);
  const std::string_view above = folder.empty() ? folder : folder_of(folder.substr(0, folder.size() - 1));
  const std::string_view split = split_of_path(annotation_path);
  std::vector<std::size_t> images;
  for (const std::size_t image : found->second) {
    const std::string_view own = split_of_path(tree_.files()[image]);
    if (own == split || own.empty() || split.empty()) images.push_back(image);
  }
  if (images.empty()) return std::nullopt;
  const auto only = [&](auto fits) -> std::optional<std::size_t> {
    std::optional<std::size_t> chosen;
    for (const std::size_t image : images) {
      if (!fits(std::string_view(tree_.files()[image]))) continue;
      if (chosen) return std::nullopt;
      chosen = image;
    }
    return chosen;
  };
  if (const auto beside = only([&](std::string_view path) { return folder_of(path) == folder; })) return beside;
  if (images.size() == 1) return images.front();
  const auto near =
      only([&](std::string_view path) { return path.starts_with(above) && split_of_path(path) == split; });
  if (near) return near;
  if (const auto same_split = only([&](std::string_view path) { return split_of_path(path) == split; }))
    return same_split;
  std::ptrdiff_t most = 1;
  for (const std::size_t image : images)
    most = std::max(most, common_folders(folder_of(tree_.files()[image]), folder));
  const auto mirrored = only([&](std::string_view path) { return common_folders(folder_of(path), folder) == most; });
  check(mirrored.has_value(), tree_.root(), "/", annotation_path, " may belong to ", tree_.name(images[0]), " or to ",
        tree_.name(images[1]), ": give each a name of its own, or put it beside its annotation");
  return mirrored;
}

std::string PassedOver::text() const {
  return count_of(count, "file") + " passed over, no .jpg, .jpeg or .png; the first is " + first;
}

bool has_other_image_name(std::string_view path) {
  static constexpr std::array<std::string_view, 15> extensions = {".webp", ".gif",  ".bmp",  ".tif", ".tiff",
                                                                  ".heic", ".avif", ".jfif", ".jp2", ".jxl",
                                                                  ".heif", ".jpe",  ".ppm",  ".pgm", ".tga"};
  return std::ranges::find(extensions, lower_case_extension(path)) != extensions.end();
}

}  // namespace sleight
