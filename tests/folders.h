// Where tests find the files of the repository and the programs. Both are known when the tests are compiled; tests that
// were carried to another machine look in the folder they are started in.
#pragma once

#include <filesystem>

namespace sleight {

inline std::filesystem::path here_unless_it_exists(const char* path) {
  return std::filesystem::exists(path) ? std::filesystem::path(path) : std::filesystem::current_path();
}

// The root of the repository.
inline std::filesystem::path source_folder() {
  return here_unless_it_exists(SLEIGHT_SOURCE_DIR);
}

// Programs are in its bin/.
inline std::filesystem::path binary_folder() {
  return here_unless_it_exists(SLEIGHT_BINARY_DIR);
}

}  // namespace sleight
