// YOLO: a text file for every image. Which images a split has, in the order in which it is looked for:
//
//   a data.yaml with train, val and test: folders and lists, as they stand in it
//   a list <split>.txt of images
//   images/<split>/, <split>/images/, and images directly in <split>/
//   no split at all: every image, with its label beside it or under labels/
//
// and the names of the classes, which are given or found beside the data.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/annotations/annotation_format.h"
#include "engine/data/annotations/dataset_paths.h"
#include "engine/data/annotations/yaml_names.h"
#include "engine/data/annotations/yolo_label.h"
#include "engine/data/annotations/yolo_places.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

namespace {

constexpr std::size_t maximum_label_bytes = std::size_t{4} << 20;

// Folders of images; the labels of "a/images/b/1.jpg" are in "a/labels/b/1.txt".
constexpr std::array<std::string_view, 2> image_folders = {"images", "jpegimages"};

bool is_image_folder(std::string_view part) {
  return std::ranges::find(image_folders, lower_case(part)) != image_folders.end();
}

// Position of the last "images" in the path's folders, or nothing.
std::optional<std::size_t> find_image_folder(const std::vector<std::string_view>& parts) {
  for (std::size_t i = parts.size() - 1; i-- > 0;)
    if (is_image_folder(parts[i])) return i;
  return std::nullopt;
}

// Where the label of an image may be: under "labels" in place of the last "images", or beside the image.
std::vector<std::string> label_paths(std::string_view image) {
  const std::vector<std::string_view> parts = parts_of(without_extension(image));
  std::vector<std::string> paths;
  if (const std::optional<std::size_t> folder = find_image_folder(parts)) {
    std::string path;
    for (std::size_t i = 0; i < parts.size(); ++i)
      path += (i == 0 ? "" : "/") + std::string(folder == i ? std::string_view("labels") : parts[i]);
    paths.push_back(path + ".txt");
  }
  paths.push_back(std::string(without_extension(image)) + ".txt");
  return paths;
}

std::optional<std::size_t> find_label(const PathIndex& index, std::string_view image) {
  for (const std::string& path : label_paths(image))
    if (const std::optional<std::size_t> file = index.find(path)) return file;
  return std::nullopt;
}

// Whether a folder is the split's: by its own name, or by one that means the same; train2017 is one part of train.
bool is_split_folder(std::string_view folder, const std::string& split) {
  return folder == split || (!split.empty() && split_named(folder) == split);
}

// What lies in front of "images/<split>/", "<split>/images/" or "<split>/" in a file's path, "" or ending in '/'; nothing
// when the file is not of the split.
std::optional<std::string> base_of_split(std::string_view path, const std::string& split) {
  const std::vector<std::string_view> parts = parts_of(path);
  std::string base;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    if (is_image_folder(parts[i]) && i + 2 < parts.size() && is_split_folder(parts[i + 1], split)) return base;
    if (is_split_folder(parts[i], split)) return base;
    base += std::string(parts[i]) + "/";
  }
  return std::nullopt;
}

// The images of a split.
struct SplitFiles {
  std::string base;  // the folder that everything lies in, "" or ending in '/'
  std::optional<std::size_t> list;
  std::vector<std::size_t> images;
  std::vector<std::string> warnings;
};

bool is_list_of(std::string_view path, const std::string& split) {
  const std::string_view name = file_name_of(path);
  return lower_case_extension(path) == ".txt" && is_split_folder(without_extension(name), split) &&
         ("/" + lower_case(folder_of(path))).find("/labels/") == std::string::npos;  // of an image called "train"
}

// The folder that makes a path the split's: "valid" for "valid/images/1.jpg".
std::string_view split_folder_in(std::string_view path, const std::string& split) {
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
    if (is_split_folder(path.substr(0, slash), split)) return path.substr(0, slash);
    path.remove_prefix(slash + 1);
  }
  return {};
}

std::optional<SplitFiles> find_split(const FileTree& tree, const PathIndex& index, const std::string& split) {
  SplitFiles found;
  if (const std::optional<YamlFile> yaml = read_yaml(tree); yaml && !yaml->of(split).empty()) {
    found.base = folder_of(tree.files()[yaml->file]);
    for (const std::string& entry : yaml->of(split)) {
      const std::vector<std::size_t> images = images_of_entry(tree, index, *yaml, entry);
      found.images.insert(found.images.end(), images.begin(), images.end());
    }
    return found;
  }
  std::set<std::string> bases;
  std::set<std::string_view> called;
  std::vector<std::size_t> lists;
  PassedOver outside;
  for (std::size_t file = 0; file < tree.files().size(); ++file) {
    const std::string_view path = tree.files()[file];
    if (is_list_of(path, split)) {
      bases.emplace(folder_of(path));
      lists.push_back(file);
    } else if (std::optional<std::string> base = base_of_split(path, split); base && has_image_name(path)) {
      bases.insert(std::move(*base));
      called.insert(split_folder_in(path, split));
      found.images.push_back(file);
    } else if (has_image_name(path) && split_of_path(path).empty() && find_label(index, path)) {
      outside.add(tree.name(file));
    }
  }
  if (split == whole_dataset) {
    for (std::size_t file = 0; file < tree.files().size(); ++file)
      if (has_image_name(tree.files()[file])) found.images.push_back(file);
    // CVAT's obj_train_data, a lone images/: the names of the classes are above.
    if (!found.images.empty()) return found;
  }
  if (bases.empty()) return std::nullopt;
  if (bases.size() > 1)
    fail(tree.root(), " has the split ", shown(split), " twice: in \"", *bases.begin(), "\" and \"",
         *std::next(bases.begin()), "\". Give the folder of one dataset");
  if (called.size() > 1)
    fail(tree.root(), " has the split ", shown(split), " under two names, ", shown(*called.begin()), " and ",
         shown(*std::next(called.begin())),
         ". Move one of them away, or say in a data.yaml which folders the splits are (", split, ": [...])");
  found.base = *bases.begin();
  if (lists.size() > 1)
    fail(tree.root(), " has two lists of the split ", shown(split), ": ", tree.name(lists.front()), " and ",
         tree.name(lists.back()), ". Remove one of them");
  if (!lists.empty()) {
    if (!found.images.empty())
      found.warnings.push_back("the split " + split + " is the list " + tree.name(lists.front()) +
                               ", not the folder of that name with " + count_of(std::ssize(found.images), "image"));
    found.list = lists.front();
    found.images = images_in_list(tree, index, found.base, lists.front());
  } else if (split == "train" && outside.count > 0) {
    found.warnings.push_back(count_of(outside.count, "image with labels is", "images with labels are") +
                             " in no folder of a split, and not used; the first is " + outside.first);
  }
  return found;
}

SplitFiles need_split(const FileTree& tree, const PathIndex& index, const std::string& split) {
  std::optional<SplitFiles> found = find_split(tree, index, split);
  check(found.has_value(), tree.root(), " has no split ", shown(split), ": looked for the list ", split,
        ".txt, for images in images/", split, "/, ", split, "/images/ and ", split,
        "/, and for a data.yaml that names it");
  return std::move(*found);
}

// data.yaml, then classes.txt or obj.names and the like, in the base folder, above it, or among the labels.
std::vector<std::string> find_class_names(const FileTree& tree, const std::string& base) {
  std::vector<std::byte> memory;
  for (const bool wants_yaml : {true, false}) {
    std::vector<std::size_t> files;
    for (std::size_t file = 0; file < tree.files().size(); ++file) {
      const std::string_view path = tree.files()[file];
      const std::string folder = lower_case(folder_of(path));
      const std::string name = lower_case(file_name_of(path));
      const bool is_wanted = wants_yaml ? is_yaml(path) : name.ends_with(".names") || name == "classes.txt";
      const bool is_near = base.starts_with(folder_of(path)) || folder == lower_case(base) + "labels/" ||
                           (!wants_yaml && (folder.ends_with("labels/") || base.empty()));
      if (is_wanted && is_near) files.push_back(file);
    }
    std::vector<std::string> names;
    std::size_t names_file = 0;
    for (const std::size_t file : files) {
      const std::string_view text = read_text(tree, file, maximum_label_bytes, memory);
      std::vector<std::string> found =
          with_context(tree.name(file), [&] { return wants_yaml ? parse_yaml_names(text) : parse_class_names(text); });
      if (found.empty()) continue;
      check(names.empty() || names == found, tree.name(names_file), " and ", tree.name(file),
            " do not name the same classes. Remove one of them or give a file with the names (--classes)");
      names = std::move(found);
      names_file = file;
    }
    if (!names.empty()) return names;
  }
  fail(tree.root(), " does not say what its classes are called: looked for names in ", base, "*.yaml, in ", base,
       "classes.txt, ", base, "*.names and the same in ", base,
       "labels/. Add one or give a file with the names (--classes)");
}

// Labels and images of other kinds that belong to no image of the split, in the folders that it uses.
void warn_of_passed_over(const FileTree& tree, const std::set<std::size_t>& images, const std::set<std::size_t>& labels,
                         AnnotatedSplit& result) {
  std::set<std::string_view> image_places, label_places;
  for (const std::size_t image : images)
    image_places.insert(folder_of(tree.files()[image]));
  for (const std::size_t label : labels)
    label_places.insert(folder_of(tree.files()[label]));
  PassedOver other_images, other_labels;
  for (std::size_t file = 0; file < tree.files().size(); ++file) {
    const std::string_view path = tree.files()[file];
    if (has_other_image_name(path) && image_places.contains(folder_of(path))) other_images.add(tree.name(file));
    const std::string name = lower_case(file_name_of(path));
    const bool is_label = lower_case_extension(path) == ".txt" && label_places.contains(folder_of(path)) &&
                          !labels.contains(file) && name != "classes.txt" &&
                          split_named(without_extension(name)).empty();
    if (is_label) other_labels.add(tree.name(file));
  }
  if (other_images.count > 0) result.warnings.push_back("split " + result.name + ": " + other_images.text());
  if (other_labels.count > 0)
    result.warnings.push_back("split " + result.name + ": " + count_of(other_labels.count, "label file") +
                              " without an image of the split passed over; the first is " + other_labels.first);
}

AnnotatedSplit read_yolo_split(const FileTree& tree, const std::string& split,
                               const std::vector<std::string>& given_names) {
  const PathIndex index(tree);
  const SplitFiles found = need_split(tree, index, split);
  AnnotatedSplit result;
  result.name = split;
  result.numbers = BoxNumbers::center_and_size;
  result.class_names = given_names.empty() ? find_class_names(tree, found.base) : given_names;
  result.warnings = found.warnings;
  const std::optional<YamlFile> yaml = read_yaml(tree);
  const std::size_t keypoint_numbers = yaml ? yaml->splits.keypoint_numbers : 0;
  std::vector<std::byte> memory;
  std::set<std::size_t> seen, labels;
  std::int64_t without_label = 0, outlines = 0;
  std::string first_without_label, first_outline;
  for (const std::size_t image : found.images) {
    if (!seen.insert(image).second) continue;
    std::vector<StatedObject> objects;
    if (const std::optional<std::size_t> label = find_label(index, tree.files()[image])) {
      labels.insert(*label);
      const std::int64_t before = outlines;
      const std::string_view text = read_text(tree, *label, maximum_label_bytes, memory);
      objects = with_context(tree.name(*label), [&] {
        return parse_yolo_label(text, result.class_names.size(), &outlines, keypoint_numbers);
      });
      if (before == 0 && outlines > 0) first_outline = tree.name(*label);
    } else if (without_label++ == 0) {
      first_without_label =
          tree.name(image) + " (looked for " + tree.root() + "/" + label_paths(tree.files()[image]).front() + ")";
    }
    result.objects.insert(result.objects.end(), objects.begin(), objects.end());
    result.images.push_back({image, {}, objects.size()});
  }
  if (without_label > 0)
    result.warnings.push_back(count_of(without_label, "image") + " of the split " + split +
                              " without a label file: taken as without objects; the first is " + first_without_label);
  if (outlines > 0)
    result.warnings.push_back(count_of(outlines, "outline") + " of the split " + split + " taken as the " +
                              (outlines == 1 ? "box around it" : "boxes around them") + "; the first is in " +
                              first_outline);
  warn_of_passed_over(tree, seen, labels, result);
  return result;
}

class YoloFormat : public AnnotationFormat {
 public:
  std::string name() const override { return "yolo"; }
  std::string title() const override { return "YOLO"; }
  std::string files() const override { return "text files"; }
  bool recognizes(const FileTree& tree) const override {
    const PathIndex index(tree);
    bool has_images = false;
    for (const std::string& path : tree.files()) {
      if (!has_image_name(path)) continue;
      has_images = true;
      if (find_label(index, path)) return true;
    }
    if (!has_images) return false;
    const std::optional<YamlFile> yaml = read_yaml(tree);
    return yaml && !yaml->splits.train.empty();
  }
  SplitNames find_splits(const FileTree& tree, const SplitNames& wanted) const override {
    const PathIndex index(tree);
    const auto has = [&](const std::string& split) { return find_split(tree, index, split).has_value(); };
    SplitNames found = find_usual_splits(wanted, has);
    if (found.training.empty() && found.evaluation.empty() && has(std::string(whole_dataset)))
      found.training = whole_dataset;
    return found;
  }
  std::string splits_in(const FileTree& tree) const override {
    const PathIndex index(tree);
    std::string names;
    for (const char* split : {"train", "val", "test"})
      if (find_split(tree, index, split)) names += (names.empty() ? "" : ", ") + std::string(split);
    return names;
  }
  AnnotatedSplit read_split(const FileTree& tree, const std::string& split,
                            const std::vector<std::string>& given_names) const override {
    return read_yolo_split(tree, split, given_names);
  }
  std::vector<std::string> class_names(const FileTree& tree, const std::string& split) const override {
    return find_class_names(tree, need_split(tree, PathIndex(tree), split).base);
  }
};

}  // namespace

const AnnotationFormat& yolo_format() {
  static const YoloFormat format;
  return format;
}

}  // namespace sleight
