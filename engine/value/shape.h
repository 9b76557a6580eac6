// Extents of a tensor, outermost first. Images are [batch, height, width, channels], matrices [rows, columns],
// convolution weights [output channels, kernel height, kernel width, input channels].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sleight {

using Shape = std::vector<std::int64_t>;

// The number of elements; 1 for a scalar (empty shape). Throws Error on a negative extent or on overflow.
std::int64_t element_count(const Shape& shape);

// "8x56x56x64"; "scalar" for an empty shape.
std::string to_string(const Shape& shape);

}  // namespace sleight
