#include "engine/base/format_bytes.h"

#include <iomanip>
#include <sstream>

namespace sleight {

std::string format_bytes(std::int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  std::ostringstream text;
  text << std::fixed;
  if (bytes >= std::int64_t{1} << 30U) {
    text << std::setprecision(2) << value / 0x1p30 << " GiB";
  } else if (bytes >= std::int64_t{1} << 20U) {
    text << std::setprecision(0) << value / 0x1p20 << " MiB";
  } else if (bytes >= std::int64_t{1} << 10U) {
    text << std::setprecision(1) << value / 0x1p10 << " KiB";
  } else {
    text << bytes << " bytes";
  }
  return text.str();
}

}  // namespace sleight
