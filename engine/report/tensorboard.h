// Event files for TensorBoard: a sequence of TFRecord frames, each an Event protocol buffer (tensorflow's event.proto
// and summary.proto). They are encoded by hand, because we need only five of the fields.
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

// The pure half: the bytes of one serialized Event. wall_time in seconds since 1970.
std::string tensorboard_version_event(double wall_time);
// Tells readers that the run restarts here: they discard events of other files in the folder from `step` on.
std::string tensorboard_restart_event(double wall_time, std::int64_t step);
std::string tensorboard_scalar_event(double wall_time, std::int64_t step, std::string_view tag, float value);
std::string tensorboard_image_event(double wall_time, std::int64_t step, std::string_view tag, int width, int height,
                                    std::span<const std::byte> png);

// TFRecord framing: length (8 bytes), masked crc32c of the length (4), payload, masked crc32c of the payload (4);
// little-endian.
std::string tfrecord_frame(std::string_view payload);

// Cuts the event files that Sleight wrote into the folder after the events of `last_step`; a frame that is not whole is
// where a file ends. So no step is in them twice once a resumed run writes it again.
void cut_event_files(const std::filesystem::path& folder, std::int64_t last_step);

// A new event file in `folder` (which must exist). Each event has reached the operating system when its call returns.
// Throws Error if the file cannot be written.
class TensorboardWriter {
 public:
  // first_step: for a resumed run, the first step that it writes again. Readers that are looking on let go of what they
  // have of it and later ones; the files are cut by cut_event_files().
  explicit TensorboardWriter(const std::filesystem::path& folder, std::optional<std::int64_t> first_step = {});

  void scalar(std::int64_t step, std::string_view tag, double value);
  // png: the bytes of a whole PNG file; the event also states its size in pixels.
  void image(std::int64_t step, std::string_view tag, int width, int height, std::span<const std::byte> png);

 private:
  AppendFile file_;
};

}  // namespace sleight
