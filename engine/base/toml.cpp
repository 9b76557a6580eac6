#include "engine/base/toml.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "engine/base/error.h"

namespace sleight {

namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// A number, true or false; and words without quotes, which TOML does not have: what they say is checked by whoever
// takes them.
bool is_word_character(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != ',' && c != '[' && c != ']' && c != '#' && c != '"' && c != '\'' &&
         c != '=';
}

void append_utf8(std::string& text, unsigned code) {
  const auto add = [&](unsigned byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0 | code >> 6);
    add(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    add(0xE0 | code >> 12);
    add(0x80 | (code >> 6 & 0x3F));
    add(0x80 | (code & 0x3F));
  } else {
    add(0xF0 | code >> 18);
    add(0x80 | (code >> 12 & 0x3F));
    add(0x80 | (code >> 6 & 0x3F));
    add(0x80 | (code & 0x3F));
  }
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& origin) : text_(text), origin_(origin) {}

  std::vector<TomlEntry> read() {
    std::vector<TomlEntry> entries;
    for (skip_blank(true); at_ < text_.size(); skip_blank(true)) {
      TomlEntry entry = read_entry();
      if (std::ranges::find(entries, entry.name, &TomlEntry::name) != entries.end())
        refuse(entry.name + " comes twice");
      entries.push_back(std::move(entry));
    }
    return entries;
  }

 private:
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  [[noreturn]] void refuse(const std::string& what) const {
    fail(origin_, ", line ", line_, ": ", what, "; each line must be: name = value");
  }

  // Spaces and a comment; with lines, as many lines as there are.
  void skip_blank(bool lines) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
        if (c == '\n') ++line_;
        ++at_;
      } else {
        return;
      }
    }
  }

  std::string_view take_while(bool (*belongs)(char)) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && belongs(text_[at_]))
      ++at_;
    return text_.substr(begin, at_ - begin);
  }

  TomlEntry read_entry() {
    TomlEntry entry{.name = std::string(take_while(is_name_character)), .words = {}, .line = line_};
    skip_blank(false);
    if (entry.name.empty() || next() != '=') {
      const std::size_t end = std::min(text_.find('\n', at_), text_.size());
      refuse("'" + entry.name + std::string(text_.substr(at_, end - at_)) + "' is no setting");
    }
    ++at_;
    skip_blank(false);
    if (next() == '[') {
      read_list(entry.words);
    } else {
      entry.words.push_back(read_word());
    }
    skip_blank(false);
    if (at_ < text_.size() && next() != '\n') refuse("something follows the value of " + entry.name);
    return entry;
  }

  void read_list(std::vector<std::string>& words) {
    ++at_;
    for (skip_blank(true); next() != ']'; skip_blank(true)) {
      words.push_back(read_word());
      skip_blank(true);
      if (next() != ',' && next() != ']') refuse("a list has neither ',' nor ']' where it should");
      if (next() == ',') ++at_;
    }
    ++at_;
  }

  std::string read_word() {
    if (next() == '"') return read_text();
    if (next() == '\'') {
      const std::size_t end = text_.find_first_of("'\n", at_ + 1);
      if (end == std::string_view::npos || text_[end] == '\n') refuse("a text has no closing '");
      const std::string_view text = text_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
      return std::string(text);
    }
    const std::string_view word = take_while(is_word_character);
    if (word.empty()) refuse("a value is missing");
    return std::string(word);
  }

  std::string read_text() {
    std::string text;
    for (++at_; next() != '"'; ++at_) {
      if (at_ >= text_.size() || next() == '\n') refuse("a text has no closing \"");
      if (next() == '\\') {
        ++at_;
        read_escape(text);
      } else {
        text += next();
      }
    }
    ++at_;
    return text;
  }

  // Leaves the position at its last character.
  void read_escape(std::string& text) {
    constexpr std::string_view letters = "\"\\ntrbf", meanings = "\"\\\n\t\r\b\f";
    const std::size_t known = letters.find(next());
    if (at_ < text_.size() && known != std::string_view::npos) {
      text += meanings[known];
    } else if (next() == 'u' || next() == 'U') {
      const std::size_t digits = next() == 'u' ? 4 : 8;
      const std::string_view number = text_.substr(at_ + 1, digits);
      unsigned code = 0;
      const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), code, 16);
      if (number.size() != digits || end != number.data() + digits || error != std::errc() || code > 0x10FFFF)
        refuse("\\" + std::string(1, next()) + " needs " + std::to_string(digits) + " digits");
      append_utf8(text, code);
      at_ += digits;
    } else {
      refuse("a backslash in a text is written \\\\");
    }
  }

  std::string_view text_;
  const std::string& origin_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

std::string toml_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04X", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += escape;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string toml_number(double value) {
  // As people write it: 0.0005 and 10, but 1e-09.
  const bool plain = value == 0.0 || (std::abs(value) >= 1e-4 && std::abs(value) < 1e9);
  char text[64];
  const auto [end, error] =
      std::to_chars(text, text + sizeof text, value, plain ? std::chars_format::fixed : std::chars_format::scientific);
  check(error == std::errc(), "a setting of ", value, " cannot be written");
  return std::string(text, end);
}

std::vector<TomlEntry> read_toml(std::string_view text, const std::string& origin) {
  return Reader(text, origin).read();
}

}  // namespace sleight
