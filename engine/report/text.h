// Small pieces of text for all parts of the report.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sleight {

// Escapes &, <, > and quotes: class names come from folder names and may contain anything.
std::string html_escaped(std::string_view text);
// Formats one number as printf does: "%.1f%%" and the like.
std::string format_number(const char* format, double value);
// 0.9234 -> "92.3%".
std::string format_percent(double fraction);
// 1234567 -> "1,234,567".
std::string format_count(std::int64_t count);

}  // namespace sleight
