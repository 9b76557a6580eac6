// YOLO: a text file beside every image: which images a split has, their labels, and the names of the classes, which are
// given or found beside the data.
#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/annotations/annotation_format.h"
#include "engine/data/annotations/yaml_names.h"
#include "engine/data/annotations/yolo_label.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

namespace {

constexpr std::size_t maximum_label_bytes = std::size_t{4} << 20;
constexpr std::size_t maximum_list_bytes = std::size_t{256} << 20;
// Folders of images; the labels of "a/images/b/1.jpg" are in "a/labels/b/1.txt".
constexpr std::array<std::string_view, 2> image_folders = {"images", "JPEGImages"};

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

bool is_image_folder(std::string_view part) {
  return std::find(image_folders.begin(), image_folders.end(), part) != image_folders.end();
}

// Position of the last "images" in the path's folders, or nothing.
std::optional<std::size_t> find_image_folder(const std::vector<std::string_view>& parts) {
  for (std::size_t i = parts.size() - 1; i-- > 0;)
    if (is_image_folder(parts[i])) return i;
  return std::nullopt;
}

// The label of an image: under "labels" in place of the last "images", or beside the image where there is none.
std::string label_path(std::string_view image) {
  const std::vector<std::string_view> parts = parts_of(without_extension(image));
  const std::optional<std::size_t> folder = find_image_folder(parts);
  std::string path;
  for (std::size_t i = 0; i < parts.size(); ++i)
    path += (i == 0 ? "" : "/") + std::string(folder == i ? std::string_view("labels") : parts[i]);
  return path + ".txt";
}

// What lies in front of "images/<split>/" or "<split>/images/" in an image's path, "" or ending in '/'; nothing when
// the image is not of the split.
std::optional<std::string> base_of_image(std::string_view path, std::string_view split) {
  if (!has_image_name(path)) return std::nullopt;
  const std::vector<std::string_view> parts = parts_of(path);
  std::string base;
  for (std::size_t i = 0; i + 2 < parts.size(); ++i) {
    const bool is_found =
        (is_image_folder(parts[i]) && parts[i + 1] == split) || (parts[i] == split && is_image_folder(parts[i + 1]));
    if (is_found) return base;
    base += std::string(parts[i]) + "/";
  }
  return std::nullopt;
}

// The images of a split, from a list of this name or else from folders of this name.
struct SplitFiles {
  std::string base;  // the folder that everything lies in, "" or ending in '/'
  std::optional<std::size_t> list;
  std::vector<std::size_t> images;  // of the folders
};

std::optional<SplitFiles> find_split(const FileTree& tree, const std::string& split) {
  std::set<std::string> bases;
  SplitFiles found;
  for (std::size_t file = 0; file < tree.files().size(); ++file) {
    const std::string_view path = tree.files()[file];
    if (std::optional<std::string> base = base_of_image(path, split)) {
      bases.insert(std::move(*base));
      found.images.push_back(file);
    } else if (file_name_of(path) == split + ".txt" && !folder_of(path).ends_with("labels/")) {
      bases.emplace(folder_of(path));
      found.list = file;
    }
  }
  if (bases.empty()) return std::nullopt;
  check(bases.size() == 1, tree.root(), " has the split ", shown(split), " twice: in \"", *bases.begin(), "\" and \"",
        *std::next(bases.begin()), "\". Give the folder of one dataset");
  found.base = *bases.begin();
  return found;
}

SplitFiles need_split(const FileTree& tree, const std::string& split) {
  std::optional<SplitFiles> found = find_split(tree, split);
  check(found.has_value(), tree.root(), " has no split ", shown(split), ": looked for the list ", split,
        ".txt, and for images in images/", split, "/ and ", split, "/images/");
  return std::move(*found);
}

std::vector<std::size_t> images_in_list(const FileTree& tree, const std::string& base, std::size_t list) {
  std::vector<std::size_t> images;
  std::vector<std::byte> memory;
  std::size_t number = 0;
  for (std::string_view line : lines_of(read_text(tree, list, maximum_list_bytes, memory))) {
    ++number;
    if (line.empty()) continue;
    std::string_view path = line;
    if (path.starts_with(tree.root() + "/")) path.remove_prefix(tree.root().size() + 1);
    while (path.starts_with("./"))
      path.remove_prefix(2);
    std::optional<std::size_t> file = tree.find(base + std::string(path));
    if (!file) file = tree.find(path);
    check(file.has_value(), tree.name(list), ", line ", number, ": the image ", shown(line), " is missing: looked for ",
          tree.root(), "/", base, path,
          ". Paths must be below the dataset's folder: relative, or absolute as the folder was given");
    images.push_back(*file);
  }
  return images;
}

// data.yaml, then classes.txt or obj.names and the like, in the base folder or among the labels.
std::vector<std::string> find_class_names(const FileTree& tree, const std::string& base) {
  std::vector<std::byte> memory;
  for (const bool is_yaml : {true, false}) {
    std::vector<std::size_t> files;
    for (std::size_t file = 0; file < tree.files().size(); ++file) {
      const std::string_view path = tree.files()[file];
      const std::string_view folder = folder_of(path);
      const std::string extension = lower_case_extension(path);
      if (folder != base && (is_yaml || folder != base + "labels/")) continue;
      const bool is_wanted = is_yaml ? extension == ".yaml" || extension == ".yml"
                                     : extension == ".names" || file_name_of(path) == "classes.txt";
      if (is_wanted) files.push_back(file);
    }
    std::vector<std::string> names;
    std::size_t names_file = 0;
    for (const std::size_t file : files) {
      const std::string_view text = read_text(tree, file, maximum_label_bytes, memory);
      std::vector<std::string> found =
          with_context(tree.name(file), [&] { return is_yaml ? parse_yaml_names(text) : parse_class_names(text); });
      if (found.empty()) continue;
      check(names.empty() || names == found, tree.name(names_file), " and ", tree.name(file),
            " do not name the same classes. Remove one of them or give a file with the names");
      names = std::move(found);
      names_file = file;
    }
    if (!names.empty()) return names;
  }
  fail(tree.root(), " does not say what its classes are called: looked for names in ", base, "*.yaml, in ", base,
       "classes.txt, ", base, "*.names and the same in ", base, "labels/. Add one or give a file with the names");
}

AnnotatedSplit read_yolo_split(const FileTree& tree, const std::string& split,
                               const std::vector<std::string>& given_names) {
  const SplitFiles found = need_split(tree, split);
  const std::string& base = found.base;
  const std::vector<std::size_t> images = found.list ? images_in_list(tree, base, *found.list) : found.images;
  AnnotatedSplit result;
  result.name = split;
  result.numbers = BoxNumbers::center_and_size;
  result.class_names = given_names.empty() ? find_class_names(tree, base) : given_names;
  std::vector<std::byte> memory;
  std::set<std::size_t> seen;
  std::int64_t without_label = 0;
  std::string first_without_label;
  for (const std::size_t image : images) {
    if (!seen.insert(image).second) continue;
    const std::string path = label_path(tree.files()[image]);
    std::vector<StatedObject> objects;
    if (const std::optional<std::size_t> label = tree.find(path)) {
      const std::string_view text = read_text(tree, *label, maximum_label_bytes, memory);
      objects = with_context(tree.name(*label), [&] { return parse_yolo_label(text, result.class_names.size()); });
    } else if (without_label++ == 0) {
      first_without_label = tree.name(image) + " (looked for " + tree.root() + "/" + path + ")";
    }
    result.objects.insert(result.objects.end(), objects.begin(), objects.end());
    result.images.push_back({image, {}, objects.size()});
  }
  if (without_label > 0)
    result.warnings.push_back(count_of(without_label, "image") + " of the split " + split +
                              " without a label file: taken as without objects; the first is " + first_without_label);
  return result;
}

class YoloFormat : public AnnotationFormat {
 public:
  std::string name() const override { return "yolo"; }
  std::string files() const override { return "text files"; }
  SplitNames find_splits(const FileTree& tree, const SplitNames& wanted) const override {
    return find_usual_splits(wanted, [&](const std::string& split) { return find_split(tree, split).has_value(); });
  }
  AnnotatedSplit read_split(const FileTree& tree, const std::string& split,
                            const std::vector<std::string>& given_names) const override {
    return read_yolo_split(tree, split, given_names);
  }
  std::vector<std::string> class_names(const FileTree& tree, const std::string& split) const override {
    return find_class_names(tree, need_split(tree, split).base);
  }
};

}  // namespace

const AnnotationFormat& yolo_format() {
  static const YoloFormat format;
  return format;
}

}  // namespace sleight
