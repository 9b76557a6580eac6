// Nothing that a program reads is replaced by what it writes.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/options.h"

namespace sleight {

class Inputs {
 public:
  // A file, a folder, or a word that is neither and plays no part.
  void add(const std::string& path);

  // Throws Error if the output is one of the files, by whatever name (links included), or an existing file inside one of
  // the folders. An image directly in a folder of inputs may be replaced: show_batch's own, from the time before.
  void refuse_to_replace(const std::filesystem::path& output) const;

 private:
  using Identity = std::pair<std::uintmax_t, std::uintmax_t>;  // device and inode

  std::map<Identity, std::string> files_, folders_;
};

// The same for all options of a program, by Option::is_written; and two outputs are not one file.
void refuse_outputs_over_inputs(const OptionList& options);

}  // namespace sleight
