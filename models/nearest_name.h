// A suggestion for a name that does not exist.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sleight {

// The position of `name` in `names`. If it is missing, throws Error that names the kind ("classifier"), suggests the
// nearest name and lists all.
std::size_t position_of_name(std::string_view what, std::string_view name, std::span<const std::string> names);

}  // namespace sleight
