// Telling people about images that could not be read.
#pragma once

#include <span>
#include <string>

#include "engine/data/classifier/loader.h"

namespace sleight {

// A warning for each, with its name and the reason.
void log_broken(std::span<const BrokenImage> broken);

// "", or ", 2 broken images left out".
std::string left_out(std::span<const BrokenImage> broken);

}  // namespace sleight
