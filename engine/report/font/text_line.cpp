#include "engine/report/font/text_line.h"

#include <algorithm>
#include <cstddef>

#include "engine/report/font/utf8.h"

namespace sleight {

namespace {

bool is_between(char32_t character, char32_t first, char32_t last) {
  return character >= first && character <= last;
}

bool is_control(char32_t character) {
  return character < 0x20 || is_between(character, 0x7F, 0x9F);
}

bool is_invisible(char32_t character) {
  return character == 0xAD || character == 0x061C || is_between(character, 0x200B, 0x200F) ||
         is_between(character, 0x2028, 0x202E) || is_between(character, 0x2060, 0x206F) ||
         is_between(character, 0xFE00, 0xFE0F) || character == 0xFEFF || is_between(character, 0xE0000, 0xE0FFF);
}

bool is_digit_from_the_left(char32_t character) {
  return is_between(character, 0x0660, 0x066C) || is_between(character, 0x06F0, 0x06F9);
}

bool is_right_to_left(char32_t character) {
  return (is_between(character, 0x0590, 0x08FF) && !is_digit_from_the_left(character)) ||
         is_between(character, 0xFB1D, 0xFDFF) || is_between(character, 0xFE70, 0xFEFC);
}

// Reverses each stretch that begins and ends with a right-to-left letter and contains only such letters and spaces.
void turn_right_to_left(std::u32string& characters) {
  for (auto begin = characters.begin(); begin != characters.end();) {
    begin = std::find_if(begin, characters.end(), is_right_to_left);
    auto end = begin;
    for (auto at = begin; at != characters.end() && (is_right_to_left(*at) || *at == ' '); ++at) {
      if (*at != ' ') end = at + 1;
    }
    std::reverse(begin, end);
    begin = end;
  }
}

// The drawn form of a character of the text; 0 to skip it.
char32_t drawn_character(char32_t character) {
  if (is_invisible(character)) return 0;
  return is_control(character) ? replacement_character : character;
}

double advance_after(char32_t previous, char32_t character, double size, const Font& font) {
  return font.advance(character, size) + (previous != 0 ? font.kerning(previous, character, size) : 0.0);
}

}  // namespace

std::u32string drawn_order(std::string_view text) {
  std::u32string characters;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t character = drawn_character(next_character(text, at));
    if (character != 0) characters += character;
  }
  turn_right_to_left(characters);
  return characters;
}

double text_width(std::string_view text, double size, const Font& font) {
  double width = 0.0;
  char32_t previous = 0;
  for (const char32_t character : drawn_order(text)) {
    width += advance_after(previous, character, size, font);
    previous = character;
  }
  return width;
}

std::string shortened(std::string_view text, double width, double size, const Font& font) {
  const std::string_view ellipsis = font.has(0x2026) ? "\u2026" : "..";
  const double room = width - text_width(ellipsis, size, font);
  // Kerning differs where words are reversed; the widths of prefixes only decide where to stop.
  double used = 0.0;
  std::size_t fitting = 0;
  char32_t previous = 0;
  std::size_t at = 0;
  while (at < text.size() && used <= width) {
    const char32_t character = drawn_character(next_character(text, at));
    if (character != 0) {
      used += advance_after(previous, character, size, font);
      previous = character;
    }
    if (used <= room) fitting = at;
  }
  if (used <= width) return std::string(text);
  return fitting == 0 ? std::string() : std::string(text.substr(0, fitting)) + std::string(ellipsis);
}

std::string shortened_before(std::string_view note, std::string_view text, double width, double size,
                             const Font& font) {
  if (note.empty()) return shortened(text, width, size, font);
  const std::string end = " " + std::string(note);
  const std::string begin = shortened(text, width - text_width(end, size, font), size, font);
  // If the text is cut to nothing, the note may still fit.
  return begin.empty() ? shortened(note, width, size, font) : begin + end;
}

}  // namespace sleight
