#include "engine/data/yolo_label.h"

#include <algorithm>
#include <optional>
#include <set>

#include "engine/base/error.h"
#include "engine/data/text_lines.h"

namespace sleight {

namespace {

constexpr std::size_t maximum_classes = 100000;

void check_names(const std::vector<std::string>& names) {
  check(names.size() <= maximum_classes, "it has ", names.size(), " class names; the limit is ", maximum_classes);
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    check(!names[i].empty(), "the name of class ", i, " is empty");
    check(seen.insert(names[i]).second, "the class ", shown(names[i]), " is there twice");
  }
}

StatedObject parse_line(std::string_view line, std::size_t class_count) {
  const std::vector<std::string_view> words = words_of(line);
  check(words.size() == 5, "expected \"class centre_x centre_y width height\", found ", words.size(), " words",
        words.size() > 5 && words.size() % 2 == 1 ? " (an outline? only boxes can be read)" : "");
  const std::optional<std::int64_t> class_number = parse_whole_number(words[0]);
  check(class_number.has_value(), "the class is ", shown(words[0]), ", which is not a whole number");
  check(*class_number >= 0 && *class_number < static_cast<std::int64_t>(class_count), "the class ", *class_number,
        " is not in the list of ", class_count, " names");
  StatedObject object;
  object.class_number = static_cast<std::int32_t>(*class_number);
  for (std::size_t i = 0; i < 4; ++i) {
    const std::optional<double> number = parse_number(words[i + 1]);
    check(number.has_value(), shown(words[i + 1]), " is not a number");
    object.numbers[i] = *number;
  }
  return object;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view without_comment(std::string_view line) {
  return trimmed(line.substr(0, std::min(line.find(" #"), line.size())));
}

std::string unquoted(std::string_view text) {
  text = trimmed(text);
  const bool has_quotes =
      text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
  return std::string(has_quotes ? text.substr(1, text.size() - 2) : text);
}

// "[a, 'b', "c"]", possibly over several lines.
std::vector<std::string> parse_flow_list(std::string_view text) {
  check(text.back() == ']', "the list of names has no end");
  text = text.substr(1, text.size() - 2);
  std::vector<std::string> names;
  while (!trimmed(text).empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    names.push_back(unquoted(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return names;
}

// "- a", or "0: a" with the number that comes next.
std::string parse_list_line(std::string_view line, std::size_t next) {
  if (line.starts_with("- ")) return unquoted(line.substr(2));
  const std::size_t colon = line.find(':');
  check(colon != std::string_view::npos &&
            parse_whole_number(trimmed(line.substr(0, colon))) == static_cast<std::int64_t>(next),
        "in the list of names: expected \"- name\" or \"", next, ": name\", found ", shown(line));
  return unquoted(line.substr(colon + 1));
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

std::vector<std::string> parse_class_names(std::string_view text) {
  std::vector<std::string> names;
  for (const std::string_view line : lines_of(text))
    names.emplace_back(line);
  while (!names.empty() && names.back().empty())
    names.pop_back();
  check(!names.empty(), "it has no class names");
  check_names(names);
  return names;
}

std::vector<std::string> parse_yaml_names(std::string_view text) {
  constexpr std::string_view key = "names:";
  std::vector<std::string> names;
  bool is_inside = false;
  std::string flow;  // the list in brackets so far
  const auto take_flow = [&](std::string_view part) {
    flow += (flow.empty() ? "" : " ") + std::string(part);
    if (flow.back() != ']') return;
    names = parse_flow_list(flow);
    flow.clear();
  };
  for (const std::string_view full_line : lines_of(text)) {
    const std::string_view line = full_line.starts_with('#') ? std::string_view() : without_comment(full_line);
    if (line.empty()) continue;
    if (!flow.empty()) {
      take_flow(line);
    } else if (line.starts_with(key)) {
      check(names.empty(), "it has names twice");
      const std::string_view rest = trimmed(line.substr(key.size()));
      check(rest.empty() || rest.starts_with('['), "the names are ", shown(rest), ", which is not a list");
      is_inside = rest.empty();
      if (!rest.empty()) take_flow(rest);
    } else if (is_inside && (line.starts_with('-') || is_digit(line.front()))) {
      names.push_back(parse_list_line(line, names.size()));
    } else {
      is_inside = false;
    }
  }
  check(flow.empty(), "the list of names has no end");
  check_names(names);
  return names;
}

}  // namespace sleight
