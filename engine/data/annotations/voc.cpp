// Pascal VOC: <anywhere>/ImageSets/Main/<split>.txt lists names; JPEGImages/<name>.jpg (.jpeg, .png) and
// Annotations/<name>.xml belong to each. Several such folders (VOC2007, VOC2012) are one dataset; "VOC2007/test" names
// the split of one. Classes: the sorted names that occur.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/annotations/annotation_format.h"
#include "engine/data/annotations/voc_annotation.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

namespace {

constexpr std::string_view lists_folder = "ImageSets/Main/";
constexpr std::size_t maximum_list_bytes = std::size_t{64} << 20;

// One list of a split: "VOC2007/ImageSets/Main/train.txt" is {"VOC2007/", "train", its file}.
struct SplitList {
  std::string_view year;
  std::string_view split;
  std::size_t file;
};

std::vector<SplitList> find_lists(const FileTree& tree) {
  std::vector<SplitList> lists;
  for (std::size_t file = 0; file < tree.files().size(); ++file) {
    const std::string_view path = tree.files()[file];
    const std::string_view folder = folder_of(path);
    if (!folder.ends_with(lists_folder) || lower_case_extension(path) != ".txt") continue;
    const std::string_view year = folder.substr(0, folder.size() - lists_folder.size());
    if (!year.empty() && !year.ends_with('/')) continue;
    lists.push_back({year, without_extension(file_name_of(path)), file});
  }
  check(!lists.empty(), "found no Pascal VOC dataset in ", tree.root(), " (", tree.files().size(),
        " files): looked for ImageSets/Main/<split>.txt, with JPEGImages and Annotations beside ImageSets");
  return lists;
}

std::string names_of(const std::vector<SplitList>& lists) {
  return joined(lists, [](const SplitList& list) { return std::string(list.year) + std::string(list.split); });
}

// "VOC2007" of "VOCdevkit/VOC2007/".
std::string_view year_name(std::string_view year) {
  return year.empty() ? year : file_name_of(year.substr(0, year.size() - 1));
}

// "VOC2007/trainval,val": the lists that are meant, in the order of the years for each name.
std::vector<SplitList> select_lists(const FileTree& tree, std::string_view split) {
  const std::vector<SplitList> lists = find_lists(tree);
  std::vector<SplitList> selected;
  std::string_view rest = split;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view item = trimmed(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    const std::string_view name = file_name_of(item);
    const std::string_view year = folder_of(item);
    const std::size_t before = selected.size();
    for (const SplitList& list : lists)
      if (list.split == name && (year.empty() || year_name(list.year) == year.substr(0, year.size() - 1)))
        selected.push_back(list);
    check(selected.size() > before, tree.root(), " has no split ", shown(item), ". It has: ", names_of(lists));
  }
  check(!selected.empty(), tree.root(), ": no split was named. It has: ", names_of(lists));
  return selected;
}

// The images of all years by their path without its extension.
std::map<std::string_view, std::size_t> find_images(const FileTree& tree) {
  std::map<std::string_view, std::size_t> images;
  for (std::size_t file = 0; file < tree.files().size(); ++file) {
    const std::string_view path = tree.files()[file];
    if (path.find("JPEGImages/") != std::string_view::npos && has_image_name(path))
      images.emplace(without_extension(path), file);
  }
  return images;
}

// Gives class names their numbers, in the order of appearance.
class FoundClasses {
 public:
  std::int32_t number_of(const std::string& name) {
    return numbers_.try_emplace(name, static_cast<std::int32_t>(numbers_.size())).first->second;
  }

  // Sorts the names and renumbers the objects accordingly.
  void finish(AnnotatedSplit& split) {
    std::vector<std::int32_t> sorted_position(numbers_.size());
    for (const auto& [name, number] : numbers_) {
      sorted_position[number] = static_cast<std::int32_t>(split.class_names.size());
      split.class_names.push_back(name);
    }
    for (StatedObject& object : split.objects)
      object.class_number = sorted_position[object.class_number];
  }

 private:
  std::map<std::string, std::int32_t> numbers_;
};

SplitNames find_voc_splits(const FileTree& tree, const SplitNames& wanted) {
  SplitNames found = wanted;
  if (!wanted.training.empty() && !wanted.evaluation.empty()) return found;
  const std::vector<SplitList> lists = find_lists(tree);
  const auto has = [&](std::string_view year, std::string_view name) {
    return std::any_of(lists.begin(), lists.end(),
                       [&](const SplitList& list) { return list.year == year && list.split == name; });
  };
  std::set<std::string_view> years;
  bool has_test = false;
  bool has_val = false;
  for (const SplitList& list : lists) {
    years.insert(list.year);
    has_test = has_test || list.split == "test";
    has_val = has_val || list.split == "val";
  }
  if (found.evaluation.empty()) found.evaluation = has_test ? "test" : has_val ? "val" : "";
  if (!found.training.empty()) return found;
  // trainval holds val, so it is for training only when val is not what is evaluated.
  std::vector<std::string> parts;
  for (const std::string_view year : years) {
    const std::string prefix = year.empty() ? "" : std::string(year_name(year)) + "/";
    if (found.evaluation == "test" && has(year, "trainval")) {
      parts.push_back(prefix + "trainval");
    } else if (has(year, "train")) {
      parts.push_back(prefix + "train");
    } else if (found.evaluation.empty() && has(year, "trainval")) {
      parts.push_back(prefix + "trainval");
    }
  }
  for (const std::string& part : parts)
    found.training += (found.training.empty() ? "" : ",") + part;
  return found;
}

AnnotatedSplit read_voc_split(const FileTree& tree, const std::string& split) {
  AnnotatedSplit result;
  result.name = split;
  result.numbers = BoxNumbers::one_based_corners;
  const std::map<std::string_view, std::size_t> images = find_images(tree);
  FoundClasses classes;
  std::set<std::string_view> seen;
  std::int64_t repeated = 0;
  std::string first_repeated;
  std::vector<std::byte> list_memory;
  std::vector<std::byte> memory;
  for (const SplitList& list : select_lists(tree, split)) {
    for (const std::string_view line : lines_of(read_text(tree, list.file, maximum_list_bytes, list_memory))) {
      if (line.empty()) continue;
      const std::string stem = std::string(list.year) + "JPEGImages/" + std::string(line);
      const auto image = images.find(stem);
      check(image != images.end(), tree.name(list.file), " lists ", shown(line), ", but there is no image ",
            tree.root(), "/", stem, ".jpg (.jpeg, .png). Add it or remove the line");
      // Lists of several splits may overlap; no image counts twice.
      if (!seen.insert(image->first).second) {
        if (repeated++ == 0) first_repeated = tree.name(image->second);
        continue;
      }
      const std::string annotation_path = std::string(list.year) + "Annotations/" + std::string(line) + ".xml";
      const std::optional<std::size_t> annotation_file = tree.find(annotation_path);
      check(annotation_file.has_value(), tree.name(list.file), " lists ", shown(line), ", but there is no annotation ",
            tree.root(), "/", annotation_path,
            ". Add it or remove the line; when the whole split has none, name another split");
      const VocAnnotation annotation = with_context(tree.name(*annotation_file), [&] {
        return parse_voc_annotation(tree.read_part(*annotation_file, 0, maximum_voc_annotation_bytes + 1, memory));
      });
      for (const VocObject& object : annotation.objects)
        result.objects.push_back({object.numbers, classes.number_of(object.class_name), object.is_difficult, false});
      result.images.push_back({image->second, annotation.size, annotation.objects.size()});
    }
  }
  if (repeated > 0)
    result.warnings.push_back(count_of(repeated, "image") + " of " + split + (repeated == 1 ? " is" : " are") +
                              " listed more than once and taken once; the first is " + first_repeated);
  classes.finish(result);
  return result;
}

class VocFormat : public AnnotationFormat {
 public:
  std::string name() const override { return "voc"; }
  std::string files() const override { return "JPEGImages, Annotations, ImageSets; several years side by side"; }
  SplitNames find_splits(const FileTree& tree, const SplitNames& wanted) const override {
    return find_voc_splits(tree, wanted);
  }
  SplitNames looked_for() const override { return {"trainval (beside a test split) and train", "test and val"}; }
  AnnotatedSplit read_split(const FileTree& tree, const std::string& split,
                            const std::vector<std::string>&) const override {
    return read_voc_split(tree, split);
  }
};

}  // namespace

const AnnotationFormat& voc_format() {
  static const VocFormat format;
  return format;
}

}  // namespace sleight
