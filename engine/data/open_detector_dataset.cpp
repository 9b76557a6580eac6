#include <filesystem>
#include <set>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/data/annotations/annotation_format.h"
#include "engine/data/annotations/dataset_paths.h"
#include "engine/data/annotations/file_dataset.h"
#include "engine/data/annotations/yolo_label.h"
#include "engine/data/detector/dataset.h"
#include "engine/data/files/text_lines.h"
#include "engine/data/loader/validation_share.h"
#include "engine/data/synthetic/scenes.h"

namespace sleight {

namespace {

namespace fs = std::filesystem;

// Null for generated scenes, which have no files, and where the files decide.
const AnnotationFormat* find_format(std::string_view name) {
  for (const AnnotationFormat* format : annotation_formats())
    if (format->name() == name) return format;
  check(name == synthetic_format || name == automatic_format, "there is no detection format \"", name, "\": choose ",
        alternatives(detector_dataset_formats()));
  return nullptr;
}

// The format that the files have; where several fit, the first. `others` names the rest.
const AnnotationFormat& recognized_format(const FileTree& tree, std::string& others) {
  const AnnotationFormat* found = nullptr;
  for (const AnnotationFormat* format : annotation_formats()) {
    if (!format->recognizes(tree)) continue;
    if (found == nullptr) {
      found = format;
    } else {
      others += (others.empty() ? "" : ", ") + std::string("--format ") + format->name();
    }
  }
  if (found != nullptr) return *found;
  std::string looked_for;
  for (const AnnotationFormat* format : annotation_formats())
    looked_for += (looked_for.empty() ? "" : "; ") + format->files();
  fail(tree.root(), " holds no annotations of boxes (", contents_of(tree), "): looked for ", looked_for,
       ". Classes without boxes are for train_classifier");
}

// What the user gave as data: a file of annotations stands for the folder of its dataset.
struct DataPlace {
  std::string root;
  std::string annotations;  // the file, below the root
};

DataPlace place_of(const std::string& path) {
  const std::string extension = lower_case_extension(path);
  std::error_code ignored;
  if ((extension != ".yaml" && extension != ".yml" && extension != ".json") || !fs::is_regular_file(path, ignored))
    return {path, ""};
  const fs::path file(path);
  fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const std::string name = lower_case(fs::weakly_canonical(folder, ignored).filename().string());
  if (extension != ".json" || name != "annotations") return {folder.string(), file.filename().string()};
  return {(folder / "..").lexically_normal().string(), (folder.filename() / file.filename()).string()};
}

std::shared_ptr<const FileTree> open_tree(const std::string& root, const DetectorDatasetOptions& options) {
  std::shared_ptr<const FileTree> tree = open_file_tree(root, options.maximum_inflated_bytes);
  if (options.images.empty()) return tree;
  return merge_trees(tree, open_file_tree(options.images, options.maximum_inflated_bytes),
                     std::string(folder_of_given_images));
}

// The rarest class among an image's objects decides with which others it is divided; -1 without objects.
std::vector<std::int64_t> strata_of(const AnnotatedSplit& split) {
  std::vector<std::int64_t> objects_of_class(split.class_names.size());
  for (const StatedObject& object : split.objects)
    ++objects_of_class[object.class_number];
  std::vector<std::int64_t> strata;
  std::size_t position = 0;
  for (const StatedImage& image : split.images) {
    std::int64_t rarest = -1;
    for (std::size_t i = 0; i < image.object_count; ++i, ++position) {
      const std::int32_t number = split.objects[position].class_number;
      if (rarest < 0 || objects_of_class[number] < objects_of_class[rarest]) rarest = number;
    }
    strata.push_back(rarest);
  }
  return strata;
}

// The part of a split that is held out for evaluation, or the rest.
AnnotatedSplit part_of(const AnnotatedSplit& split, const FileTree& tree, double share, bool is_held_out) {
  std::vector<std::string> names;
  for (const StatedImage& image : split.images)
    names.push_back(tree.files()[image.file]);
  const std::vector<bool> held = held_out(names, strata_of(split), share);
  AnnotatedSplit part;
  part.name = split.name + (is_held_out ? ", the part held out" : ", without the part held out");
  part.numbers = split.numbers;
  part.class_names = split.class_names;
  part.category_ids = split.category_ids;
  if (!is_held_out) part.warnings = split.warnings;
  std::size_t position = 0;
  for (std::size_t i = 0; i < split.images.size(); ++i) {
    const StatedImage& image = split.images[i];
    if (held[i] == is_held_out) {
      part.images.push_back(image);
      if (!split.image_ids.empty()) part.image_ids.push_back(split.image_ids[i]);
      const auto first = split.objects.begin() + static_cast<std::ptrdiff_t>(position);
      part.objects.insert(part.objects.end(), first, first + static_cast<std::ptrdiff_t>(image.object_count));
    }
    position += image.object_count;
  }
  return part;
}

// One place of files in one format, opened once for both splits.
class DetectorSource {
 public:
  DetectorSource(const std::string& path, const AnnotationFormat* format, const DetectorDatasetOptions& options)
      : place_(place_of(path)),
        tree_(open_tree(place_.root, options)),
        format_(format != nullptr ? *format : recognized_format(*tree_, other_formats_)),
        given_names_(options.class_names),
        difficult_in_training_(options.difficult_in_training),
        exif_(exif_orientation_if(options.exif_orientation)),
        validation_share_(options.validation_share) {
    SplitNames wanted{options.training_split, options.evaluation_split};
    choose_file(wanted);
    splits_ = format_.find_splits(*tree_, wanted);
    holds_out_ = splits_.evaluation.empty() && !splits_.training.empty() && validation_share_ > 0.0;
  }

  DetectorDatasetPair open_both() {
    AnnotatedSplit training = read_training();
    const std::vector<std::string> class_names = names_from(training);
    AnnotatedSplit evaluation;
    if (holds_out_) {
      evaluation = part_of(training, *tree_, validation_share_, true);
      training = part_of(training, *tree_, validation_share_, false);
    } else {
      evaluation = read_evaluation();
      warn_of_shared_images(training, evaluation);
    }
    OpenedDetectorDataset opened = finish(std::move(training), DatasetSplit::training, class_names);
    DetectorDatasetPair pair{std::move(opened), finish(std::move(evaluation), DatasetSplit::evaluation, class_names),
                             ""};
    pair.found = title() + ", " + count_of(pair.training.dataset->size(), "image") + " to train on (" +
                 splits_.training + "), " + std::to_string(pair.evaluation.dataset->size()) + " to evaluate on (" +
                 (holds_out_ ? held_out_text() : splits_.evaluation) + ")" + others();
    return pair;
  }

  OpenedDetectorDataset open(DatasetSplit split) {
    OpenedDetectorDataset opened = open_one(split);
    const bool is_training = split == DatasetSplit::training;
    opened.found = title() + ", " + count_of(opened.dataset->size(), "image") + " (" +
                   (is_training  ? splits_.training + (holds_out_ ? ", less " + held_out_text() : "")
                    : holds_out_ ? held_out_text()
                                 : splits_.evaluation) +
                   ")" + others();
    return opened;
  }

 private:
  OpenedDetectorDataset open_one(DatasetSplit split) {
    if (split == DatasetSplit::training || holds_out_) {
      AnnotatedSplit training = read_training();
      const std::vector<std::string> class_names = names_from(training);
      if (holds_out_) training = part_of(training, *tree_, validation_share_, split == DatasetSplit::evaluation);
      return finish(std::move(training), split, class_names);
    }
    AnnotatedSplit evaluation = read_evaluation();
    if (!given_names_.empty()) return finish(std::move(evaluation), split, given_names_);
    if (splits_.training.empty()) {
      evaluation.warnings.push_back(tree_->root() + " has no training split: the classes are those of " +
                                    evaluation.name);
      const std::vector<std::string> class_names = names_from(evaluation);
      return finish(std::move(evaluation), split, class_names);
    }
    const std::vector<std::string> class_names = format_.class_names(*tree_, splits_.training);
    check_different(class_names, splits_.training);
    return finish(std::move(evaluation), split, class_names);
  }

  // A JSON file that was given as the data is the split that it is named for; every other one is what is trained on.
  void choose_file(SplitNames& wanted) const {
    if (lower_case_extension(place_.annotations) != ".json") return;
    const std::string stem = lower_case(without_extension(file_name_of(place_.annotations)));
    const bool is_for_evaluation = stem.find("val") != std::string::npos || stem.find("test") != std::string::npos;
    std::string& split = is_for_evaluation ? wanted.evaluation : wanted.training;
    if (split.empty()) split = place_.annotations;
  }

  std::string title() const { return "data: " + format_.title(); }
  std::string held_out_text() const {
    return printed(100.0 * validation_share_, "% of ", splits_.training, " held out, --validation-share");
  }
  std::string others() const { return other_formats_.empty() ? "" : "; it could also be read with " + other_formats_; }

  std::string there_is() const {
    const std::string splits = format_.splits_in(*tree_);
    return splits.empty() ? "" : ". There is: " + splits;
  }

  AnnotatedSplit read_training() const {
    check(!splits_.training.empty(), tree_->root(), " has no split to train on: looked for ",
          format_.looked_for().training, ". Name the split with --train-split, or check the folder and the format",
          there_is());
    return read(splits_.training);
  }

  AnnotatedSplit read_evaluation() const {
    check(!splits_.evaluation.empty(), tree_->root(), " has no split to evaluate on: looked for ",
          format_.looked_for().evaluation,
          ". Name the split with --evaluation-split, or hold out a part with --validation-share 0.2", there_is());
    return read(splits_.evaluation);
  }

  AnnotatedSplit read(const std::string& split) const {
    AnnotatedSplit annotated = format_.read_split(*tree_, split, given_names_);
    annotated.warnings.insert(annotated.warnings.begin(), tree_->warnings().begin(), tree_->warnings().end());
    return annotated;
  }

  std::vector<std::string> names_from(const AnnotatedSplit& split) const {
    if (!given_names_.empty()) return given_names_;
    check_different(split.class_names, split.name);
    return split.class_names;
  }

  void check_different(const std::vector<std::string>& class_names, const std::string& split) const {
    std::set<std::string_view> seen;
    for (const std::string& name : class_names)
      check(seen.insert(name).second, tree_->root(), ", split ", split, ": two classes are called ", shown(name),
            ". Give one list of all classes with --classes, a name per line; objects of both are then of that class");
  }

  OpenedDetectorDataset finish(AnnotatedSplit annotated, DatasetSplit split,
                               const std::vector<std::string>& class_names) const {
    return make_file_detector_dataset(
        tree_, std::move(annotated), class_names,
        {.unknown = given_names_.empty() ? UnknownClass::is_an_error : UnknownClass::is_left_out,
         .split = split,
         .difficult_in_training = difficult_in_training_,
         .exif = exif_});
  }

  // Scores on images that were trained on say nothing.
  void warn_of_shared_images(const AnnotatedSplit& training, AnnotatedSplit& evaluation) const {
    std::set<std::size_t> files;
    for (const StatedImage& image : training.images)
      files.insert(image.file);
    std::int64_t shared = 0;
    for (const StatedImage& image : evaluation.images)
      shared += files.contains(image.file) ? 1 : 0;
    if (shared > 0)
      evaluation.warnings.push_back(std::to_string(shared) + " of the " +
                                    count_of(std::ssize(evaluation.images), "image") + " of the split " +
                                    evaluation.name + (shared == 1 ? " is in " : " are in ") + training.name +
                                    " too: scores will look better than they are");
  }

  DataPlace place_;
  std::shared_ptr<const FileTree> tree_;
  std::string other_formats_;  // before format_, which fills it
  const AnnotationFormat& format_;
  std::vector<std::string> given_names_;
  DifficultObjects difficult_in_training_;
  ExifOrientation exif_;
  double validation_share_;
  SplitNames splits_;
  bool holds_out_ = false;
};

// Generated boxes are right; they are counted all the same.
OpenedDetectorDataset open_scenes(const DetectorDatasetOptions& options, DatasetSplit split) {
  OpenedDetectorDataset opened{open_synthetic_scenes(options.synthetic, split), {}, {}, {}};
  opened.boxes.images = opened.dataset->size();
  for (std::int64_t i = 0; i < opened.dataset->size(); ++i) {
    const auto count = static_cast<std::int64_t>(opened.dataset->objects(i).size());
    opened.boxes.objects += count;
    opened.boxes.images_without_objects += count == 0 ? 1 : 0;
  }
  return opened;
}

void check_scenes(const std::string& path, const DetectorDatasetOptions& options) {
  check(path == "synthetic", "the format synthetic reads no files: give the word synthetic as the data, not ", path);
  check(options.class_names.empty() && options.training_split.empty() && options.evaluation_split.empty(),
        "generated scenes have neither named splits nor a list of classes: give their number");
}

}  // namespace

std::vector<std::string> detector_dataset_formats() {
  std::vector<std::string> names = {std::string(automatic_format)};
  for (const AnnotationFormat* format : annotation_formats())
    names.push_back(format->name());
  names.emplace_back(synthetic_format);
  return names;
}

void check_detector_dataset_format(std::string_view name) {
  find_format(name);
}

std::string annotation_format_help() {
  std::vector<std::string> texts = {"auto (by looking at the files)"};
  for (const AnnotationFormat* format : annotation_formats())
    texts.push_back(format->name() + " (" + format->files() + ")");
  return alternatives(texts);
}

DifficultObjects parse_difficult_objects(std::string_view name) {
  if (name == "keep") return DifficultObjects::keep;
  if (name == "drop") return DifficultObjects::drop;
  fail("difficult objects are trained on with \"keep\" and left out with \"drop\"; there is no \"", name, "\"");
}

OpenedDetectorDataset open_detector_dataset(const std::string& path, std::string_view format, DatasetSplit split,
                                            const DetectorDatasetOptions& options) {
  const AnnotationFormat* const files = find_format(format);
  if (files != nullptr || format == automatic_format) return DetectorSource(path, files, options).open(split);
  check_scenes(path, options);
  return open_scenes(options, split);
}

DetectorDatasetPair open_detector_datasets(const std::string& path, std::string_view format,
                                           const DetectorDatasetOptions& options) {
  const AnnotationFormat* const files = find_format(format);
  if (files != nullptr || format == automatic_format) return DetectorSource(path, files, options).open_both();
  check_scenes(path, options);
  return {open_scenes(options, DatasetSplit::training), open_scenes(options, DatasetSplit::evaluation), ""};
}

bool has_boxes(const std::string& path) {
  try {
    const std::shared_ptr<const FileTree> tree =
        open_file_tree(place_of(path).root, DetectorDatasetOptions().maximum_inflated_bytes);
    std::string others;
    recognized_format(*tree, others);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::vector<std::string> read_class_names(const std::filesystem::path& file) {
  const std::string text = read_text_file(file);
  return with_context(file.string(), [&] { return parse_class_names(text); });
}

}  // namespace sleight
