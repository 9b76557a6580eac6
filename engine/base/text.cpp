#include "engine/base/text.h"

#include <algorithm>

namespace sleight {

namespace {

// U+0000 to U+001F, U+007F, and U+0080 to U+009F, which are C2 80 to C2 9F.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  return first < 0x20 || first == 0x7f || (first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0);
}

}  // namespace

std::string shown(std::string_view text, std::size_t most) {
  std::string result = "\"";
  const std::size_t whole = text.size();
  std::size_t done = 0;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(1, length));
    if (done + character.size() > most) break;
    if (length == 0) {
      result += "\\x" + hexadecimal(character);
    } else if (is_control(character)) {
      result += '?';
    } else {
      result += character;
    }
    done += character.size();
    text.remove_prefix(character.size());
  }
  return result + (done < whole ? "...\"" : "\"");
}

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes)
    text += {digits[static_cast<unsigned char>(byte) >> 4U], digits[static_cast<unsigned char>(byte) & 15U]};
  return text;
}

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  // Longer than need be, half of a pair of UTF-16, beyond the last character.
  const bool is_wrong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) ||
                        (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f);
  return is_wrong ? 0 : length;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string printable(std::string_view text, LineBreaks line_breaks) {
  std::string result;
  while (!text.empty()) {
    const std::size_t size = utf8_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(1, size));
    const bool stays = character == "\t" || (character == "\n" && line_breaks == LineBreaks::kept);
    if (stays || (size > 0 && !is_control(character))) {
      result += character;
    } else {
      result += '?';
    }
    text.remove_prefix(character.size());
  }
  return result;
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
