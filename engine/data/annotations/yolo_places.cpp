#include "engine/data/annotations/yolo_places.h"

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

namespace {

constexpr std::size_t maximum_yaml_bytes = std::size_t{4} << 20;
constexpr std::size_t maximum_list_bytes = std::size_t{256} << 20;
// In messages: a missing file can be looked for only by its whole path.
constexpr std::size_t longest_path = 1000;
constexpr std::array<std::string_view, 2> yaml_extensions = {".yaml", ".yml"};

bool is_darknet_data(std::string_view path) {
  return lower_case_extension(path) == ".data";
}

// The files named data.yaml, or the only other one, of the tree's uppermost folder that has any.
std::optional<std::size_t> find_in_uppermost(const FileTree& tree, bool (*is_wanted)(std::string_view)) {
  std::vector<std::size_t> found;
  std::size_t least_depth = ~std::size_t{0};
  for (std::size_t file = 0; file < tree.files().size(); ++file) {
    if (!is_wanted(tree.files()[file])) continue;
    const std::size_t depth = parts_of(tree.files()[file]).size();
    if (depth < least_depth) found.clear();
    if (depth > least_depth) continue;
    least_depth = depth;
    found.push_back(file);
  }
  for (const std::size_t file : found)
    if (without_extension(file_name_of(tree.files()[file])) == "data") return file;
  return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
}

// "a/../b" is "b"; what leads out of the dataset is taken as below it: "../train/images", as Roboflow writes it.
std::string inside(std::string_view path) {
  std::string slashes(path);
  std::ranges::replace(slashes, '\\', '/');
  std::vector<std::string_view> parts;
  for (const std::string_view part : parts_of(slashes)) {
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!part.empty() && part != "." && part != "..") parts.push_back(part);
  }
  std::string result;
  for (const std::string_view part : parts)
    result += (result.empty() ? "" : "/") + std::string(part);
  return result;
}

}  // namespace

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

bool is_yaml(std::string_view path) {
  return std::ranges::find(yaml_extensions, lower_case_extension(path)) != yaml_extensions.end();
}

std::vector<std::size_t> images_in_list(const FileTree& tree, const PathIndex& index, const std::string& base,
                                        std::size_t list) {
  std::vector<std::size_t> images;
  std::vector<std::byte> memory;
  std::size_t number = 0;
  for (std::string_view line : lines_of(read_text(tree, list, maximum_list_bytes, memory))) {
    ++number;
    if (line.empty()) continue;
    const std::optional<std::size_t> file = index.find_tail(base, line);
    check(
        file.has_value() && has_image_name(tree.files()[*file]), tree.name(list), ", line ", number, ": the image ",
        shown(line, longest_path), " is missing: looked for ", tree.root(), "/", base, line,
        " and for what remains without its first folders. It must be a .jpg, .jpeg or .png below the dataset's folder");
    images.push_back(*file);
  }
  return images;
}

const std::vector<std::string>& YamlFile::of(const std::string& split) const {
  static const std::vector<std::string> none;
  const std::string_view named = split_named(split);
  return named == "train" ? splits.train : named == "val" ? splits.val : named == "test" ? splits.test : none;
}

std::optional<YamlFile> read_yaml(const FileTree& tree) {
  std::optional<std::size_t> file = find_in_uppermost(tree, is_yaml);
  if (!file) file = find_in_uppermost(tree, is_darknet_data);
  if (!file) return std::nullopt;
  // One that stands beside a part of the images speaks for that part.
  const std::string_view folder = folder_of(tree.files()[*file]);
  for (const std::string& path : tree.files())
    if (has_image_name(path) && !path.starts_with(folder)) return std::nullopt;
  std::vector<std::byte> memory;
  const std::string_view text = read_text(tree, *file, maximum_yaml_bytes, memory);
  return with_context(tree.name(*file), [&] {
    return YamlFile{*file, is_yaml(tree.files()[*file]) ? parse_yaml_splits(text) : parse_darknet_data(text)};
  });
}

std::vector<std::size_t> images_of_entry(const FileTree& tree, const PathIndex& index, const YamlFile& yaml,
                                         const std::string& entry) {
  const std::string beside(folder_of(tree.files()[yaml.file]));
  const std::string path = yaml.splits.path.empty() ? "" : inside(yaml.splits.path) + "/";
  // As the file says; then as if written elsewhere, without the first folders.
  std::vector<std::string> places = {inside(beside + path + entry), inside(beside + entry), inside(path + entry)};
  const bool names_split = !split_of_path(entry + "/").empty();
  for (std::string rest = inside(entry);;) {
    places.push_back(beside + rest);
    places.push_back(rest);
    const std::size_t slash = rest.find('/');
    // "images" alone, of "train/images", would be every image.
    if (slash == std::string::npos || (names_split && split_of_path(rest.substr(slash + 1) + "/").empty())) break;
    rest.erase(0, slash + 1);
  }
  for (const std::string& place : places) {
    if (const std::optional<std::size_t> list = index.find(place); list && lower_case_extension(place) == ".txt")
      return images_in_list(tree, index, beside, *list);
    std::vector<std::size_t> images;
    for (std::size_t file = 0; file < tree.files().size(); ++file) {
      const std::string_view image = tree.files()[file];
      if (has_image_name(image) && lower_case(image).starts_with(lower_case(place) + "/")) images.push_back(file);
    }
    if (!images.empty()) return images;
  }
  fail(tree.name(yaml.file), " names ", shown(entry), ", and there are no images: looked in ", tree.root(), "/",
       places[0], " and ", tree.root(), "/", inside(entry),
       ". Correct the path; it is meant from the file, or from its \"path\"");
}

}  // namespace sleight
