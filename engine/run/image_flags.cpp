#include "engine/run/image_flags.h"

namespace sleight {

Option& declare_exif_orientation(OptionList& options, bool& exif_orientation) {
  return options.add("exif-orientation", exif_orientation,
                     "Turn images as their EXIF data says, as browsers and annotation tools do");
}

}  // namespace sleight
