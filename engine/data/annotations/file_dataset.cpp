#include "engine/data/annotations/file_dataset.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <map>
#include <sstream>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/annotations/image_sizes.h"
#include "engine/data/loader/image_survey.h"

namespace sleight {

namespace {

// Counts what happens to boxes, and remembers the first of each kind for the warnings.
class Oddities {
 public:
  enum Kind : std::uint8_t {
    not_finite,
    unknown_class,
    swapped,
    clipped,
    empty,
    as_stated,
    crowd,
    difficult,
    wrong_size,
    doubtful,
    unreadable,
    repeated,
    kinds
  };

  template <class Describe>
  void note(Kind kind, Describe&& describe) {
    Noted& noted = noted_[kind];
    if (noted.count++ < most_named) noted.examples += (noted.examples.empty() ? "" : "; ") + describe();
  }

  std::int64_t count(Kind kind) const { return noted_[kind].count; }
  const std::string& examples(Kind kind) const { return noted_[kind].examples; }

  // One line for each kind that occurred: how many, what was done, and where first.
  void append_warnings(const std::string& split, std::vector<std::string>& warnings) const {
    for (std::size_t kind = 0; kind < noted_.size(); ++kind) {
      const Noted& noted = noted_[kind];
      if (noted.count == 0) continue;
      const auto& [of_one, of_several] = descriptions[kind];
      std::string line = "split " + split + ": " + count_of(noted.count, of_one, of_several) + ": " + noted.examples;
      if (noted.count > most_named) line += "; and " + std::to_string(noted.count - most_named) + " more";
      warnings.push_back(std::move(line));
    }
  }

 private:
  static constexpr std::int64_t most_named = 3;
  // Behind 1, and behind other numbers.
  static constexpr std::array<std::pair<const char*, const char*>, kinds> descriptions = {{
      {"box with numbers that are not finite was left out", "boxes with numbers that are not finite were left out"},
      {"object of a class that is not in the list was left out",
       "objects of classes that are not in the list were left out"},
      {"box with swapped corners was put right", "boxes with swapped corners were put right"},
      {"box that crosses the border of its image was clipped",
       "boxes that cross the border of their image were clipped"},
      {"box with less than one pixel inside its image was left out",
       "boxes with less than one pixel inside their image were left out"},
      {"box that crosses the border of its image, or has less than one pixel inside, is measured against as stated",
       "boxes that cross the border of their image, or have less than one pixel inside, are measured against as "
       "stated"},
      {"box around a crowd is not trained on", "boxes around crowds are not trained on"},
      {"difficult object is not trained on, as asked for", "difficult objects are not trained on, as asked for"},
      {"image has not the size that its annotation states; its own was taken",
       "images have not the size that their annotation states; their own was taken"},
      {"image was left out, because it has not the size that its annotation states: its boxes are in doubt",
       "images were left out, because they have not the size that their annotations state: their boxes are in doubt"},
      {"image cannot be read, and its boxes were left out", "images cannot be read, and their boxes were left out"},
      {"box is there more than once, with the same class", "boxes are there more than once, with the same class"},
  }};

  struct Noted {
    std::int64_t count = 0;
    std::string examples;
  };
  std::array<Noted, kinds> noted_;
};

std::string describe(const FourNumbers& numbers) {
  std::ostringstream text;
  text << "(" << numbers[0] << ", " << numbers[1] << ", " << numbers[2] << ", " << numbers[3] << ")";
  return text.str();
}

bool is_stated(const ImageSize& size) {
  return size.height > 0 && size.width > 0;
}

// A pixel more or less is rounding.
bool agree(const ImageSize& stated, const ImageSize& own) {
  return std::abs(stated.height - own.height) <= 1 && std::abs(stated.width - own.width) <= 1;
}

// So many images may have another size than their annotation states before the run stops.
std::int64_t few_of(std::int64_t images) {
  return std::max<std::int64_t>(3, images / 100);
}

// Images whose boxes are in doubt.
struct Doubts {
  std::int64_t count = 0;
  std::int64_t turned = 0;  // of them, those with the stated sides swapped
  std::string examples;

  void add(const std::string& image, const ImageSize& stated, const ImageSize& own) {
    if (stated.height == own.width && stated.width == own.height) ++turned;
    if (count++ < 3) examples += (examples.empty() ? "" : "; ") + image + ": " + describe(stated, own);
  }

  static std::string describe(const ImageSize& stated, const ImageSize& own) {
    std::ostringstream text;
    text << own.width << " x " << own.height << ", not " << stated.width << " x " << stated.height;
    return text.str();
  }

  void stop_if_many(const std::string& split, std::int64_t images) const {
    check(count <= few_of(images), "split ", split, ": ", count, " of ", images,
          " images have not the size that their annotations state (", examples,
          "). They were resized or turned after they were annotated, so the boxes do not fit them. Use the images that "
          "were annotated, or scale the boxes and the sizes",
          turned > 0 ? "; where boxes were drawn on images that are stored sideways, give --no-exif-orientation" : "");
  }
};

class FileDetectorDataset : public DetectorDataset {
 public:
  struct Image {
    std::size_t file;
    std::size_t first_object;
  };

  FileDetectorDataset(std::shared_ptr<const FileTree> tree, std::vector<std::string> class_names, ExifOrientation exif)
      : tree_(std::move(tree)), exif_(exif), class_names_(std::move(class_names)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(images_.size()) - 1; }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  const std::vector<std::string>& warnings() const override { return warnings_; }
  std::string name(std::int64_t index) const override { return tree_->name(at(index).file); }
  void read(std::int64_t index, StoredImage& image) const override {
    image.form = StoredImage::Form::encoded;
    image.exif = exif_;
    image.bytes = tree_->read(at(index).file, image.memory);
  }
  std::span<const ObjectBox> objects(std::int64_t index) const override {
    const Image& image = at(index);
    const Image& next = images_[static_cast<std::size_t>(index) + 1];
    return std::span(objects_).subspan(image.first_object, next.first_object - image.first_object);
  }

  // Takes the split's images and objects through the rules. Of its image ids, those of the images that were kept stay.
  BoxCounts take(AnnotatedSplit& split, const ObjectRules& rules);

  // Adds what is to be said of the images.
  void survey(const std::string& split) {
    for (const std::string& line : survey_images(*this))
      warnings_.push_back("split " + split + ": " + line);
  }

  // Of the split's categories, those that are classes here.
  std::map<std::int64_t, std::int32_t> classes_by_id(const AnnotatedSplit& split) const {
    std::map<std::int64_t, std::int32_t> classes;
    const std::vector<std::int32_t> numbers = class_numbers(split);
    for (std::size_t i = 0; i < split.category_ids.size(); ++i)
      if (numbers[i] >= 0) classes.emplace(split.category_ids[i], numbers[i]);
    return classes;
  }

 private:
  const Image& at(std::int64_t index) const {
    check(index >= 0 && index < size(), "there is no image ", index, " among ", size());
    return images_[index];
  }

  // Positions in class_names_ of the split's own classes, -1 for unknown ones.
  std::vector<std::int32_t> class_numbers(const AnnotatedSplit& split) const {
    std::map<std::string_view, std::int32_t> positions;
    for (const std::string& name : class_names_)
      positions.emplace(name, static_cast<std::int32_t>(positions.size()));
    std::vector<std::int32_t> numbers;
    for (const std::string& name : split.class_names) {
      const auto found = positions.find(name);
      numbers.push_back(found == positions.end() ? -1 : found->second);
    }
    return numbers;
  }

  // A class of the list that was misspelled is seen here.
  void warn_of_empty_classes(const std::string& split) {
    std::vector<bool> is_used(class_names_.size());
    for (const ObjectBox& object : objects_)
      is_used[object.class_index] = true;
    std::int64_t count = 0;
    std::string names;
    for (std::size_t i = 0; i < class_names_.size(); ++i) {
      if (is_used[i]) continue;
      constexpr std::int64_t most_named = 10;
      if (count++ < most_named) names += (names.empty() ? "" : ", ") + class_names_[i];
    }
    if (count > 0)
      warnings_.push_back("split " + split + ": " + std::to_string(count) + " of " +
                          count_of(std::ssize(class_names_), "class", "classes") +
                          (count == 1 ? " has no object: " : " have no object: ") + names);
  }

  std::shared_ptr<const FileTree> tree_;
  ExifOrientation exif_;
  std::vector<std::string> class_names_;
  std::vector<std::string> warnings_;
  std::vector<Image> images_;  // and one behind the last
  std::vector<ObjectBox> objects_;
};

BoxCounts FileDetectorDataset::take(AnnotatedSplit& split, const ObjectRules& rules) {
  const bool is_training = rules.split == DatasetSplit::training;
  const std::vector<std::int32_t> numbers = class_numbers(split);
  const std::vector<ReadSize> sizes = read_image_sizes(*tree_, split.images, exif_);
  Oddities oddities;
  BoxCounts counts;
  Doubts doubts;
  std::vector<std::int64_t> kept_ids;
  warnings_ = std::move(split.warnings);
  objects_.reserve(split.objects.size());
  std::size_t position = 0;
  for (std::size_t k = 0; k < split.images.size(); ++k) {
    const StatedImage& image = split.images[k];
    const ReadSize& own = sizes[k];
    // Without the image's size a share of it is no box; an image that cannot be read is replaced by the loader.
    bool has_objects = true;
    ImageSize size = own.size;
    if (!own.problem.empty()) {
      oddities.note(Oddities::unreadable, [&] { return own.problem; });
      size = image.size;
      has_objects = !is_training && is_stated(image.size);
    } else if (is_stated(image.size) && (image.size.height != size.height || image.size.width != size.width)) {
      oddities.note(agree(image.size, size) || !is_training ? Oddities::wrong_size : Oddities::doubtful,
                    [&] { return tree_->name(image.file) + " is " + Doubts::describe(image.size, size); });
      if (!agree(image.size, size)) {
        doubts.add(tree_->name(image.file), image.size, size);
        if (is_training) {
          position += image.object_count;
          continue;
        }
      }
    }
    images_.push_back({image.file, objects_.size()});
    if (!split.image_ids.empty()) kept_ids.push_back(split.image_ids[k]);
    if (!has_objects) {
      position += image.object_count;
      ++counts.images_without_objects;
      continue;
    }
    for (std::size_t i = 0; i < image.object_count; ++i, ++position) {
      const StatedObject& stated = split.objects[position];
      const auto note = [&](Oddities::Kind kind, const std::string& more = {}) {
        oddities.note(kind, [&] {
          return tree_->name(image.file) + ", object " + std::to_string(i + 1) + " " + describe(stated.numbers) + more;
        });
      };
      const std::int32_t class_index = numbers.at(static_cast<std::size_t>(stated.class_number));
      if (class_index < 0) {
        const std::string& name = split.class_names[stated.class_number];
        check(rules.unknown == UnknownClass::is_left_out, tree_->name(image.file), ": object ", i + 1,
              " is of the class ", shown(name),
              ", which the training split has not: no detector could find it. Give the list of classes; "
              "objects of others are then left out");
        note(Oddities::unknown_class, " of the class " + shown(name));
        continue;
      }
      if (is_training && stated.is_crowd) {
        note(Oddities::crowd);
        continue;
      }
      if (is_training && stated.is_difficult && rules.difficult_in_training == DifficultObjects::drop) {
        note(Oddities::difficult);
        continue;
      }
      if (!is_finite(stated.numbers)) {
        note(Oddities::not_finite);
        continue;
      }
      const OrderedBox ordered = ordered_box(stated.numbers, split.numbers, size);
      const ClippedBox clipped = clipped_box(ordered.box, size);
      const bool is_odd = clipped.was_clipped || is_empty(clipped.box);
      const auto in_size = [&] { return " in " + std::to_string(size.width) + " x " + std::to_string(size.height); };
      // Finite numbers may have an infinite sum.
      if (!is_finite({ordered.box.left, ordered.box.top, ordered.box.right, ordered.box.bottom})) {
        note(Oddities::not_finite);
        continue;
      }
      if (ordered.was_swapped) note(Oddities::swapped);
      if (is_training && is_empty(clipped.box)) {
        note(Oddities::empty);
        continue;
      }
      const Box& box = is_training ? clipped.box : ordered.box;
      const auto of_image = std::span(objects_).subspan(images_.back().first_object);
      const bool is_repeated = std::ranges::any_of(
          of_image, [&](const ObjectBox& other) { return other.class_index == class_index && other.box == box; });
      if (is_repeated) note(Oddities::repeated, is_training ? ", trained on once" : "");
      if (is_repeated && is_training) continue;
      if (is_odd) note(is_training ? Oddities::clipped : Oddities::as_stated, in_size());
      objects_.push_back({box, class_index, 1.0, stated.is_difficult, stated.is_crowd, stated.outline_area});
      counts.difficult += stated.is_difficult ? 1 : 0;
      counts.crowd += stated.is_crowd ? 1 : 0;
    }
    if (objects_.size() == images_.back().first_object) ++counts.images_without_objects;
  }
  images_.push_back({0, objects_.size()});
  split.image_ids = std::move(kept_ids);
  const std::int64_t unreadable = oddities.count(Oddities::unreadable);
  const std::int64_t most = std::max<std::int64_t>(10, std::ssize(split.images) / 100);
  check(!is_training || (unreadable <= most && unreadable < std::ssize(split.images)), "split ", split.name, ": ",
        unreadable, " of ", split.images.size(),
        " images cannot be read; repair or remove them. The first: ", oddities.examples(Oddities::unreadable));
  doubts.stop_if_many(split.name, std::ssize(split.images));
  oddities.append_warnings(split.name, warnings_);
  warn_of_empty_classes(split.name);
  counts.images = size();
  counts.objects = static_cast<std::int64_t>(objects_.size());
  counts.swapped = oddities.count(Oddities::swapped);
  counts.clipped = oddities.count(Oddities::clipped);
  counts.dropped_not_finite = oddities.count(Oddities::not_finite);
  counts.dropped_empty = oddities.count(Oddities::empty);
  counts.dropped_class = oddities.count(Oddities::unknown_class);
  counts.dropped_crowd = oddities.count(Oddities::crowd);
  counts.dropped_difficult = oddities.count(Oddities::difficult);
  counts.left_as_stated = oddities.count(Oddities::as_stated);
  counts.wrong_sizes = oddities.count(Oddities::wrong_size) + oddities.count(Oddities::doubtful);
  counts.unreadable = unreadable;
  return counts;
}

}  // namespace

OpenedDetectorDataset make_file_detector_dataset(std::shared_ptr<const FileTree> tree, AnnotatedSplit split,
                                                 const std::vector<std::string>& class_names,
                                                 const ObjectRules& rules) {
  const std::string where = tree->root() + ", split " + split.name;
  check(!split.images.empty(), where, ": it has no images");
  const std::size_t stated = split.objects.size();
  auto dataset = std::make_unique<FileDetectorDataset>(std::move(tree), class_names, rules.exif);
  const BoxCounts counts = dataset->take(split, rules);
  dataset->survey(split.name);
  CocoIds ids{.images = split.image_ids, .classes = dataset->classes_by_id(split)};
  if (counts.objects == 0) {
    std::string why;
    for (const std::string& warning : dataset->warnings())
      why += ". " + warning;
    fail(where, ": no box at all is left of ", stated, " on ", count_of(counts.images, "image"),
         "; there is nothing to learn or to measure", why);
  }
  return {std::move(dataset), counts, std::move(ids), ""};
}

}  // namespace sleight
