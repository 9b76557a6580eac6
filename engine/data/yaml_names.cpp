#include "engine/data/yaml_names.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>

#include "engine/base/error.h"
#include "engine/data/text_lines.h"
#include "engine/data/yolo_label.h"

namespace sleight {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto tail = [&](unsigned shift) { text += static_cast<char>(0x80U | (code >> shift & 0x3FU)); };
  if (code < 0x80U) {
    text += static_cast<char>(code);
  } else if (code < 0x800U) {
    text += static_cast<char>(0xC0U | code >> 6U);
    tail(0);
  } else if (code < 0x10000U) {
    text += static_cast<char>(0xE0U | code >> 12U);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xF0U | code >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

// Reads the value of "names" from a place in the text.
class NamesReader {
 public:
  NamesReader(std::string_view text, std::size_t position) : text_(text), position_(position) {}

  std::vector<std::string> read() {
    const std::size_t first_line = line();
    skip_to_content();
    if (!at_end() && (peek() == '[' || peek() == '{')) {
      read_flow();
    } else {
      refuse_unless(at_end() || line() > first_line,
                    [&] { return "the names are " + shown(rest_of_line()) + ", which is not a list"; });
      position_ = line_begin();
      read_block();
    }
    return numbered_.empty() ? std::move(names_) : in_order();
  }

 private:
  enum class Style : std::uint8_t { block, flow };

  bool at_end() const { return position_ == text_.size(); }
  bool at_line_end() const { return at_end() || peek() == '\n'; }
  char peek() const { return text_[position_]; }
  std::size_t line_begin() const {
    return position_ == 0 ? 0 : text_.rfind('\n', position_ - 1) + 1;  // 0 where there is none
  }
  std::size_t line() const {
    return 1 + static_cast<std::size_t>(std::count(text_.begin(), text_.begin() + offset(), '\n'));
  }
  std::ptrdiff_t offset() const { return static_cast<std::ptrdiff_t>(position_); }
  std::string_view rest_of_line() const {
    return trimmed(text_.substr(position_, std::min(text_.find('\n', position_), text_.size()) - position_));
  }

  template <class Message>
  void refuse_unless(bool good, Message&& message) const {
    if (!good) fail("line ", line(), ": ", message());
  }

  // A comment begins a line or stands behind a blank.
  bool at_comment() const {
    return !at_end() && peek() == '#' &&
           (position_ == 0 || is_blank(text_[position_ - 1]) || text_[position_ - 1] == '\n');
  }
  void skip_blanks_and_comment() {
    while (!at_line_end() && is_blank(peek()))
      ++position_;
    if (at_comment()) position_ = std::min(text_.find('\n', position_), text_.size());
  }
  void skip_to_content() {
    skip_blanks_and_comment();
    while (!at_end() && peek() == '\n') {
      ++position_;
      skip_blanks_and_comment();
    }
  }

  void read_flow() {
    const bool has_numbers = peek() == '{';
    const char closing = has_numbers ? '}' : ']';
    ++position_;
    while (true) {
      skip_to_content();
      check(!at_end(), "the list of names has no end");
      if (peek() == closing) break;
      if (has_numbers) {
        take_numbered(Style::flow);
      } else {
        names_.push_back(scalar(Style::flow));
      }
      skip_to_content();
      check(!at_end(), "the list of names has no end");
      refuse_unless(peek() == ',' || peek() == closing, [&] {
        return "in the list of names: expected ',' or '" + std::string(1, closing) + "', found " +
               shown(rest_of_line()) + "; a name with such characters must stand in quotation marks";
      });
      if (peek() == ',') ++position_;
    }
    ++position_;
    finish_line();
  }

  // Up to the next outermost key.
  void read_block() {
    std::optional<bool> has_numbers;
    while (true) {
      skip_to_content();
      if (at_end()) return;
      const std::string_view content = rest_of_line();
      const bool is_item = content == "-" || content.starts_with("- ") || content.starts_with("-\t");
      if (position_ == line_begin() && !is_item) return;
      refuse_unless(has_numbers.value_or(!is_item) == !is_item,
                    [&] { return "the names are numbered in part, but not in " + shown(content); });
      has_numbers = !is_item;
      indentation_ = position_ - line_begin();
      if (is_item) {
        ++position_;
        names_.push_back(scalar(Style::block));
      } else {
        take_numbered(Style::block);
      }
      finish_line();
    }
  }

  void finish_line() {
    skip_blanks_and_comment();
    refuse_unless(at_line_end(), [&] { return "in the list of names: " + shown(rest_of_line()) + " is too much"; });
  }

  // "0: cat"
  void take_numbered(Style style) {
    const std::string_view content = rest_of_line();
    std::string key;
    if (peek() == '"' || peek() == '\'') {
      key = quoted();
    } else {
      while (!at_line_end() && peek() != ':')
        key += text_[position_++];
    }
    const std::optional<std::int64_t> number = parse_whole_number(trimmed(key));
    refuse_unless(!at_line_end() && peek() == ':' && number.has_value(), [&] {
      return "in the list of names: expected \"- name\" or \"" + std::to_string(numbered_.size()) + ": name\", found " +
             shown(content);
    });
    ++position_;
    const bool is_new = numbered_.emplace(*number, scalar(style)).second;
    refuse_unless(is_new, [&] { return "class " + std::to_string(*number) + " has two names"; });
  }

  std::string scalar(Style style) {
    if (style == Style::flow)
      skip_to_content();
    else
      skip_blanks_and_comment();
    if (at_line_end()) return "";
    return peek() == '"' || peek() == '\'' ? quoted() : plain(style);
  }

  // Without quotation marks: what could be anything but a text in YAML is refused, not guessed.
  std::string plain(Style style) {
    constexpr std::string_view with_a_meaning = "[]{}&*!|>%@`?";
    refuse_unless(with_a_meaning.find(peek()) == std::string_view::npos && !rest_of_line().starts_with("- "), [&] {
      return "in the list of names: " + shown(rest_of_line()) +
             " has a meaning of its own in YAML; put the name in quotation marks";
    });
    const std::string_view ends = style == Style::flow ? ",[]{}" : "";
    std::string name;
    while (!at_end() && ends.find(peek()) == std::string_view::npos && !at_comment()) {
      if (peek() == '\n') {
        if (style == Style::block && !goes_on_below()) break;
        fold_line(name);
      } else {
        name += text_[position_++];
      }
    }
    return std::string(trimmed(name));
  }

  // A long name of a block may go on in lines that are indented further than its own.
  bool goes_on_below() const {
    const std::size_t content = text_.find_first_not_of(" \t\r\n", position_);
    return content != std::string_view::npos && text_[content] != '#' &&
           content - (text_.rfind('\n', content) + 1) > indentation_;
  }

  // A line end inside a name counts as one blank.
  void fold_line(std::string& name) {
    name = std::string(trimmed(name)) + " ";
    while (!at_end() && (peek() == '\n' || is_blank(peek())))
      ++position_;
  }

  std::string quoted() {
    const char mark = text_[position_++];
    std::string name;
    while (true) {
      check(!at_end(), "the name ", shown(name), " has no closing quotation mark");
      if (peek() == '\n') {
        fold_line(name);
        continue;
      }
      const char c = text_[position_++];
      if (c == mark) {
        // 'it''s'
        if (mark != '\'' || at_end() || peek() != mark) return name;
        ++position_;
        name += mark;
      } else if (c == '\\' && mark == '"') {
        append_escaped(name);
      } else {
        name += c;
      }
    }
  }

  void append_escaped(std::string& name) {
    constexpr std::string_view known = "\"\\/ t";
    const char c = at_end() ? '\n' : text_[position_];
    const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (c == '\n' && !at_end()) {
      fold_line(name);
      name.pop_back();
      return;
    }
    if (digits == 0) {
      refuse_unless(known.find(c) != std::string_view::npos,
                    [&] { return "in the name " + shown(name) + ": what follows the backslash is not understood"; });
      name += c == 't' ? '\t' : c;
      ++position_;
      return;
    }
    ++position_;
    std::uint32_t code = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      constexpr std::string_view hexadecimal = "0123456789abcdef";
      const char digit = at_end() ? '?' : text_[position_];
      const std::size_t value =
          hexadecimal.find(digit >= 'A' && digit <= 'F' ? static_cast<char>(digit - 'A' + 'a') : digit);
      refuse_unless(value != std::string_view::npos, [&] {
        return "in the name " + shown(name) + ": expected " + std::to_string(digits) + " hexadecimal digits";
      });
      code = code << 4U | static_cast<std::uint32_t>(value);
      ++position_;
    }
    refuse_unless(code != 0 && code < 0x110000U && (code < 0xD800U || code > 0xDFFFU),
                  [&] { return "in the name " + shown(name) + ": there is no such character"; });
    append_utf8(name, code);
  }

  std::vector<std::string> in_order() {
    std::vector<std::string> names;
    for (auto& [number, name] : numbered_) {
      check(number == static_cast<std::int64_t>(names.size()), "the names are numbered 0, 1, 2, ... without gaps; ",
            number < 0 ? "there is no class " : "there is no name of class ",
            number < 0 ? number : static_cast<std::int64_t>(names.size()), ", but one of class ", number);
      names.push_back(std::move(name));
    }
    return names;
  }

  std::string_view text_;
  std::size_t position_;
  std::size_t indentation_ = 0;  // of the name that is being read, in a block
  std::vector<std::string> names_;
  std::map<std::int64_t, std::string> numbered_;
};

// The places behind "names:" where that begins a line: deeper keys of this name are something else.
std::vector<std::size_t> find_names(std::string_view text) {
  constexpr std::string_view key = "names";
  std::vector<std::size_t> places;
  for (std::size_t begin = 0; begin < text.size();) {
    if (text.substr(begin).starts_with(key)) {
      std::size_t colon = begin + key.size();
      while (colon < text.size() && is_blank(text[colon]))
        ++colon;
      if (colon < text.size() && text[colon] == ':') places.push_back(colon + 1);
    }
    begin = std::min(text.find('\n', begin), text.size() - 1) + 1;
  }
  return places;
}

}  // namespace

std::vector<std::string> parse_yaml_names(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const std::vector<std::size_t> places = find_names(text);
  if (places.empty()) return {};
  check(places.size() == 1, "it has names twice");
  std::vector<std::string> names = NamesReader(text, places.front()).read();
  check_class_names(names);
  return names;
}

}  // namespace sleight
