#include "engine/run/image_messages.h"

#include "engine/base/log.h"
#include "engine/base/text.h"

namespace sleight {

void log_warnings(const ImageSource& images) {
  for (const std::string& warning : images.warnings())
    log_warning(warning);
}

void log_data(const std::string& found, const ImageSource& images) {
  if (!found.empty()) log_info(found);
  log_warnings(images);
}

void log_broken(std::span<const BrokenImage> broken) {
  for (const BrokenImage& image : broken)
    log_warning("broken image ", image.name, ": ", image.reason);
}

std::string left_out(std::span<const BrokenImage> broken) {
  if (broken.empty()) return "";
  return ", " + count_of(std::ssize(broken), "broken image") + " left out";
}

}  // namespace sleight
