// Pascal VOC: <anywhere>/ImageSets/Main/<split>.txt lists names; JPEGImages/<name>.jpg (.jpeg, .png) and
// Annotations/<name>.xml belong to each. Several such folders (VOC2007, VOC2012) are one dataset; "VOC2007/test" names
// the split of one. Without such lists, as labelImg and Roboflow leave it, every XML file belongs to the image of its
// name, and the folders train, valid and test are splits. Classes: the sorted names that occur.
#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/annotations/annotation_format.h"
#include "engine/data/annotations/dataset_paths.h"
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
  return lists;
}

std::vector<std::size_t> xml_files(const FileTree& tree) {
  std::vector<std::size_t> files;
  for (std::size_t file = 0; file < tree.files().size(); ++file)
    if (lower_case_extension(tree.files()[file]) == ".xml") files.push_back(file);
  return files;
}

// Of the XML files: "train", "val", "test"; whole_dataset for those in no folder of a split.
std::set<std::string> splits_of_folders(const FileTree& tree) {
  std::set<std::string> splits;
  for (const std::size_t file : xml_files(tree)) {
    const std::string_view split = split_of_path(tree.files()[file]);
    splits.emplace(split.empty() ? whole_dataset : split);
  }
  return splits;
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
  check(!lists.empty(), "found no Pascal VOC dataset in ", tree.root(), " (", tree.files().size(),
        " files): looked for ImageSets/Main/<split>.txt, with JPEGImages and Annotations beside ImageSets, and for XML "
        "files");
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

// Without lists. A split may be missing; a dataset without any is one whole.
SplitNames find_folder_splits(const FileTree& tree, const SplitNames& wanted) {
  const std::set<std::string> splits = splits_of_folders(tree);
  SplitNames found = find_usual_splits(wanted, [&](const std::string& split) { return splits.contains(split); });
  if (found.training.empty() && splits.contains(std::string(whole_dataset))) found.training = whole_dataset;
  return found;
}

SplitNames find_voc_splits(const FileTree& tree, const SplitNames& wanted) {
  SplitNames found = wanted;
  if (!wanted.training.empty() && !wanted.evaluation.empty()) return found;
  const std::vector<SplitList> lists = find_lists(tree);
  if (lists.empty()) return find_folder_splits(tree, wanted);
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
  // CVAT's list of everything: ImageSets/Main/default.txt.
  std::set<std::string_view> names;
  for (const SplitList& list : lists)
    names.insert(list.split);
  if (found.training.empty() && found.evaluation.empty() && names.size() == 1) found.training = *names.begin();
  return found;
}

// A name in a list may be in quotation marks, and have the extension of its image.
std::string_view listed_name(std::string_view line) {
  if (line.size() >= 2 && (line.front() == '"' || line.front() == '\'') && line.back() == line.front())
    line = trimmed(line.substr(1, line.size() - 2));
  return has_image_name(line) ? without_extension(line) : line;
}

// Puts a split together from images and their annotation files.
class VocSplit {
 public:
  VocSplit(const FileTree& tree, const std::string& split) : tree_(tree) {
    result_.name = split;
    result_.numbers = BoxNumbers::one_based_corners;
  }

  VocAnnotation read(std::size_t annotation_file) {
    return with_context(tree_.name(annotation_file), [&] {
      return parse_voc_annotation(tree_.read_part(annotation_file, 0, maximum_voc_annotation_bytes + 1, memory_));
    });
  }

  // Lists of several splits may overlap; no image counts twice.
  bool is_new(std::size_t image) {
    if (seen_.insert(image).second) return true;
    if (repeated_++ == 0) first_repeated_ = tree_.name(image);
    return false;
  }

  void add(std::size_t image, std::size_t annotation_file, const VocAnnotation& annotation) {
    for (const VocObject& object : annotation.objects)
      result_.objects.push_back({object.numbers, classes_.number_of(object.class_name), object.is_difficult, false});
    result_.images.push_back({image, annotation.size, annotation.objects.size()});
    const auto note = [&](std::int64_t more, std::int64_t& count, std::string& first) {
      if (more > 0 && count == 0) first = tree_.name(annotation_file);
      count += more;
    };
    note(annotation.further_boxes, further_boxes_, first_further_);
    note(annotation.odd_difficult, odd_difficult_, first_odd_);
  }

  void warn(std::string text) { result_.warnings.push_back(std::move(text)); }

  AnnotatedSplit finish() {
    if (repeated_ > 0)
      warn(count_of(repeated_, "image") + " of " + result_.name + (repeated_ == 1 ? " is" : " are") +
           " listed more than once and taken once; the first is " + first_repeated_);
    if (further_boxes_ > 0)
      warn(count_of(further_boxes_, "object has", "objects have") +
           " more than one <bndbox>, of which the first was taken; the first such file is " + first_further_);
    if (odd_difficult_ > 0)
      warn(count_of(odd_difficult_, "object has", "objects have") +
           " a <difficult> that is neither 0 nor 1 and was taken as 0; the first such file is " + first_odd_);
    classes_.finish(result_);
    return std::move(result_);
  }

 private:
  const FileTree& tree_;
  AnnotatedSplit result_;
  FoundClasses classes_;
  std::set<std::size_t> seen_;
  std::vector<std::byte> memory_;
  std::int64_t repeated_ = 0, further_boxes_ = 0, odd_difficult_ = 0;
  std::string first_repeated_, first_further_, first_odd_;
};

AnnotatedSplit read_listed_split(const FileTree& tree, const std::string& split) {
  VocSplit result(tree, split);
  const std::map<std::string_view, std::size_t> images = find_images(tree);
  std::vector<std::byte> list_memory;
  for (const SplitList& list : select_lists(tree, split)) {
    for (const std::string_view line : lines_of(read_text(tree, list.file, maximum_list_bytes, list_memory))) {
      const std::string_view name = listed_name(line);
      if (name.empty()) continue;
      const std::string stem = std::string(list.year) + "JPEGImages/" + std::string(name);
      const auto image = images.find(stem);
      check(image != images.end(), tree.name(list.file), " lists ", shown(line), ", but there is no image ",
            tree.root(), "/", stem, ".jpg (.jpeg, .png). Add it or remove the line");
      if (!result.is_new(image->second)) continue;
      const std::string annotation_path = std::string(list.year) + "Annotations/" + std::string(name) + ".xml";
      const std::optional<std::size_t> annotation_file = tree.find(annotation_path);
      check(annotation_file.has_value(), tree.name(list.file), " lists ", shown(line), ", but there is no annotation ",
            tree.root(), "/", annotation_path,
            ". Add it or remove the line; when the whole split has none, name another split");
      result.add(image->second, *annotation_file, result.read(*annotation_file));
    }
  }
  return result.finish();
}

// Lists that other programs keep elsewhere: what they name for evaluation would be trained on.
void warn_of_unused_lists(const FileTree& tree, VocSplit& result) {
  PassedOver lists;
  for (std::size_t file = 0; file < tree.files().size(); ++file) {
    const std::string_view path = tree.files()[file];
    const bool is_list =
        lower_case_extension(path) == ".txt" && !split_named(without_extension(file_name_of(path))).empty();
    if (is_list) lists.add(tree.name(file));
  }
  if (lists.count > 0)
    result.warn(count_of(lists.count, "list of a split was", "lists of splits were") +
                " not used: Pascal VOC's lie in ImageSets/Main/, beside JPEGImages/ and Annotations/, and have a name "
                "without extension in each line; the first is " +
                lists.first);
}

// Every XML file of the split, and the image of its name; else the one that <filename> says, for files that were renamed.
AnnotatedSplit read_folder_split(const FileTree& tree, const std::string& split) {
  VocSplit result(tree, split);
  const ImageStems images(tree);
  const std::string_view wanted = split == whole_dataset ? std::string_view() : split_named(split);
  PassedOver without_image, other_images, outside;
  std::set<std::size_t> annotated;
  for (const std::size_t file : xml_files(tree)) {
    const std::string_view path = tree.files()[file];
    if (split_of_path(path) != wanted) {
      if (split_of_path(path).empty()) outside.add(tree.name(file));
      continue;
    }
    const VocAnnotation annotation = result.read(file);
    std::optional<std::size_t> image = images.find(path, without_extension(file_name_of(path)));
    if (!image && !annotation.image_name.empty()) {
      std::string stated = annotation.image_name;
      std::ranges::replace(stated, '\\', '/');
      image = images.find(path, without_extension(file_name_of(stated)));
    }
    if (!image) {
      without_image.add(tree.name(file));
      continue;
    }
    annotated.insert(*image);
    if (result.is_new(*image)) result.add(*image, file, annotation);
  }
  check(!annotated.empty(), tree.root(), " has no split ", shown(split),
        " of images with XML files. It has: ", joined(splits_of_folders(tree)),
        without_image.count > 0 ? ", and annotations without an image: " : "", without_image.first);
  std::int64_t without_annotation = 0;
  std::string first_without;
  for (std::size_t file = 0; file < tree.files().size(); ++file) {
    const std::string_view path = tree.files()[file];
    if (split_of_path(path) != wanted) continue;
    if (has_other_image_name(path)) other_images.add(tree.name(file));
    if (!has_image_name(path) || annotated.contains(file)) continue;
    if (without_annotation++ == 0) first_without = tree.name(file);
  }
  if (wanted == "train" && outside.count > 0)
    result.warn(count_of(outside.count, "annotation is", "annotations are") +
                " in no folder of a split, and not used; the first is " + outside.first);
  warn_of_unused_lists(tree, result);
  if (without_image.count > 0)
    result.warn(count_of(without_image.count, "annotation") + " of the split " + split +
                " without an image passed over; the first is " + without_image.first);
  if (without_annotation > 0)
    result.warn(count_of(without_annotation, "image") + " of the split " + split +
                " without an annotation left out: nothing says that they show no object; the first is " +
                first_without);
  if (other_images.count > 0) result.warn("split " + split + ": " + other_images.text());
  return result.finish();
}

class VocFormat : public AnnotationFormat {
 public:
  std::string name() const override { return "voc"; }
  std::string title() const override { return "Pascal VOC"; }
  std::string files() const override { return "Pascal VOC's XML files, with lists of splits or without"; }
  bool recognizes(const FileTree& tree) const override {
    if (!find_lists(tree).empty()) return true;
    const std::vector<std::size_t> files = xml_files(tree);
    return std::ranges::any_of(std::span(files).first(std::min<std::size_t>(files.size(), 100)), [&](std::size_t file) {
      std::vector<std::byte> memory;
      const std::string_view beginning = text_of(tree.read_part(file, 0, 4096, memory));
      return beginning.find("<annotation") != std::string_view::npos;
    });
  }
  SplitNames find_splits(const FileTree& tree, const SplitNames& wanted) const override {
    return find_voc_splits(tree, wanted);
  }
  SplitNames looked_for() const override {
    return {"trainval (beside a test split) and train", "test and val, as lists in ImageSets/Main or as folders"};
  }
  std::string splits_in(const FileTree& tree) const override {
    const std::vector<SplitList> lists = find_lists(tree);
    return lists.empty() ? joined(splits_of_folders(tree)) : names_of(lists);
  }
  AnnotatedSplit read_split(const FileTree& tree, const std::string& split,
                            const std::vector<std::string>&) const override {
    if (find_lists(tree).empty() && !xml_files(tree).empty()) return read_folder_split(tree, split);
    return read_listed_split(tree, split);
  }
};

}  // namespace

const AnnotationFormat& voc_format() {
  static const VocFormat format;
  return format;
}

}  // namespace sleight
