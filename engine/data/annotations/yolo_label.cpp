#include "engine/data/annotations/yolo_label.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <span>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

namespace {

constexpr std::size_t maximum_classes = 100000;

double number_of(std::string_view word) {
  const std::optional<double> number = parse_number(word);
  check(number.has_value(), shown(word), " is not a number");
  return *number;
}

// The box around an outline's points, x and y in turn.
FourNumbers box_around(std::span<const std::string_view> words) {
  std::array<double, 2> least{}, most{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const double number = number_of(words[i]);
    const std::size_t axis = i % 2;
    // NaN is neither less nor more, and must not get lost: nothing replaces it.
    if (i < 2 || number < least[axis] || std::isnan(number)) least[axis] = number;
    if (i < 2 || number > most[axis] || std::isnan(number)) most[axis] = number;
  }
  return {(least[0] + most[0]) / 2, (least[1] + most[1]) / 2, most[0] - least[0], most[1] - least[1]};
}

// "3", and "3.0" as programs write it that keep all numbers in one array.
std::optional<std::int64_t> class_number_of(std::string_view word) {
  if (const std::optional<std::int64_t> whole = parse_whole_number(word)) return whole;
  const std::optional<double> number = parse_number(word);
  const bool is_whole = number && *number == std::trunc(*number) && std::abs(*number) <= maximum_classes;
  return is_whole ? std::optional(static_cast<std::int64_t>(*number)) : std::nullopt;
}

StatedObject parse_line(std::string_view line, std::size_t class_count, std::size_t keypoint_numbers) {
  const std::vector<std::string_view> words = words_of(line);
  const bool is_outline = keypoint_numbers == 0 && words.size() >= 7 && words.size() % 2 == 1;
  const bool has_keypoints = keypoint_numbers > 0 && words.size() == 5 + keypoint_numbers;
  check(keypoint_numbers == 0 || words.size() == 5 || has_keypoints,
        "expected \"class center_x center_y width height\" and ", keypoint_numbers,
        " numbers of keypoints, as kpt_shape in data.yaml says, found ", words.size(), " words");
  check(words.size() == 5 || has_keypoints || is_outline, "expected \"class center_x center_y width height\", found ",
        words.size(), " words", words.size() == 6 ? " (detections with scores? only annotations can be read)" : "");
  const std::optional<std::int64_t> class_number = class_number_of(words[0]);
  check(class_number.has_value(), "the class is ", shown(words[0]), ", which is not a whole number");
  check(*class_number >= 0 && *class_number < static_cast<std::int64_t>(class_count), "the class ", *class_number,
        " is not in the list of ", count_of(static_cast<std::int64_t>(class_count), "name"));
  StatedObject object;
  object.class_number = static_cast<std::int32_t>(*class_number);
  if (is_outline) {
    object.numbers = box_around(std::span(words).subspan(1));
  } else {
    for (std::size_t i = 0; i < 4; ++i)
      object.numbers[i] = number_of(words[i + 1]);
  }
  return object;
}

}  // namespace

std::vector<StatedObject> parse_yolo_label(std::string_view text, std::size_t class_count, std::int64_t* outlines,
                                           std::size_t keypoint_numbers) {
  std::vector<StatedObject> objects;
  std::size_t number = 0;
  for (const std::string_view line : lines_of(text)) {
    ++number;
    if (line.empty()) continue;
    with_context("line " + std::to_string(number),
                 [&] { objects.push_back(parse_line(line, class_count, keypoint_numbers)); });
    if (outlines != nullptr && keypoint_numbers == 0 && words_of(line).size() > 5) ++*outlines;
  }
  return objects;
}

void check_class_names(const std::vector<std::string>& names) {
  check(names.size() <= maximum_classes, "it has ", names.size(), " class names; the limit is ", maximum_classes);
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    check(!names[i].empty(), "the name of class ", i, " is empty");
    check(is_utf8(names[i]), "the name of class ", i, ", ", shown(names[i]),
          ", is not in UTF-8. Save the file in UTF-8 (iconv -f gbk -t utf-8)");
    check(seen.insert(names[i]).second, "the class ", shown(names[i]), " is there twice");
  }
}

std::vector<std::string> parse_class_names(std::string_view text) {
  check_text_encoding(text);
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
