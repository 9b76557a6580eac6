// Any text as every field of a checkpoint's metadata: read or refused with an Error, and what is read is in its range.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/checkpoint/metadata_fields.h"
#include "engine/run/log_window.h"
#include "engine/train/loss_scale.h"
#include "engine/train/receipt.h"

namespace {

template <class Read>
void try_to(Read&& read) {
  try {
    read();
  } catch (const sleight::Error&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const sleight::SafetensorsMetadata metadata = {{"field", text}};
  try_to([&] {
    if (sleight::metadata_count(metadata, "field") < 0) std::abort();
  });
  try_to([&] {
    if (!std::isfinite(sleight::metadata_number(metadata, "field"))) std::abort();
  });
  try_to([&] {
    const std::optional<double> share = sleight::metadata_share(metadata, "field");
    if (!share || !(*share >= 0.0 && *share < 1.0)) std::abort();
  });
  try_to([&] {
    if (sleight::metadata_switch(metadata, "field") != (text == "true")) std::abort();
  });
  try_to([&] {
    if (sleight::metadata_texts(metadata, "field").empty()) std::abort();
  });
  try_to([&] {
    for (const double number : sleight::metadata_colors(metadata, "field"))
      if (!std::isfinite(number)) std::abort();
  });
  try_to([&] {
    sleight::LossScale scale;
    scale.restore(text);
    if (!(scale.scale() >= 1.0)) std::abort();
  });
  try_to([&] {
    const std::vector<sleight::Receipt> receipts = sleight::receipts_from_json(text);
    const std::vector<sleight::Receipt> again = sleight::receipts_from_json(sleight::receipts_to_json(receipts));
    if (!std::ranges::equal(receipts, again, {}, &sleight::Receipt::fired, &sleight::Receipt::fired)) std::abort();
  });
  try_to([&] {
    const sleight::RestoredWindow restored = sleight::window_from_json(text);
    const std::string written = sleight::window_to_json(restored.window, restored.task_sums);
    const sleight::RestoredWindow again = sleight::window_from_json(written);
    if (again.window.steps != restored.window.steps || again.task_sums.size() != restored.task_sums.size())
      std::abort();
  });
  return 0;
}
