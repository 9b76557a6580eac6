#include "engine/base/text.h"

#include <algorithm>

namespace sleight {

std::string shown(std::string_view text) {
  constexpr std::size_t most = 60;
  std::string result = "\"";
  for (const char c : text.substr(0, most))
    result += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return result + (text.size() > most ? "...\"" : "\"");
}

std::string count_of(std::int64_t count, std::string_view one, std::string_view several) {
  std::string text = std::to_string(count) + " ";
  if (count == 1) return text.append(one);
  return several.empty() ? text.append(one) + "s" : text.append(several);
}

std::string listed(std::span<const std::string> names) {
  constexpr std::size_t most = 5;
  std::string text = joined(names.first(std::min(names.size(), most)));
  if (names.size() > most) text += ", ... (" + std::to_string(names.size()) + " in all)";
  return text;
}

std::string alternatives(std::span<const std::string> names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 < names.size() ? ", " : " or ") + names[i];
  return text;
}

}  // namespace sleight
