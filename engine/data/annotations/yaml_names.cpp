#include "engine/data/annotations/yaml_names.h"

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/annotations/yolo_label.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

namespace {

std::string place_of(const YAML::Node& node) {
  return "line " + std::to_string(node.Mark().line + 1) + ": ";
}

// Texts out of the file. An alias ("*a") costs three letters and is a whole text, so what they add up to is limited.
class Texts {
 public:
  std::string text_of(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    check(text.size() <= room_, place_of(node), "names and paths of more than ", most_bytes >> 20,
          " MiB altogether; write them out without aliases (*)");
    room_ -= text.size();
    return text;
  }

 private:
  static constexpr std::size_t most_bytes = std::size_t{4} << 20;
  std::size_t room_ = most_bytes;
};

std::string name_in(const YAML::Node& node, Texts& texts) {
  check(node.IsScalar() || node.IsNull(), place_of(node),
        "a name is a text; one with brackets or colons must stand in quotation marks");
  return node.IsNull() ? "" : texts.text_of(node);
}

// Of {0: cat, 1: dog}, in any order.
std::vector<std::string> numbered_names(const YAML::Node& map) {
  Texts texts;
  std::map<std::int64_t, std::string> numbered;
  for (const auto& entry : map) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const std::optional<std::int64_t> number = parse_whole_number(key);
    check(number.has_value(), place_of(entry.first), "expected the number of a class and its name, found ", shown(key));
    check(numbered.emplace(*number, name_in(entry.second, texts)).second, place_of(entry.first), "class ", *number,
          " has two names");
  }
  std::vector<std::string> names;
  for (auto& [number, name] : numbered) {
    check(number == static_cast<std::int64_t>(names.size()), "the names are numbered 0, 1, 2, ... without gaps; ",
          number < 0 ? "there is no class " : "there is no name of class ",
          number < 0 ? number : static_cast<std::int64_t>(names.size()), ", but one of class ", number);
    names.push_back(std::move(name));
  }
  return names;
}

// What stands behind an outermost key, if anything does.
std::optional<YAML::Node> value_of(const YAML::Node& file, std::string_view key) {
  std::optional<YAML::Node> value;
  for (const auto& entry : file) {
    if (!entry.first.IsScalar() || entry.first.Scalar() != key) continue;
    check(!value.has_value(), place_of(entry.first), "it has ", key, " twice");
    value = entry.second;
  }
  return value.has_value() && value->IsNull() ? std::nullopt : value;
}

std::vector<std::string> names_in(const YAML::Node& file) {
  const std::optional<YAML::Node> value = value_of(file, "names");
  if (!value.has_value()) return {};
  if (value->IsMap()) return numbered_names(*value);
  check(value->IsSequence(), place_of(*value), "the names are ", shown(value->Scalar()), ", which is not a list");
  Texts texts;
  std::vector<std::string> names;
  for (const YAML::Node& name : *value)
    names.push_back(name_in(name, texts));
  return names;
}

// "kpt_shape: [17, 3]": so many keypoints of so many numbers.
std::size_t keypoint_numbers_in(const YAML::Node& file) {
  const std::optional<YAML::Node> shape = value_of(file, "kpt_shape");
  if (!shape.has_value()) return 0;
  const auto number = [&](std::size_t i) {
    const bool is_there = shape->IsSequence() && shape->size() == 2 && (*shape)[i].IsScalar();
    const std::int64_t whole = is_there ? parse_whole_number((*shape)[i].Scalar()).value_or(0) : 0;
    check(whole > 0 && whole <= 1000, place_of(*shape),
          "kpt_shape is the number of keypoints and of numbers of each, [17, 3]");
    return static_cast<std::size_t>(whole);
  };
  return number(0) * number(1);
}

// "nc": how many classes there are. A file that was edited in one place and not in the other would name them wrongly.
void check_class_count(const YAML::Node& file, std::size_t names) {
  const std::optional<YAML::Node> value = value_of(file, "nc");
  if (!value.has_value()) return;
  const std::optional<std::int64_t> count = value->IsScalar() ? parse_whole_number(value->Scalar()) : std::nullopt;
  check(count.has_value(), place_of(*value), "nc is the number of classes, a whole number");
  check(*count == static_cast<std::int64_t>(names), place_of(*value), "nc is ", *count, ", but the file names ",
        count_of(static_cast<std::int64_t>(names), "class", "classes"), ". Correct the one that is wrong");
}

}  // namespace

std::vector<std::string> parse_yaml_names(std::string_view text) {
  std::vector<std::string> names;
  try {
    const YAML::Node file = YAML::Load(std::string(text));
    if (file.IsNull()) return {};
    check(file.IsMap(), "expected \"names: ...\" and other settings");
    names = names_in(file);
    if (!names.empty()) check_class_count(file, names.size());
  } catch (const YAML::Exception& error) {
    fail("line ", error.mark.line + 1, ": not readable as YAML: ", error.msg);
  }
  if (!names.empty()) check_class_names(names);
  return names;
}

YamlSplits parse_yaml_splits(std::string_view text) {
  YamlSplits splits;
  Texts all;
  const auto texts_of = [&all](const std::optional<YAML::Node>& value, std::string_view key) {
    std::vector<std::string> texts;
    if (!value.has_value()) return texts;
    const auto add = [&](const YAML::Node& node) {
      check(node.IsScalar(), place_of(node), key, " is a folder, a list of images, or several of them");
      if (!node.Scalar().empty()) texts.push_back(all.text_of(node));
    };
    if (value->IsSequence()) {
      for (const YAML::Node& node : *value)
        add(node);
    } else {
      add(*value);
    }
    return texts;
  };
  try {
    const YAML::Node file = YAML::Load(std::string(text));
    if (!file.IsMap()) return {};
    const std::vector<std::string> paths = texts_of(value_of(file, "path"), "path");
    if (!paths.empty()) splits.path = paths.front();
    splits.train = texts_of(value_of(file, "train"), "train");
    splits.val = texts_of(value_of(file, "val"), "val");
    if (splits.val.empty()) splits.val = texts_of(value_of(file, "valid"), "valid");
    splits.test = texts_of(value_of(file, "test"), "test");
    splits.keypoint_numbers = keypoint_numbers_in(file);
  } catch (const YAML::Exception& error) {
    fail("line ", error.mark.line + 1, ": not readable as YAML: ", error.msg);
  }
  return splits;
}

YamlSplits parse_darknet_data(std::string_view text) {
  YamlSplits splits;
  for (const std::string_view line : lines_of(text)) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = trimmed(line.substr(0, equals));
    const std::string value(trimmed(line.substr(equals + 1)));
    if (value.empty()) continue;
    if (key == "train") splits.train = {value};
    if (key == "valid") splits.val = {value};
  }
  return splits;
}

}  // namespace sleight
