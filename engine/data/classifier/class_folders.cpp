#include "engine/data/classifier/class_folders.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/files/split_names.h"
#include "engine/data/files/text_lines.h"
#include "engine/data/loader/image_survey.h"
#include "engine/data/loader/validation_share.h"

namespace sleight {

namespace {

// "data/train/cat/1.jpg" -> prefix "data/", split folder "train", class "cat". For a folder, the class is its last part.
struct ClassPath {
  std::string_view prefix;
  std::string_view split_folder;
  std::string_view class_name;
  bool is_nested = false;  // in a folder inside the class's
};

std::optional<ClassPath> parse_class_path(std::string_view path, bool is_folder) {
  std::size_t begin = 0;
  while (true) {
    const std::size_t slash = path.find('/', begin);
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view part = path.substr(begin, slash - begin);
    if (!split_named(part).empty()) {
      const std::string_view rest = path.substr(slash + 1);
      const std::size_t end = rest.find('/');
      // A file directly in the split's folder has no class; deeper folders belong to the class.
      if ((end == std::string_view::npos) != is_folder) return std::nullopt;
      const bool is_nested = !is_folder && rest.find('/', end + 1) != std::string_view::npos;
      return ClassPath{path.substr(0, begin), part, rest.substr(0, end), is_nested};
    }
    begin = slash + 1;
  }
}

// Without splits: the folder above all folders of images, "" or ending in '/'; nothing where that holds fewer than two
// of them.
std::optional<std::string> folder_of_classes(const FileTree& tree) {
  std::set<std::string_view> folders;
  for (const std::string& path : tree.files())
    if (has_image_name(path)) folders.insert(folder_of(path));
  folders.erase("");
  if (folders.size() < 2) return std::nullopt;
  // The common beginning of the first and the last in order is that of all.
  const std::string_view first = *folders.begin();
  const std::string_view last = *folders.rbegin();
  const auto end = std::mismatch(first.begin(), first.end(), last.begin(), last.end()).first;
  const std::string_view common = first.substr(0, static_cast<std::size_t>(end - first.begin()));
  return std::string(folder_of(common));
}

// The folder that holds the splits. More than one such folder with images is a mistake.
std::optional<std::string> common_prefix(const FileTree& tree) {
  std::set<std::string> prefixes;
  bool has_folders = false;
  for (const std::string& path : tree.files())
    if (const auto parsed = parse_class_path(path, false); parsed && has_image_name(path))
      prefixes.emplace(parsed->prefix);
  for (const std::string& path : tree.folders())
    has_folders = has_folders || parse_class_path(path, true).has_value();
  if (prefixes.empty()) return has_folders ? std::optional<std::string>("") : std::nullopt;
  check(prefixes.size() == 1, tree.root(), " holds more than one dataset: ", *prefixes.begin(), " and ",
        *std::next(prefixes.begin()), ". Give the folder of one of them");
  return *prefixes.begin();
}

class ClassFolders : public Dataset {
 public:
  ClassFolders(std::shared_ptr<const FileTree> tree, DatasetSplit split, const ClassFolderOptions& options)
      : tree_(std::move(tree)), exif_(options.exif) {
    const std::optional<std::string> prefix = common_prefix(*tree_);
    prefix_ = prefix ? *prefix : folder_of_classes(*tree_).value_or("");
    has_splits_ = prefix.has_value();
    const std::string training_folder = has_splits_ ? folder_named({"train"}) : "";
    const std::string evaluation_folder = has_splits_ ? folder_named({"val", "test"}) : "";
    const bool can_train = !has_splits_ || !training_folder.empty();
    const bool holds_out = evaluation_folder.empty() && can_train && options.validation_share > 0.0;
    const bool is_training = split == DatasetSplit::training;
    check(
        is_training || holds_out || !evaluation_folder.empty(), tree_->root(),
        " has no images to evaluate on: looked for ", prefix_, "val/<class>/* (also valid, validation) and ", prefix_,
        "test/<class>/*. Move some images of every class to such a folder, or hold out a part with --validation-share "
        "0.2. The folders there are: ",
        top_folders());
    const std::string folder = is_training || holds_out
                                   ? (training_folder.empty() && has_splits_ ? "train" : training_folder)
                                   : evaluation_folder;
    const Classes wanted = find_classes(folder);
    const std::string split_path = tree_->root() + "/" + prefix_ + folder;
    check(wanted.images > 0, "no images in ", split_path,
          ": looked for files named .jpg, .jpeg or .png in one folder per class, ", split_path, "/<class>/",
          ". The folders there are: ", top_folders());

    const Classes training = is_training || holds_out || !can_train ? Classes{} : find_classes(training_folder);
    const bool classes_of_training = training.images > 0;
    const Classes& defining = classes_of_training ? training : wanted;
    if (!is_training && !holds_out && !classes_of_training)
      warnings_.push_back(tree_->root() + " has no train folder: the classes are those of " + folder);
    for (const auto& [name, files] : defining.files)
      class_names_.push_back(name);
    check(!is_training || class_names_.size() > 1, split_path, " holds one class alone, ", shown(class_names_.front()),
          ": there is nothing to tell apart. Give every class a folder of its own directly in it");

    for (std::size_t label = 0; label < class_names_.size(); ++label) {
      const auto found = wanted.files.find(class_names_[label]);
      if (found == wanted.files.end() || found->second.empty()) {
        const std::string what = found == wanted.files.end() ? " is missing" : " is empty";
        check(split == DatasetSplit::evaluation && !holds_out, "the class folder ", split_path, "/",
              class_names_[label], what, ": no .jpg, .jpeg or .png in it. Add images or remove the folder");
        warnings_.push_back("the class folder " + split_path + "/" + class_names_[label] + what +
                            ": this class is trained but not evaluated");
        continue;
      }
      for (const std::size_t file : found->second)
        entries_.push_back({static_cast<std::uint32_t>(file), static_cast<std::int32_t>(label)});
    }
    for (const auto& [name, files] : wanted.files)
      check(files.empty() || defining.files.contains(name), "the class \"", name, "\" is in ", split_path,
            " but not in ", tree_->root(), "/", prefix_, training_folder,
            ": its images have no label. Add it there or remove it here");
    if (holds_out) take_part(split, options.validation_share, split_path);
    if (!is_training && !holds_out) found_ = "evaluation on " + folder + "/";
    if (is_training || !holds_out) warn(wanted, split_path);
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

  std::string found() const override { return found_; }

 private:
  struct Entry {
    std::uint32_t file;
    std::int32_t label;
  };

  struct Classes {
    std::map<std::string, std::vector<std::size_t>> files;  // by class name; empty for a folder without images
    std::size_t images = 0;
    std::size_t passed_over = 0, nested = 0, outside = 0;
    std::size_t first_passed_over = 0, first_nested = 0, first_outside = 0;
  };

  // The folder of the first of these splits that has files, as it is written; "" where there is none. val comes before
  // test: a dataset with all three keeps test for the very end.
  std::string folder_named(std::initializer_list<std::string_view> splits) const {
    for (const std::string_view split : splits) {
      std::set<std::string> folders;
      for (const std::string& path : tree_->files()) {
        if (!path.starts_with(prefix_)) continue;
        const std::string_view rest = std::string_view(path).substr(prefix_.size());
        const std::string_view folder = rest.substr(0, std::min(rest.find('/'), rest.size()));
        // Images without a class, as in the test folder of a competition, can neither be trained nor evaluated on.
        const bool has_class_folder =
            rest.find('/', std::min(folder.size() + 1, rest.size())) != std::string_view::npos;
        if (has_class_folder && split_named(folder) == split) folders.emplace(folder);
      }
      if (folders.size() > 1)
        fail(tree_->root(), " has two folders of one split, ", prefix_, *folders.begin(), " and ", prefix_,
             *folders.rbegin(), ". Put their images together or rename one");
      if (!folders.empty()) return *folders.begin();
    }
    return "";
  }

  std::string top_folders() const {
    std::string names;
    for (const std::string& path : tree_->folders())
      if (path.starts_with(prefix_) && path.find('/', prefix_.size()) == std::string::npos)
        names += (names.empty() ? "" : ", ") + path.substr(prefix_.size());
    return names.empty() ? "none" : names.size() > 200 ? names.substr(0, 200) + "..." : names;
  }

  // The held-out part of each class, or the rest.
  void take_part(DatasetSplit split, double share, const std::string& split_path) {
    std::vector<std::string> names;
    std::vector<std::int64_t> labels;
    for (const Entry& entry : entries_) {
      names.push_back(tree_->files()[entry.file]);
      labels.push_back(entry.label);
    }
    const std::vector<bool> held = held_out(names, labels, share);
    std::size_t i = 0;
    std::erase_if(entries_, [&](const Entry&) { return held[i++] != (split == DatasetSplit::evaluation); });
    if (split == DatasetSplit::evaluation)
      found_ = printed("evaluation on ", 100.0 * share, "% of the images of each class in ", split_path,
                       ", which were held out (--validation-share)");
  }

  void warn(const Classes& wanted, const std::string& split_path) {
    if (wanted.passed_over > 0)
      warnings_.push_back(count_of(static_cast<std::int64_t>(wanted.passed_over), "file") + " of " + split_path +
                          " passed over: not in a class folder, or not named .jpg, .jpeg or .png; "
                          "the first is " +
                          tree_->name(wanted.first_passed_over));
    if (wanted.nested > 0)
      warnings_.push_back(
          count_of(static_cast<std::int64_t>(wanted.nested), "image lies", "images lie") +
          " in folders inside class folders, and count for the class of the outer folder; the first is " +
          tree_->name(wanted.first_nested));
    if (!has_splits_)
      for (const auto& [name, files] : wanted.files)
        if (!split_named(name).empty())
          warnings_.push_back("the folder " + split_path + name +
                              " counts as a class, although splits are called so: move it away if it is none");
    if (wanted.outside > 0)
      warnings_.push_back(count_of(static_cast<std::int64_t>(wanted.outside), "image is", "images are") +
                          " in no class folder of a split and " + (wanted.outside == 1 ? "was" : "were") +
                          " passed over; the first is " + tree_->name(wanted.first_outside));
    warnings_.insert(warnings_.begin(), tree_->warnings().begin(), tree_->warnings().end());
  }

  // Of the split's folder, or of all where there are no splits.
  Classes find_classes(const std::string& folder) const {
    Classes classes;
    const std::string start = prefix_ + (folder.empty() ? "" : folder + "/");
    for (const std::string& path : tree_->folders())
      if (path.starts_with(start) && path.find('/', start.size()) == std::string::npos &&
          (has_splits_ || has_images(path)))
        classes.files.try_emplace(path.substr(start.size()));
    for (std::size_t file = 0; file < tree_->files().size(); ++file) {
      const std::string& path = tree_->files()[file];
      if (!path.starts_with(start)) {
        const bool is_outside = has_image_name(path) && !parse_class_path(path, false);
        if (is_outside && classes.outside++ == 0) classes.first_outside = file;
        continue;
      }
      const std::string_view rest = std::string_view(path).substr(start.size());
      const std::size_t slash = rest.find('/');
      if (slash != std::string_view::npos && has_image_name(path)) {
        classes.files[std::string(rest.substr(0, slash))].push_back(file);
        ++classes.images;
        if (rest.find('/', slash + 1) != std::string_view::npos) {
          if (!has_splits_) check_no_split(file, rest);
          if (classes.nested++ == 0) classes.first_nested = file;
        }
      } else if (classes.passed_over++ == 0) {
        classes.first_passed_over = file;
      }
    }
    return classes;
  }

  // Classes called "seg_train" and "seg_test" would be learned, and so would images that were kept for evaluation.
  void check_no_split(std::size_t file, std::string_view path) const {
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
      const std::string_view part = path.substr(0, slash);
      if (mentions_split(part))
        fail(tree_->name(file), " lies in a folder ", shown(part),
             ", which may be a split or a class. Name splits train and val around the class folders "
             "(train/<class>/*), and call a class by another name");
      path.remove_prefix(slash + 1);
    }
  }

  bool has_images(const std::string& folder) const {
    const std::string start = folder + "/";
    return std::ranges::any_of(
        tree_->files(), [&](const std::string& path) { return path.starts_with(start) && has_image_name(path); });
  }

  std::shared_ptr<const FileTree> tree_;
  ExifOrientation exif_;
  std::string prefix_;  // the folder that holds the splits, or the classes: "" or ending in '/'
  bool has_splits_ = true;
  std::string found_;
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
         std::any_of(tree.folders().begin(), tree.folders().end(), in_split(true)) ||
         folder_of_classes(tree).has_value();
}

std::unique_ptr<Dataset> open_class_folders(std::shared_ptr<const FileTree> tree, DatasetSplit split,
                                            const ClassFolderOptions& options) {
  check(tree->files().size() < std::numeric_limits<std::uint32_t>::max(), tree->root(),
        " holds too many files: ", tree->files().size());
  return std::make_unique<ClassFolders>(std::move(tree), split, options);
}

}  // namespace sleight
