// Small pieces of text that all parts of the report need.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sleight {

// With &, <, > and quotes made harmless: class names come from folder names, and may be anything.
std::string html_escaped(std::string_view text);
// As printf would, for one number. "%.1f%%" and the like.
std::string format_number(const char* format, double value);
// 0.9234 -> "92.3%".
std::string format_percent(double fraction);
// 1234567 -> "1,234,567".
std::string format_count(std::int64_t count);

}  // namespace sleight
