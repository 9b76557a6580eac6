#include "engine/data/annotations/yolo_label.h"

#include <algorithm>
#include <optional>
#include <set>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

namespace {

constexpr std::size_t maximum_classes = 100000;

StatedObject parse_line(std::string_view line, std::size_t class_count) {
  const std::vector<std::string_view> words = words_of(line);
  check(words.size() == 5, "expected \"class center_x center_y width height\", found ", words.size(), " words",
        words.size() > 5 && words.size() % 2 == 1 ? " (an outline? only boxes can be read)" : "");
  const std::optional<std::int64_t> class_number = parse_whole_number(words[0]);
  check(class_number.has_value(), "the class is ", shown(words[0]), ", which is not a whole number");
  check(*class_number >= 0 && *class_number < static_cast<std::int64_t>(class_count), "the class ", *class_number,
        " is not in the list of ", count_of(static_cast<std::int64_t>(class_count), "name"));
  StatedObject object;
  object.class_number = static_cast<std::int32_t>(*class_number);
  for (std::size_t i = 0; i < 4; ++i) {
    const std::optional<double> number = parse_number(words[i + 1]);
    check(number.has_value(), shown(words[i + 1]), " is not a number");
    object.numbers[i] = *number;
  }
  return object;
}

}  // namespace

std::vector<StatedObject> parse_yolo_label(std::string_view text, std::size_t class_count) {
  std::vector<StatedObject> objects;
  std::size_t number = 0;
  for (const std::string_view line : lines_of(text)) {
    ++number;
    if (line.empty()) continue;
    with_context("line " + std::to_string(number), [&] { objects.push_back(parse_line(line, class_count)); });
  }
  return objects;
}

void check_class_names(const std::vector<std::string>& names) {
  check(names.size() <= maximum_classes, "it has ", names.size(), " class names; the limit is ", maximum_classes);
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    check(!names[i].empty(), "the name of class ", i, " is empty");
    check(seen.insert(names[i]).second, "the class ", shown(names[i]), " is there twice");
  }
}

std::vector<std::string> parse_class_names(std::string_view text) {
  std::vector<std::string> names;
  for (const std::string_view line : lines_of(text))
    names.emplace_back(line);
  while (!names.empty() && names.back().empty())
    names.pop_back();
  check(!names.empty(), "it has no class names");
  check_class_names(names);
  return names;
}

}  // namespace sleight
