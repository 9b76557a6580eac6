// What the report looks like and how it answers the pointer: its style sheet and its script, written into the page.
#pragma once

#include <string_view>

namespace sleight {

// The files report.css and report.js, made part of the library by CMake.
extern const std::string_view report_style;
extern const std::string_view report_script;

}  // namespace sleight
