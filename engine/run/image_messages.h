// Telling people what is wrong with a dataset, and about images that could not be read.
#pragma once

#include <span>
#include <string>

#include "engine/data/classifier/loader.h"

namespace sleight {

void log_warnings(const ImageSource& images);
// Before them, in one line, what was found where the data lies; nothing where `found` is empty.
void log_data(const std::string& found, const ImageSource& images);

// A warning for each, with its name and the reason.
void log_broken(std::span<const BrokenImage> broken);

// "", or ", 2 broken images left out".
std::string left_out(std::span<const BrokenImage> broken);

}  // namespace sleight
