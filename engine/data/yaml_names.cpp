#include "engine/data/yaml_names.h"

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "engine/base/error.h"
#include "engine/data/text_lines.h"
#include "engine/base/text.h"
#include "engine/data/yolo_label.h"

namespace sleight {

namespace {

std::string place_of(const YAML::Node& node) {
  return "line " + std::to_string(node.Mark().line + 1) + ": ";
}

std::string name_in(const YAML::Node& node) {
  check(node.IsScalar() || node.IsNull(), place_of(node),
        "a name is a text; one with brackets or colons must stand in quotation marks");
  return node.IsNull() ? "" : node.Scalar();
}

// Of {0: cat, 1: dog}, in any order.
std::vector<std::string> numbered_names(const YAML::Node& map) {
  std::map<std::int64_t, std::string> numbered;
  for (const auto& entry : map) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const std::optional<std::int64_t> number = parse_whole_number(key);
    check(number.has_value(), place_of(entry.first), "expected the number of a class and its name, found ", shown(key));
    check(numbered.emplace(*number, name_in(entry.second)).second, place_of(entry.first), "class ", *number,
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

std::vector<std::string> names_in(const YAML::Node& file) {
  if (file.IsNull()) return {};
  check(file.IsMap(), "expected \"names: ...\" and other settings");
  std::optional<YAML::Node> value;
  for (const auto& entry : file) {
    if (!entry.first.IsScalar() || entry.first.Scalar() != "names") continue;
    check(!value.has_value(), place_of(entry.first), "it has names twice");
    value = entry.second;
  }
  if (!value.has_value() || value->IsNull()) return {};
  if (value->IsMap()) return numbered_names(*value);
  check(value->IsSequence(), place_of(*value), "the names are ", shown(value->Scalar()), ", which is not a list");
  std::vector<std::string> names;
  for (const YAML::Node& name : *value)
    names.push_back(name_in(name));
  return names;
}

}  // namespace

std::vector<std::string> parse_yaml_names(std::string_view text) {
  std::vector<std::string> names;
  try {
    names = names_in(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& error) {
    fail("line ", error.mark.line + 1, ": not readable as YAML: ", error.msg);
  }
  if (!names.empty()) check_class_names(names);
  return names;
}

}  // namespace sleight
