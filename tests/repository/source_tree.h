// The files of the repository as the tests of its rules see them.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "tests/folders.h"

namespace sleight::test {

constexpr std::array<std::string_view, 7> top_folders = {"kernels", "engine", "models", "tricks",
                                                         "tools",   "tests",  "bench"};

struct SourceFile {
  std::string path;  // from the root of the repository, "engine/base/error.h"
  std::string text;
};

inline std::vector<SourceFile> source_files() {
  const std::filesystem::path root = source_folder();
  std::vector<SourceFile> files;
  for (const std::string_view folder : top_folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cpp" && extension != ".cu") continue;
      std::ifstream stream(entry.path(), std::ios::binary);
      files.push_back({entry.path().lexically_relative(root).generic_string(),
                       {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()}});
    }
  }
  std::sort(files.begin(), files.end(), [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace sleight::test
