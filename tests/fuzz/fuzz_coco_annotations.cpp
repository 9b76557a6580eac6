// Any bytes as an annotation file of COCO: read or refused with an Error, and the same in parts of one byte.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>

#include "engine/base/error.h"
#include "engine/data/annotations/coco_annotations.h"

namespace {

std::optional<sleight::CocoAnnotations> parse(std::span<const std::byte> file, std::size_t part) {
  try {
    return sleight::parse_coco_annotations([&] {
      const std::span<const std::byte> next = file.first(std::min(part, file.size()));
      file = file.subspan(next.size());
      return next;
    });
  } catch (const sleight::Error&) {
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> file(reinterpret_cast<const std::byte*>(data), size);
  const auto whole = parse(file, size);
  const auto parts = parse(file, 1);
  if (whole.has_value() != parts.has_value()) std::abort();
  if (!whole) return 0;
  if (whole->images.size() != parts->images.size() || whole->objects.size() != parts->objects.size() ||
      whole->categories.size() != parts->categories.size())
    std::abort();
  for (std::size_t i = 0; i < whole->objects.size(); ++i)
    if (!sleight::is_finite(whole->objects[i].numbers) || whole->objects[i].numbers != parts->objects[i].numbers)
      std::abort();
  return 0;
}
