// YOLO's text files: the boxes of one picture, and the names of the classes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/data/annotations.h"

namespace sleight {

// One object a line, "class centre_x centre_y width height", the last four as shares of the picture's width and height.
// Empty lines are passed over. Throws Error with the number of the line for anything else, outlines (more numbers)
// among it, and for a class that is not in 0 .. class_count - 1.
std::vector<StatedObject> parse_yolo_label(std::string_view text, std::size_t class_count);

// One name a line; see read_class_names.
std::vector<std::string> parse_class_names(std::string_view text);

// The names in a data.yaml: "names: [a, b]", or one a line below it, "- a" or "0: a" (numbered from 0 on, in order).
// Empty when the file has no names. Throws Error for names that are none of these.
std::vector<std::string> parse_yaml_names(std::string_view text);

}  // namespace sleight
