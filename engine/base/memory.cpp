#include "engine/base/memory.h"

#include <algorithm>
#include <charconv>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace sleight {

namespace {

std::int64_t kibibytes_after(std::string_view status, std::string_view label) {
  // A label counts only at the beginning of a line.
  std::size_t position = status.find(label);
  while (position != std::string_view::npos && position != 0 && status[position - 1] != '\n') {
    position = status.find(label, position + 1);
  }
  if (position == std::string_view::npos) return 0;
  std::string_view rest = status.substr(position + label.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  std::int64_t value = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), value);
  return value;
}

}  // namespace

MemoryUse parse_memory_use(std::string_view status) {
  return {kibibytes_after(status, "VmRSS:") * 1024, kibibytes_after(status, "VmHWM:") * 1024};
}

MemoryUse memory_use() {
  try {
    return parse_memory_use(read_text_file("/proc/self/status"));
  } catch (const Error&) {
    return {};  // a report without its memory line is better than a run that dies of it
  }
}

}  // namespace sleight
