// Mistakes in images that make none of them unreadable, looked for when a dataset opens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/loader/image_source.h"

namespace sleight {

// So many files are looked at, at equal distances: of every PNG file the header, and the pixels where it has 16 bits a
// channel or an alpha channel.
inline constexpr std::int64_t most_surveyed_images = 200;

// A line for each kind that was found, with the number of images and the first of them: 16 bits a channel of which only
// the lower ones are used (the image looks black), and transparency. Broken images are left to the loader.
std::vector<std::string> survey_images(const ImageSource& images);

}  // namespace sleight
