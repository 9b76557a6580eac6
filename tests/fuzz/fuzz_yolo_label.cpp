// Any text as a label of YOLO and as a list of class names: read or refused with an Error, and every class is in the list.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/data/annotations/yolo_label.h"

namespace {

template <class Parse>
void try_to(Parse&& parse) {
  try {
    parse();
  } catch (const sleight::Error&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::size_t classes = 20;
  try_to([&] {
    for (const sleight::StatedObject& object : sleight::parse_yolo_label(text, classes))
      if (object.class_number < 0 || object.class_number >= static_cast<std::int32_t>(classes)) std::abort();
  });
  try_to([&] {
    if (sleight::parse_class_names(text).empty()) std::abort();
  });
  return 0;
}
