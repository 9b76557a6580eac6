// Colors of classes.
#pragma once

#include <cstdint>

#include "engine/report/canvas.h"

namespace sleight {

inline constexpr std::int32_t class_colors = 120;

// The same in every image, and different for the first `class_colors` classes. Each color is the one farthest from all
// earlier ones (OkLab, Ottosson 2020), among colors that are neither too dark nor too pale for lines on a photograph;
// the first few are fixed.
Color class_color(std::int32_t class_index);

// Black or white, whichever is more legible on the color.
Color text_color_on(Color color);

}  // namespace sleight
