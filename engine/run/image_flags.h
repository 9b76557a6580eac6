// The flags that every program with images has.
#pragma once

#include "engine/base/options.h"

namespace sleight {

// --exif-orientation, or --no-exif-orientation.
Option& declare_exif_orientation(OptionList& options, bool& exif_orientation);

}  // namespace sleight
