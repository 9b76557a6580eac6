// Telling people about pictures that could not be read.
#pragma once

#include <span>
#include <string>

#include "engine/data/loader.h"

namespace sleight {

// A warning for each, with its name and the reason.
void log_broken(std::span<const BrokenPicture> broken);

// "", or ", 2 broken pictures left out".
std::string left_out(std::span<const BrokenPicture> broken);

}  // namespace sleight
