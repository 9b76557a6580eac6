#include <set>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/data/annotations/annotation_format.h"
#include "engine/data/annotations/file_dataset.h"
#include "engine/data/annotations/yolo_label.h"
#include "engine/data/detector/dataset.h"
#include "engine/data/synthetic/scenes.h"

namespace sleight {

namespace {

// Null for generated scenes, which have no files.
const AnnotationFormat* find_format(std::string_view name) {
  for (const AnnotationFormat* format : annotation_formats())
    if (format->name() == name) return format;
  check(name == synthetic_format, "there is no detection format \"", name, "\": choose ",
        alternatives(detector_dataset_formats()));
  return nullptr;
}

// One place of files in one format, opened once for both splits.
class DetectorSource {
 public:
  DetectorSource(const std::string& path, const AnnotationFormat& format, const DetectorDatasetOptions& options)
      : tree_(open_file_tree(path, options.maximum_inflated_bytes)),
        format_(format),
        given_names_(options.class_names),
        difficult_in_training_(options.difficult_in_training),
        exif_(exif_orientation_if(options.exif_orientation)) {
    splits_ = format_.find_splits(*tree_, {options.training_split, options.evaluation_split});
  }

  DetectorDatasetPair open_both() {
    AnnotatedSplit training = read_training();
    const std::vector<std::string> class_names = names_from(training);
    AnnotatedSplit evaluation = read_evaluation();
    warn_of_shared_images(training, evaluation);
    OpenedDetectorDataset opened = finish(std::move(training), DatasetSplit::training, class_names);
    return {std::move(opened), finish(std::move(evaluation), DatasetSplit::evaluation, class_names)};
  }

  OpenedDetectorDataset open(DatasetSplit split) {
    if (split == DatasetSplit::training) {
      AnnotatedSplit training = read_training();
      const std::vector<std::string> class_names = names_from(training);
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
    return finish(std::move(evaluation), split, format_.class_names(*tree_, splits_.training));
  }

 private:
  AnnotatedSplit read_training() const {
    check(!splits_.training.empty(), tree_->root(), " has no split to train on: looked for ",
          format_.looked_for().training, ". Name the split, or check the folder and the format");
    return format_.read_split(*tree_, splits_.training, given_names_);
  }

  AnnotatedSplit read_evaluation() const {
    check(!splits_.evaluation.empty(), tree_->root(), " has no split to evaluate on: looked for ",
          format_.looked_for().evaluation, ". Name the split, or set some images aside for it");
    return format_.read_split(*tree_, splits_.evaluation, given_names_);
  }

  std::vector<std::string> names_from(const AnnotatedSplit& split) const {
    if (!given_names_.empty()) return given_names_;
    std::set<std::string_view> seen;
    for (const std::string& name : split.class_names)
      check(seen.insert(name).second, tree_->root(), ", split ", split.name, ": two classes are called \"", name, "\"");
    return split.class_names;
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

  std::shared_ptr<const FileTree> tree_;
  const AnnotationFormat& format_;
  std::vector<std::string> given_names_;
  DifficultObjects difficult_in_training_;
  ExifOrientation exif_;
  SplitNames splits_;
};

// Generated boxes are right; they are counted all the same.
OpenedDetectorDataset open_scenes(const DetectorDatasetOptions& options, DatasetSplit split) {
  OpenedDetectorDataset opened{open_synthetic_scenes(options.synthetic, split), {}, {}};
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
  std::vector<std::string> names;
  for (const AnnotationFormat* format : annotation_formats())
    names.push_back(format->name());
  names.emplace_back(synthetic_format);
  return names;
}

void check_detector_dataset_format(std::string_view name) {
  find_format(name);
}

std::string annotation_format_help() {
  std::vector<std::string> texts;
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
  if (const AnnotationFormat* files = find_format(format)) return DetectorSource(path, *files, options).open(split);
  check_scenes(path, options);
  return open_scenes(options, split);
}

DetectorDatasetPair open_detector_datasets(const std::string& path, std::string_view format,
                                           const DetectorDatasetOptions& options) {
  if (const AnnotationFormat* files = find_format(format)) return DetectorSource(path, *files, options).open_both();
  check_scenes(path, options);
  return {open_scenes(options, DatasetSplit::training), open_scenes(options, DatasetSplit::evaluation)};
}

std::vector<std::string> read_class_names(const std::filesystem::path& file) {
  const std::string text = read_text_file(file);
  return with_context(file.string(), [&] { return parse_class_names(text); });
}

}  // namespace sleight
