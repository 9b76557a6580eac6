// Event files that TensorBoard reads: a sequence of TFRecord frames, each an Event protocol buffer (tensorflow's
// event.proto and summary.proto), encoded by hand since we need only five of its fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/file.h"

namespace sleight {

// The pure half: bytes of one serialized Event. wall_time in seconds since 1970.
std::string tensorboard_version_event(double wall_time);
// Tells readers that the run starts again here: they forget what other event files of the folder say of `step` and
// later.
std::string tensorboard_restart_event(double wall_time, std::int64_t step);
std::string tensorboard_scalar_event(double wall_time, std::int64_t step, std::string_view tag, float value);
std::string tensorboard_image_event(double wall_time, std::int64_t step, std::string_view tag, int width, int height,
                                    std::span<const std::byte> png);

// TFRecord framing: length (8 bytes), masked crc32c of the length (4), payload, masked crc32c of the payload (4);
// little-endian.
std::string tfrecord_frame(std::string_view payload);

// A new event file in `folder` (which must exist). Each event is in the system's hands when its call returns. Throws
// Error when the file cannot be written.
class TensorboardWriter {
 public:
  // first_step: when a run is resumed, the first step that will be written again; events of earlier files from there on
  // are superseded.
  explicit TensorboardWriter(const std::filesystem::path& folder, std::optional<std::int64_t> first_step = {});

  void scalar(std::int64_t step, std::string_view tag, double value);
  // png: a whole PNG file's bytes; its size in pixels is told beside it.
  void image(std::int64_t step, std::string_view tag, int width, int height, std::span<const std::byte> png);

 private:
  AppendFile file_;
};

}  // namespace sleight
