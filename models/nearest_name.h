// What to suggest for a name that does not exist.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sleight {

// The position of `name` in `names`. Throws Error that says what is looked for ("classifier"), suggests the nearest and
// lists all.
std::size_t position_of_name(std::string_view what, std::string_view name, std::span<const std::string> names);

}  // namespace sleight
