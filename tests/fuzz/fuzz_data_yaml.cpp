// Any text as a data.yaml: its class names and its splits are read or refused with an Error, and take no more memory than
// the longest file that is read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/data/annotations/yaml_names.h"

namespace {

std::size_t bytes_of(const std::vector<std::string>& texts) {
  std::size_t bytes = 0;
  for (const std::string& text : texts) {
    if (text.empty()) std::abort();
    bytes += text.size();
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::size_t limit = std::size_t{4} << 20;
  try {
    if (bytes_of(sleight::parse_yaml_names(text)) > limit) std::abort();
  } catch (const sleight::Error&) {
  }
  try {
    const sleight::YamlSplits splits = sleight::parse_yaml_splits(text);
    if (bytes_of(splits.train) + bytes_of(splits.val) + bytes_of(splits.test) > limit) std::abort();
  } catch (const sleight::Error&) {
  }
  return 0;
}
