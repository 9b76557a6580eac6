// Words for messages to people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sleight {

// In quotation marks, cut after 60 characters, control characters as '?': what is in a file may be endless, or made to
// play tricks on a terminal.
std::string shown(std::string_view text);

// count_of(1, "picture") is "1 picture", count_of(0, "box", "boxes") "0 boxes". Without `several` an s is added.
std::string count_of(std::int64_t count, std::string_view one, std::string_view several = {});

}  // namespace sleight
