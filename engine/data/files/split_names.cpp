#include "engine/data/files/split_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace sleight {

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view split_named(std::string_view folder) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> names = {{{"train", "train"},
                                                                                          {"training", "train"},
                                                                                          {"val", "val"},
                                                                                          {"valid", "val"},
                                                                                          {"validation", "val"},
                                                                                          {"test", "test"},
                                                                                          {"testing", "test"}}};
  const std::string name = lower_case(folder);
  for (const auto& [written, split] : names)
    if (name == written) return split;
  return "";
}

std::string_view split_of_path(std::string_view path) {
  for (;;) {
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) return "";
    if (const std::string_view split = split_named(path.substr(0, slash)); !split.empty()) return split;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace sleight
