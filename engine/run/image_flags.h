// The flags that every program with images has.
#pragma once

#include <optional>

#include "engine/base/options.h"

namespace sleight {

// --exif-orientation, or --no-exif-orientation.
Option& declare_exif_orientation(OptionList& options, bool& exif_orientation);

// --validation-share: of a dataset without a split to evaluate on.
inline constexpr double default_validation_share = 0.2;
Option& declare_validation_share(OptionList& options, std::optional<double>& share);

}  // namespace sleight
