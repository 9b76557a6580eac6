// Which classes the network confuses, as parts of the report's page.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace sleight {

// Up to this many classes, the whole matrix is drawn; beyond it, only the tables.
inline constexpr std::size_t largest_drawn_confusion = 40;

// All functions take counts [classes, classes], row-major: row true class, column predicted class. A class without
// images has neither an accuracy nor confusions. Each returns "" if it has no data.
std::string draw_confusion_matrix(std::span<const std::string> class_names, std::span<const std::int64_t> counts);
// The most frequent errors, most frequent first.
std::string draw_top_confusions(std::span<const std::string> class_names, std::span<const std::int64_t> counts);
// One bar per class, weakest first; with many classes, only the weakest.
std::string draw_class_accuracy(std::span<const std::string> class_names, std::span<const std::int64_t> counts);

}  // namespace sleight
