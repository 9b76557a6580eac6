#include "engine/run/image_flags.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/data/loader/validation_share.h"

namespace sleight {

Option& declare_exif_orientation(OptionList& options, bool& exif_orientation) {
  return options.add("exif-orientation", exif_orientation,
                     "Turn images as their EXIF data says, as browsers and annotation tools do");
}

Option& declare_validation_share(OptionList& options, std::optional<double>& share) {
  return options
      .add("validation-share", share,
           "Where the data has no split to evaluate on, hold this share of the training images out for it: the same "
           "images in every program; 0: refuse such data")
      .unit("FRACTION")
      .range(0.0, 0.9)
      .default_text("0.2; of weights, as they were trained");
}

double validation_share_of(const std::optional<double>& asked, const std::optional<double>& of_weights) {
  return asked.value_or(of_weights.value_or(default_validation_share));
}

void declare_normalization(OptionList& options, std::optional<std::vector<double>>& mean,
                           std::optional<std::vector<double>>& deviation, const std::string& default_text) {
  options.add("mean", mean, "Subtracted from red, green and blue, each 0 to 255")
      .unit("R,G,B")
      .separated_by(',')
      .range(0.0, 255.0)
      .default_text(default_text);
  options.add("deviation", deviation, "Divides red, green and blue after that")
      .unit("R,G,B")
      .separated_by(',')
      .range(0.0, 1e6)
      .positive()
      .default_text(default_text);
}

void settle_channels(std::optional<std::vector<double>>& option, const std::string& name,
                     std::array<double, 3>& channels) {
  if (option) {
    check(option->size() == channels.size(), "--", name, " takes three numbers, red, green and blue, got ",
          option->size());
    std::ranges::copy(*option, channels.begin());
  }
  option.emplace(channels.begin(), channels.end());
}

}  // namespace sleight
