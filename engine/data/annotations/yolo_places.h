// Where a dataset in YOLO's form says that its images are: lists, and the train, val and test of a data.yaml.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/annotations/dataset_paths.h"
#include "engine/data/annotations/yaml_names.h"
#include "engine/data/files/file_tree.h"

namespace sleight {

// "a", "b" and "c" of "a/b/c".
std::vector<std::string_view> parts_of(std::string_view path);
bool is_yaml(std::string_view path);

// The images that a list names, a path a line, from `base` or the root on, or as they lay on another machine. Throws Error
// for the first that is missing, with the line.
std::vector<std::size_t> images_in_list(const FileTree& tree, const PathIndex& index, const std::string& base,
                                        std::size_t list);

// What a data.yaml says of its splits, and where it stands.
struct YamlFile {
  std::size_t file = 0;
  YamlSplits splits;

  const std::vector<std::string>& of(const std::string& split) const;
};

// The data.yaml, or the only other file of that kind, of the uppermost folder that has any, or else darknet's only
// *.data; nothing where images lie outside of its folder.
std::optional<YamlFile> read_yaml(const FileTree& tree);

// The images below a folder, or in a list, that a data.yaml names. Throws Error for one that is not there.
std::vector<std::size_t> images_of_entry(const FileTree& tree, const PathIndex& index, const YamlFile& yaml,
                                         const std::string& entry);

}  // namespace sleight
