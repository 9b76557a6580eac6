#include "tools/common/broken_pictures.h"

#include "engine/base/log.h"

namespace sleight {

void log_broken(std::span<const BrokenPicture> broken) {
  for (const BrokenPicture& picture : broken)
    log_warning("broken picture ", picture.name, ": ", picture.reason);
}

std::string left_out(std::span<const BrokenPicture> broken) {
  if (broken.empty()) return "";
  return ", " + std::to_string(broken.size()) + " broken picture" + (broken.size() == 1 ? "" : "s") + " left out";
}

}  // namespace sleight
