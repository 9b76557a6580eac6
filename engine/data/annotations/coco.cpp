// COCO: one JSON file for a split and a folder of images: which file is a split's, where its images are, and what
// belongs together by number. Images and classes (the categories) are ordered by their number, for detections with
// equal scores are ranked by it in COCO's metrics (pycocotools), and the order of the file says nothing. A split may be
// named by the path of its file.
#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/annotations/annotation_format.h"
#include "engine/data/annotations/coco_annotations.h"
#include "engine/data/annotations/coco_images.h"
#include "engine/data/annotations/dataset_paths.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

namespace {

constexpr std::size_t part_bytes = std::size_t{1} << 20;

// "2017" and "" are years.
bool is_year(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The split that a JSON file is for: "train2017" for instances_train2017.json, "train" for train.json or
// train/_annotations.coco.json.
std::string_view tag_of(std::string_view path) {
  constexpr std::string_view prefix = "instances_";
  std::string_view stem = without_extension(file_name_of(path));
  if (stem.starts_with(prefix)) return stem.substr(prefix.size());
  if (stem != "_annotations.coco") return stem;
  const std::string_view folder = folder_of(path);
  return folder.empty() ? folder : file_name_of(folder.substr(0, folder.size() - 1));
}

std::vector<std::size_t> find_json_files(const FileTree& tree) {
  std::vector<std::size_t> files;
  for (std::size_t file = 0; file < tree.files().size(); ++file)
    if (lower_case_extension(tree.files()[file]) == ".json") files.push_back(file);
  return files;
}

std::string names_of(const FileTree& tree, const std::vector<std::size_t>& files) {
  constexpr std::size_t most = 10;
  const std::string names = joined(std::span(files).first(std::min(files.size(), most)),
                                   [&](std::size_t file) { return tree.files()[file]; });
  return files.empty() ? "none" : files.size() > most ? names + ", ..." : names;
}

// Whether a file's tag is the split's name, or one that means the same, with a year behind it or not.
bool is_tag_of(std::string_view tag, const std::string& split) {
  if (tag.starts_with(split) && is_year(tag.substr(split.size()))) return true;
  return !split.empty() && split_named(tag) == split;
}

// Whether a JSON file has the outermost keys of COCO near its beginning, or the name of an export.
bool looks_like_annotations(const FileTree& tree, std::size_t file) {
  std::vector<std::byte> memory;
  const std::string_view beginning = text_of(tree.read_part(file, 0, part_bytes, memory));
  const std::size_t first = beginning.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (first == std::string_view::npos || beginning[first] != '{') return false;
  int keys = 0;
  for (const char* key : {"\"images\"", "\"annotations\"", "\"categories\""})
    keys += beginning.find(key) != std::string_view::npos ? 1 : 0;
  return keys >= 2 || (keys == 1 && beginning.size() == part_bytes);
}

std::vector<std::size_t> find_annotation_files(const FileTree& tree) {
  std::vector<std::size_t> files;
  for (const std::size_t file : find_json_files(tree))
    if (looks_like_annotations(tree, file)) files.push_back(file);
  return files;
}

// The path itself, or the file whose tag is the name or the name and a year. The only file that is not named for a split
// is the whole dataset.
std::optional<std::size_t> find_split_file(const FileTree& tree, const std::string& split) {
  if (const std::optional<std::size_t> file = tree.find(split)) return file;
  if (split == whole_dataset) {
    const std::vector<std::size_t> files = find_annotation_files(tree);
    return files.size() == 1 ? std::optional(files.front()) : std::nullopt;
  }
  std::vector<std::size_t> found;
  for (const std::size_t file : find_json_files(tree))
    if (is_tag_of(tag_of(tree.files()[file]), split)) found.push_back(file);
  // Files of any name in the split's folder: "train/labels.json".
  if (found.empty())
    for (const std::size_t file : find_annotation_files(tree))
      if (split_of_path(tree.files()[file]) == split) found.push_back(file);
  if (found.empty()) return std::nullopt;
  check(found.size() == 1, tree.root(), " has more than one file for the split ", shown(split), ": ",
        names_of(tree, found), ". Name one of them by its path");
  return found.front();
}

// Where an image of the JSON file may be: beside it, or in the folder that holds "annotations", under the split's name
// or not, under "images" or not.
std::vector<std::string> image_folders(std::string_view json_path) {
  constexpr std::string_view annotations = "annotations/";
  const std::string beside(folder_of(json_path));
  std::string base = beside;
  if (lower_case(base).ends_with(annotations) &&
      (base.size() == annotations.size() || base[base.size() - annotations.size() - 1] == '/'))
    base.resize(base.size() - annotations.size());
  const std::string tag(tag_of(json_path));
  return {base + tag + "/", base + "images/" + tag + "/", base + "images/", base + "data/", base, beside};
}

CocoAnnotations read_annotations(const FileTree& tree, std::size_t file) {
  std::vector<std::byte> memory;
  std::size_t offset = 0;
  return with_context(tree.name(file), [&] {
    return parse_coco_annotations([&] {
      const std::span<const std::byte> part = tree.read_part(file, offset, part_bytes, memory);
      offset += part.size();
      return part;
    });
  });
}

// Positions of the elements by their id, which must be there once.
template <class Item>
std::unordered_map<std::int64_t, std::size_t> positions_by_id(const std::vector<Item>& items, const char* section) {
  std::unordered_map<std::int64_t, std::size_t> positions;
  positions.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto [other, is_new] = positions.try_emplace(items[i].id, i);
    check(is_new, section, "[", i, "] has the id ", items[i].id, " of ", section, "[", other->second, "]");
  }
  return positions;
}

// The same category written twice is one, as are its objects.
void drop_repeated_categories(std::vector<CocoCategory>& categories, std::vector<std::string>& warnings) {
  std::map<std::int64_t, std::string> names;
  std::int64_t repeated = 0;
  std::erase_if(categories, [&](const CocoCategory& category) {
    const auto [first, is_new] = names.emplace(category.id, category.name);
    if (is_new || first->second != category.name) return false;
    ++repeated;
    return true;
  });
  if (repeated > 0)
    warnings.push_back(count_of(repeated, "category is", "categories are") + " there more than once and taken once");
}

std::size_t need_split_file(const FileTree& tree, const std::string& split) {
  const std::optional<std::size_t> json_file = find_split_file(tree, split);
  check(json_file.has_value(), tree.root(), " has no annotations of the split ", shown(split),
        ": looked for instances_", split, ".json (a year may follow), ", split, ".json, ", split,
        "/_annotations.coco.json and for that path. JSON files found: ", names_of(tree, find_json_files(tree)));
  return *json_file;
}

// The names, by number; the categories are sorted for it.
std::vector<std::string> sorted_names(std::vector<CocoCategory>& categories) {
  std::sort(categories.begin(), categories.end(),
            [](const CocoCategory& a, const CocoCategory& b) { return a.id < b.id; });
  std::vector<std::string> names;
  for (const CocoCategory& category : categories) {
    check(is_utf8(category.name), "the category ", category.id, " is called ", shown(category.name),
          ", which is not in UTF-8. Save the file in UTF-8");
    names.push_back(category.name);
  }
  return names;
}

AnnotatedSplit read_coco_split(const FileTree& tree, const std::string& split) {
  const std::size_t json_file = need_split_file(tree, split);
  CocoAnnotations annotations = read_annotations(tree, json_file);
  return with_context(tree.name(json_file), [&] {
    AnnotatedSplit result;
    result.name = split;
    result.numbers = BoxNumbers::corner_and_size;
    drop_repeated_categories(annotations.categories, result.warnings);
    result.class_names = sorted_names(annotations.categories);
    for (const CocoCategory& category : annotations.categories)
      result.category_ids.push_back(category.id);
    const auto categories = positions_by_id(annotations.categories, "categories");
    // Before they are sorted, so that an id that is there twice is named by its places in the file.
    positions_by_id(annotations.images, "images");
    std::ranges::sort(annotations.images, {}, &CocoImage::id);
    const auto images = positions_by_id(annotations.images, "images");
    // Objects by image, those of one in the order of the file: counted, then put in their places.
    std::vector<std::size_t> begins(annotations.images.size() + 1, 0);
    std::vector<std::size_t> image_of_object(annotations.objects.size());
    for (std::size_t i = 0; i < annotations.objects.size(); ++i) {
      const CocoObject& object = annotations.objects[i];
      const auto image = images.find(object.image_id);
      check(image != images.end(), "annotations[", i, "] belongs to the image with the id ", object.image_id,
            ", which is not in \"images\"");
      check(categories.contains(object.category_id), "annotations[", i, "] has the category ", object.category_id,
            ", which is not in \"categories\"");
      image_of_object[i] = image->second;
      ++begins[image->second + 1];
    }
    const std::string_view json_path = tree.files()[json_file];
    const std::string_view of_folder = split_of_path(json_path);
    CocoImageFinder finder(tree, of_folder.empty() ? split_named(tag_of(json_path)) : of_folder,
                           image_folders(json_path));
    std::set<std::size_t> seen;
    std::int64_t repeated = 0;
    std::string first_repeated;
    for (std::size_t i = 0; i < annotations.images.size(); ++i) {
      const CocoImage& image = annotations.images[i];
      result.images.push_back({finder.find(image.file_name), image.size, begins[i + 1]});
      result.image_ids.push_back(image.id);
      const std::size_t file = result.images.back().file;
      if (!seen.insert(file).second && repeated++ == 0) first_repeated = tree.name(file);
      begins[i + 1] += begins[i];
    }
    finder.append_warnings(split, result.warnings);
    if (repeated > 0)
      result.warnings.push_back(count_of(repeated, "image is", "images are") +
                                " listed more than once, under several ids: where the boxes are under one of them, the "
                                "others count as without objects; the first is " +
                                first_repeated);
    result.objects.resize(annotations.objects.size());
    for (std::size_t i = 0; i < annotations.objects.size(); ++i) {
      const CocoObject& object = annotations.objects[i];
      const auto class_number = static_cast<std::int32_t>(categories.at(object.category_id));
      result.objects[begins[image_of_object[i]]++] = {object.numbers, class_number, false, object.is_crowd,
                                                      object.area};
    }
    return result;
  });
}

class CocoFormat : public AnnotationFormat {
 public:
  std::string name() const override { return "coco"; }
  std::string title() const override { return "COCO"; }
  std::string files() const override { return "JSON with images, annotations and categories"; }
  bool recognizes(const FileTree& tree) const override { return !find_annotation_files(tree).empty(); }
  SplitNames find_splits(const FileTree& tree, const SplitNames& wanted) const override {
    const auto has = [&](const std::string& split) { return find_split_file(tree, split).has_value(); };
    SplitNames found = find_usual_splits(wanted, has);
    if (found.training.empty() && found.evaluation.empty() && has(std::string(whole_dataset)))
      found.training = whole_dataset;
    return found;
  }
  std::string splits_in(const FileTree& tree) const override {
    const std::vector<std::size_t> files = find_json_files(tree);
    return files.empty() ? "" : names_of(tree, files);
  }
  AnnotatedSplit read_split(const FileTree& tree, const std::string& split,
                            const std::vector<std::string>&) const override {
    return read_coco_split(tree, split);
  }
  // Annotations of both splits come in one archive, but not everybody has the training images.
  std::vector<std::string> class_names(const FileTree& tree, const std::string& split) const override {
    CocoAnnotations annotations = read_annotations(tree, need_split_file(tree, split));
    std::vector<std::string> warnings;  // those of the split that is opened are said
    drop_repeated_categories(annotations.categories, warnings);
    return sorted_names(annotations.categories);
  }
};

}  // namespace

const AnnotationFormat& coco_format() {
  static const CocoFormat format;
  return format;
}

}  // namespace sleight
