#include "engine/data/classifier/class_folders.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/files/text_lines.h"
#include "engine/data/loader/image_survey.h"

namespace sleight {

namespace {

constexpr std::array<std::string_view, 3> split_names = {"train", "val", "test"};

bool is_split_name(std::string_view part) {
  return std::find(split_names.begin(), split_names.end(), part) != split_names.end();
}

// "data/train/cat/1.jpg" -> prefix "data/", split "train", class "cat". For a folder, the class is its last part.
struct ClassPath {
  std::string_view prefix;
  std::string_view split;
  std::string_view class_name;
};

std::optional<ClassPath> parse_class_path(std::string_view path, bool is_folder) {
  std::size_t begin = 0;
  while (true) {
    const std::size_t slash = path.find('/', begin);
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view part = path.substr(begin, slash - begin);
    if (is_split_name(part)) {
      const std::string_view rest = path.substr(slash + 1);
      const std::size_t end = rest.find('/');
      // A file directly in the split's folder has no class; deeper folders belong to the class.
      if ((end == std::string_view::npos) != is_folder) return std::nullopt;
      return ClassPath{path.substr(0, begin), part, rest.substr(0, end)};
    }
    begin = slash + 1;
  }
}

// The folder that holds train, val and test. More than one such folder with images is a mistake.
std::string common_prefix(const FileTree& tree) {
  std::set<std::string> prefixes;
  for (const std::string& path : tree.files())
    if (const auto parsed = parse_class_path(path, false); parsed && has_image_name(path))
      prefixes.emplace(parsed->prefix);
  if (prefixes.empty()) return "";
  check(prefixes.size() == 1, tree.root(), " holds more than one dataset: ", *prefixes.begin(), " and ",
        *std::next(prefixes.begin()), ". Give the folder of one of them");
  return *prefixes.begin();
}

class ClassFolders : public Dataset {
 public:
  ClassFolders(std::shared_ptr<const FileTree> tree, DatasetSplit split, ExifOrientation exif)
      : tree_(std::move(tree)), exif_(exif) {
    const std::string prefix = common_prefix(*tree_);
    const std::string split_name = split == DatasetSplit::training ? "train" : evaluation_name(prefix);
    const Classes wanted = find_classes(prefix, split_name);
    const std::string split_path = tree_->root() + "/" + prefix + split_name;
    check(wanted.images > 0, "no images in ", split_path,
          ": looked for files named .jpg, .jpeg or .png in one folder per class, ", split_path, "/<class>/");

    const Classes training = split == DatasetSplit::training ? Classes{} : find_classes(prefix, "train");
    const bool classes_of_training = training.images > 0;
    const Classes& defining = classes_of_training ? training : wanted;
    if (split == DatasetSplit::evaluation && !classes_of_training)
      warnings_.push_back(tree_->root() + " has no train folder: the classes are those of " + split_name);
    for (const auto& [name, files] : defining.files)
      class_names_.push_back(name);

    for (std::size_t label = 0; label < class_names_.size(); ++label) {
      const auto found = wanted.files.find(class_names_[label]);
      if (found == wanted.files.end() || found->second.empty()) {
        const std::string what = found == wanted.files.end() ? " is missing" : " is empty";
        check(split == DatasetSplit::evaluation, "the class folder ", split_path, "/", class_names_[label], what,
              ": no .jpg, .jpeg or .png in it. Add images or remove the folder");
        warnings_.push_back("the class folder " + split_path + "/" + class_names_[label] + what +
                            ": this class is trained but not evaluated");
        continue;
      }
      for (const std::size_t file : found->second)
        entries_.push_back({static_cast<std::uint32_t>(file), static_cast<std::int32_t>(label)});
    }
    for (const auto& [name, files] : wanted.files)
      check(files.empty() || defining.files.contains(name), "the class \"", name, "\" is in ", split_path,
            " but not in ", tree_->root(), "/", prefix,
            "train: its images have no label. Add it there or remove it here");
    if (wanted.passed_over > 0)
      warnings_.push_back(count_of(wanted.passed_over, "file") + " of " + split_path +
                          " passed over: not in a class folder, or not named .jpg, .jpeg or .png; "
                          "the first is " +
                          tree_->name(wanted.first_passed_over));
    for (std::string& line : survey_images(*this))
      warnings_.push_back(split_path + ": " + std::move(line));
  }

  std::int64_t size() const override { return static_cast<std::int64_t>(entries_.size()); }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  std::int32_t label(std::int64_t index) const override { return entries_.at(static_cast<std::size_t>(index)).label; }
  std::string name(std::int64_t index) const override {
    return tree_->name(entries_.at(static_cast<std::size_t>(index)).file);
  }
  void read(std::int64_t index, StoredImage& image) const override {
    image.form = StoredImage::Form::encoded;
    image.exif = exif_;
    image.bytes = tree_->read(entries_.at(static_cast<std::size_t>(index)).file, image.memory);
  }
  const std::vector<std::string>& warnings() const override { return warnings_; }

 private:
  struct Entry {
    std::uint32_t file;
    std::int32_t label;
  };

  struct Classes {
    std::map<std::string, std::vector<std::size_t>> files;  // by class name; empty for a folder without images
    std::size_t images = 0;
    std::size_t passed_over = 0;
    std::size_t first_passed_over = 0;
  };

  // val, if it exists: a dataset with all three keeps test for the very end.
  std::string evaluation_name(const std::string& prefix) const {
    for (const std::string_view candidate : {"val", "test"}) {
      const std::string folder = prefix + std::string(candidate) + "/";
      const auto starts = [&folder](const std::string& path) { return path.starts_with(folder); };
      if (std::any_of(tree_->files().begin(), tree_->files().end(), starts)) return std::string(candidate);
    }
    fail(tree_->root(), " has no images to evaluate on: looked for ", prefix, "val/<class>/* and ", prefix,
         "test/<class>/*. Move some images of every class to such a folder");
  }

  Classes find_classes(const std::string& prefix, std::string_view split_name) const {
    Classes classes;
    const std::string start = prefix + std::string(split_name) + "/";
    for (const std::string& path : tree_->folders())
      if (const auto parsed = parse_class_path(path, true); parsed && path.starts_with(start))
        classes.files.try_emplace(std::string(parsed->class_name));
    for (std::size_t file = 0; file < tree_->files().size(); ++file) {
      const std::string& path = tree_->files()[file];
      if (!path.starts_with(start)) continue;
      const auto parsed = parse_class_path(path, false);
      if (parsed && has_image_name(path)) {
        classes.files[std::string(parsed->class_name)].push_back(file);
        ++classes.images;
      } else if (classes.passed_over++ == 0) {
        classes.first_passed_over = file;
      }
    }
    return classes;
  }

  std::shared_ptr<const FileTree> tree_;
  ExifOrientation exif_;
  std::vector<std::string> class_names_;
  std::vector<Entry> entries_;
  std::vector<std::string> warnings_;
};

}  // namespace

bool has_class_folders(const FileTree& tree) {
  const auto in_split = [](bool is_folder) {
    return [is_folder](const std::string& path) { return parse_class_path(path, is_folder).has_value(); };
  };
  return std::any_of(tree.files().begin(), tree.files().end(), in_split(false)) ||
         std::any_of(tree.folders().begin(), tree.folders().end(), in_split(true));
}

std::unique_ptr<Dataset> open_class_folders(std::shared_ptr<const FileTree> tree, DatasetSplit split,
                                            ExifOrientation exif) {
  check(tree->files().size() < std::numeric_limits<std::uint32_t>::max(), tree->root(),
        " holds too many files: ", tree->files().size());
  return std::make_unique<ClassFolders>(std::move(tree), split, exif);
}

}  // namespace sleight
