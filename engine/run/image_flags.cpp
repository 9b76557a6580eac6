#include "engine/run/image_flags.h"

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

}  // namespace sleight
