// The outlines of the generated images' shapes.
#pragma once

#include <array>
#include <string_view>

namespace sleight {

inline constexpr std::array<std::string_view, 10> synthetic_shape_names = {
    "arrow", "crescent", "cross", "disk", "heart", "hexagon", "ring", "square", "star", "triangle"};

// The distance from (x, y) to the outline of shape `shape` (a position in the list above), negative inside. The shape
// is centered and extends about 1 from the center.
double synthetic_shape_distance(int shape, double x, double y);

}  // namespace sleight
