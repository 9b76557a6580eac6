// The flags that every program with images has.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/options.h"

namespace sleight {

// --exif-orientation, or --no-exif-orientation.
Option& declare_exif_orientation(OptionList& options, bool& exif_orientation);

// --validation-share: of a dataset without a split to evaluate on.
Option& declare_validation_share(OptionList& options, std::optional<double>& share);
// What was asked for; else what the weights were trained with; else the default.
double validation_share_of(const std::optional<double>& asked, const std::optional<double>& of_weights = {});

// --mean and --deviation of red, green and blue.
void declare_normalization(OptionList& options, std::optional<std::vector<double>>& mean,
                           std::optional<std::vector<double>>& deviation, const std::string& default_text);
// Takes what was asked for into the recipe's channels, or what the recipe has into the option. Throws Error unless there
// are three numbers, naming the flag.
void settle_channels(std::optional<std::vector<double>>& option, const std::string& name,
                     std::array<double, 3>& channels);

}  // namespace sleight
