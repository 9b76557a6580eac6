// Windows and golden values shared by the tests of max, average and global average pooling.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>

#include "kernel_case.h"
#include "kernels/lib/pool_window.h"
#include "tests/folders.h"

namespace sleight::tests {

using kernels::pooled_view;
using kernels::PoolWindow;

inline std::vector<PoolWindow> windows() {
  return {{2, 2, 0, false}, {2, 2, 0, true},  {3, 2, 1, false}, {3, 1, 1, false},
          {3, 2, 1, true},  {1, 2, 0, false}, {2, 3, 1, true},  {5, 1, 2, false}};
}

// body(type, view, window) for every odd view that the window fits.
template <class Body>
void for_each_pooling_case(Body&& body) {
  for_each_case([&](DataType type, const ActivationView& view) {
    for (const PoolWindow& window : windows()) {
      if (std::min(view.height, view.width) + 2 * window.padding < window.kernel) continue;
      INFO("kernel " << window.kernel << ", stride " << window.stride << ", padding " << window.padding
                     << ", ceil_mode " << window.ceil_mode);
      body(type, view, window);
    }
  });
}

// body(case) for the golden cases of one kind.
template <class Body>
void for_each_golden_pooling(const std::string& kind, Body&& body) {
  std::ifstream file(source_folder() / "tests/golden/pooling.json");
  const nlohmann::json golden = nlohmann::json::parse(file);
  int found = 0;
  for (const nlohmann::json& one : golden.at("cases")) {
    if (one.at("kind") != kind) continue;
    ++found;
    INFO("golden case " << found << " of " << kind);
    body(one);
  }
  CHECK(found > 0);
}

inline PoolWindow golden_window(const nlohmann::json& one) {
  return {one.at("kernel"), one.at("stride"), one.at("padding"), one.at("ceil_mode")};
}

}  // namespace sleight::tests
