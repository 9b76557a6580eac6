// Any text as metrics.jsonl: read or refused with an Error, and the numbers of a line are there or not finite alone.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/base/error.h"
#include "engine/report/run_log.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    for (const sleight::MetricsLine& line :
         sleight::parse_metrics({reinterpret_cast<const char*>(data), size}, "metrics.jsonl")) {
      if (!std::isfinite(line.epoch) || !std::isfinite(line.seconds)) std::abort();
      for (const sleight::Scalar& scalar : line.values)
        if (!line.find(scalar.name)) std::abort();
    }
  } catch (const sleight::Error&) {
  }
  return 0;
}
