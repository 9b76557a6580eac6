// The part of TOML that recipe files are made of: "name = value" lines whose values are texts, numbers, true, false and
// lists of these.
//
// Source: TOML v1.0.0, https://toml.io/en/v1.0.0. Tables, dates, and texts of several lines are not read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sleight {

std::string toml_quoted(std::string_view text);
// With enough digits that reading it again gives the same number.
std::string toml_number(double value);

struct TomlEntry {
  std::string name;
  std::vector<std::string> words;  // one value, or those of a list: texts without their quotes, the others as written
  int line = 0;                    // from 1
};

// In the order of the text. Throws Error that begins with the origin (where the text is from) and the line for what
// is not such a file, and for a name that comes twice.
std::vector<TomlEntry> read_toml(std::string_view text, const std::string& origin);

}  // namespace sleight
