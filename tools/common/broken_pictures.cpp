#include "tools/common/broken_pictures.h"

#include "engine/base/log.h"
#include "engine/base/text.h"

namespace sleight {

void log_broken(std::span<const BrokenPicture> broken) {
  for (const BrokenPicture& picture : broken)
    log_warning("broken picture ", picture.name, ": ", picture.reason);
}

std::string left_out(std::span<const BrokenPicture> broken) {
  if (broken.empty()) return "";
  return ", " + count_of(std::ssize(broken), "broken picture") + " left out";
}

}  // namespace sleight
