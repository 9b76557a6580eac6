// The font file that CMake found (SLEIGHT_FONT), embedded in the library.
#pragma once

#include <string_view>

namespace sleight {

extern const std::string_view embedded_font;

}  // namespace sleight
