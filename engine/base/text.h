// Text for messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <sstream>
#include <string>
#include <string_view>

namespace sleight {

// In quotation marks, cut after `most` bytes, control characters as '?' and bytes that are no UTF-8 as \xNN: what is in a
// file may be endless, or made to play tricks on a terminal.
std::string shown(std::string_view text, std::size_t most = 60);

// Two digits for each byte, in lower case: "1b" for the escape character.
std::string hexadecimal(std::string_view bytes);

// The bytes of the character at the beginning of a text that is not empty: 1 to 4; 0 if it is no UTF-8 (RFC 3629).
std::size_t utf8_length(std::string_view text);
bool is_utf8(std::string_view text);

// The text as it may go to a terminal: control characters, and bytes that are no UTF-8, as '?'. A file or a class may
// have a name that would change the terminal's title or colors. Line breaks stay only where asked for.
enum class LineBreaks : std::uint8_t { replaced, kept };
std::string printable(std::string_view text, LineBreaks line_breaks = LineBreaks::replaced);

// count_of(1, "image") is "1 image", count_of(0, "box", "boxes") "0 boxes". Without `several` an s is added.
std::string count_of(std::int64_t count, std::string_view one, std::string_view several = {});

// All parts as a stream prints them, one after the other: printed("rate ", 0.1, ", ", 3, " epochs").
template <class... Parts>
std::string printed(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

// joined(names) is "a, b, c"; of other things `text` gives what stands for each. Anything that a stream prints.
template <class Items, class Text>
std::string joined(const Items& items, const Text& text, std::string_view separator = ", ") {
  std::ostringstream all;
  std::string_view between;
  for (const auto& item : items) {
    all << between << text(item);
    between = separator;
  }
  return all.str();
}
template <class Items>
std::string joined(const Items& items) {
  return joined(
      items, [](const auto& item) -> const auto& { return item; });
}

// The first five, so that a message stays readable: "a, b, c, d, e, ... (12 in all)".
std::string listed(std::span<const std::string> names);

// "a, b or c".
std::string alternatives(std::span<const std::string> names);

}  // namespace sleight
