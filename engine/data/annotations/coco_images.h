// Which file an image of COCO's JSON is. Programs write names as they had the files: with folders of another machine,
// as addresses, with backslashes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/data/files/file_tree.h"

namespace sleight {

class CocoImageFinder {
 public:
  // split: of the JSON file, or "". folders: where to look, each "" or ending in '/'.
  CocoImageFinder(const FileTree& tree, std::string_view split, std::vector<std::string> folders);

  // The file of this name in one of the folders, of which the first image that is found decides for all. Else the name
  // without its first folders; else the only image of that base name in the split or in none. Throws Error for a name that
  // fits no file or several.
  std::size_t find(const std::string& file_name);

  // How many were found by their base name alone, and where images of kinds that cannot be read were passed over.
  void append_warnings(const std::string& split, std::vector<std::string>& warnings) const;

 private:
  std::size_t find_by_base_name(const std::string& file_name);

  const FileTree& tree_;
  std::string split_;
  std::vector<std::string> folders_;
  std::map<std::string, std::vector<std::size_t>> base_names_;  // filled when first needed
  std::int64_t by_base_name_ = 0;
  std::string first_by_base_name_;
};

}  // namespace sleight
