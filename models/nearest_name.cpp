#include "models/nearest_name.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "engine/base/error.h"

namespace sleight {

namespace {

// Insertions, deletions and replacements that turn one text into the other (Levenshtein 1966).
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::size_t position_of_name(std::string_view what, std::string_view name, std::span<const std::string> names) {
  check(!names.empty(), "there is no ", what, " at all");
  std::size_t nearest = 0;
  std::size_t smallest = edit_distance(name, names[0]);
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t distance = edit_distance(name, names[i]);
    if (distance == 0) return i;
    if (distance < smallest) {
      nearest = i;
      smallest = distance;
    }
    list += (i == 0 ? "" : ", ") + names[i];
  }
  fail("there is no ", what, " '", name, "'; did you mean '", names[nearest], "'? There are: ", list);
}

}  // namespace sleight
