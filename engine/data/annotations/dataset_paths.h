// What the paths of a dataset say, whatever the format: which split an image is of, which files belong to it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/files/file_tree.h"
#include "engine/data/files/split_names.h"

namespace sleight {

// Where the tree has what --images names.
inline constexpr std::string_view folder_of_given_images = "--images";

// The split of a dataset that has none: everything that is there.
inline constexpr std::string_view whole_dataset = "all";

// Files by their path in lower case: labels/A.TXT belongs to images/a.jpg.
class PathIndex {
 public:
  explicit PathIndex(const FileTree& tree);

  // The path itself first, then in any case.
  std::optional<std::size_t> find(const std::string& path) const;
  // A path that was written on another machine or from another folder: as it is below `base`, then below the root, then
  // without its first folder, and so on. "\" counts as "/".
  std::optional<std::size_t> find_tail(const std::string& base, std::string_view path) const;

 private:
  const FileTree& tree_;
  std::map<std::string, std::size_t> files_;
};

// Images by the name without folder and extension, in lower case.
class ImageStems {
 public:
  explicit ImageStems(const FileTree& tree);

  // The image of an annotation file, never one of another split: beside it, or the only one of that name, or the only one
  // in the same split, or in the folder that is called most like the annotation's. Throws Error where several fit, naming
  // two.
  std::optional<std::size_t> find(std::string_view annotation_path, std::string_view stem) const;

 private:
  const FileTree& tree_;
  std::map<std::string, std::vector<std::size_t>> images_;
};

// Files that are images of kinds that cannot be read (.webp, .gif, ...), for a warning.
struct PassedOver {
  std::int64_t count = 0;
  std::string first;

  void add(const std::string& name) {
    if (count++ == 0) first = name;
  }
  // "3 files passed over, which are no .jpg, .jpeg or .png; the first is ...".
  std::string text() const;
};

bool has_other_image_name(std::string_view path);

}  // namespace sleight
