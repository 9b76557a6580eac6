#include "engine/data/loader/image_survey.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/files/text_lines.h"
#include "engine/image/png.h"

namespace sleight {

namespace {

struct Found {
  std::int64_t count = 0;
  std::string first;

  void add(const std::string& name) {
    if (count++ == 0) first = name;
  }
  // "3 of 40 PNG images ".
  std::string of(std::int64_t surveyed) const {
    return std::to_string(count) + " of " + count_of(surveyed, "PNG image") + (count == 1 ? " is" : " are");
  }
};

}  // namespace

std::vector<std::string> survey_images(const ImageSource& images) {
  std::vector<std::int64_t> named_png;
  for (std::int64_t i = 0; i < images.size(); ++i)
    if (lower_case_extension(images.name(i)) == ".png") named_png.push_back(i);
  const std::int64_t surveyed = std::min(most_surveyed_images, std::ssize(named_png));
  Found dark, transparent;
  StoredImage stored;
  ImageDecoder decoder;
  for (std::int64_t k = 0; k < surveyed; ++k) {
    const std::int64_t i = named_png[k * std::ssize(named_png) / surveyed];
    try {
      images.read(i, stored);
      if (stored.form != StoredImage::Form::encoded || !may_be_odd(stored.bytes)) continue;
      decoder.open(stored.bytes);
      decoder.decode();
    } catch (const Error&) {
      continue;
    }
    if (decoder.oddities().is_dark_16_bit) dark.add(images.name(i));
    if (decoder.oddities().is_transparent) transparent.add(images.name(i));
  }
  const std::string looked_at = surveyed < std::ssize(named_png) ? " that were looked at" : "";
  std::vector<std::string> lines;
  if (dark.count > 0)
    lines.push_back(dark.of(surveyed) + " nearly black" + looked_at +
                    ": 16 bits a channel, and no value above an eighth of the range. Scale the values up to 65535, or "
                    "store them in 8 bits; the first is " +
                    dark.first);
  if (transparent.count > 0)
    lines.push_back(transparent.of(surveyed) + " transparent" + looked_at +
                    ": the colors that are stored under the transparency are used. Put the images on a background if "
                    "those are not meant; the first is " +
                    transparent.first);
  return lines;
}

}  // namespace sleight
