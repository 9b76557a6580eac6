// Reads the golden files that make_golden.py wrote.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "tests/folders.h"

namespace sleight::test {

// The cases of tests/golden/NAME.json.
inline nlohmann::json golden_cases(const std::string& name) {
  const std::string path = (source_folder() / "tests/golden" / (name + ".json")).string();
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot open " + path + "; make it with tests/golden/make_golden.py " + name);
  return nlohmann::json::parse(file).at("cases");
}

}  // namespace sleight::test
