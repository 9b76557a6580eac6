// Any bytes as an annotation of Pascal VOC: read or refused with an Error, and what is read is complete.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "engine/base/error.h"
#include "engine/data/annotations/voc_annotation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> file(reinterpret_cast<const std::byte*>(data), size);
  try {
    const sleight::VocAnnotation annotation = sleight::parse_voc_annotation(file);
    if (annotation.size.height < 0 || annotation.size.width < 0) std::abort();
    for (const sleight::VocObject& object : annotation.objects)
      if (object.class_name.empty()) std::abort();
  } catch (const sleight::Error&) {
    return 0;
  }
  return 0;
}
