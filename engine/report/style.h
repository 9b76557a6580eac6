// The report's appearance and its response to the pointer: its style sheet and its script, written into the page.
#pragma once

#include <string_view>

namespace sleight {

// The files report.css and report.js, embedded in the library by CMake.
extern const std::string_view report_style;
extern const std::string_view report_script;

}  // namespace sleight
