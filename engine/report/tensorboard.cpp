#include "engine/report/tensorboard.h"

#include <unistd.h>

#include <bit>
#include <chrono>

#include "engine/base/crc32c.h"

namespace sleight {

namespace {

// Protocol buffers on the wire: each field is a key (number * 8 + kind), then its value.
enum class Kind : std::uint32_t { varint = 0, fixed64 = 1, length_delimited = 2, fixed32 = 5 };

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80U; value >>= 7U)
    bytes += static_cast<char>((value & 0x7FU) | 0x80U);
  return bytes + static_cast<char>(value);
}

template <class Integer>
std::string little_endian(Integer value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(Integer); ++i)
    bytes += static_cast<char>((value >> (8 * i)) & 0xFFU);
  return bytes;
}

std::string key(std::uint32_t field, Kind kind) {
  return varint(field << 3U | static_cast<std::uint32_t>(kind));
}

std::string integer_field(std::uint32_t field, std::int64_t value) {
  return key(field, Kind::varint) + varint(static_cast<std::uint64_t>(value));
}
std::string double_field(std::uint32_t field, double value) {
  return key(field, Kind::fixed64) + little_endian(std::bit_cast<std::uint64_t>(value));
}
std::string float_field(std::uint32_t field, float value) {
  return key(field, Kind::fixed32) + little_endian(std::bit_cast<std::uint32_t>(value));
}
std::string bytes_field(std::uint32_t field, std::string_view value) {
  return key(field, Kind::length_delimited) + varint(value.size()) + std::string(value);
}

// Event: 1 wall_time, 2 step, 3 file_version, 5 summary, 7 session_log. Summary: 1 value (repeated).
// Summary.Value: 1 tag, 2 simple_value, 4 image. Image: 1 height, 2 width, 3 colorspace, 4 encoded_image_string.
std::string summary_event(double wall_time, std::int64_t step, std::string_view tag, const std::string& value) {
  const std::string summary = bytes_field(1, bytes_field(1, tag) + value);
  return double_field(1, wall_time) + integer_field(2, step) + bytes_field(5, summary);
}

// A checksum of data that contains its own checksum is weak (crc of crc is constant); TFRecord therefore masks it.
std::uint32_t masked_crc32c(std::string_view bytes) {
  return std::rotr(crc32c(std::as_bytes(std::span(bytes))), 15) + 0xA282EAD8U;
}

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// TensorBoard finds files by "tfevents" in the name and reads them in the order of their names, so the time comes
// first. Two writers of one process in the same second get different counts.
std::filesystem::path new_event_file(const std::filesystem::path& folder) {
  const std::string stem = "events.out.tfevents." + std::to_string(static_cast<std::int64_t>(now())) + ".sleight." +
                           std::to_string(getpid());
  int count = 0;
  while (std::filesystem::exists(folder / (stem + "." + std::to_string(count))))
    ++count;
  return folder / (stem + "." + std::to_string(count));
}

}  // namespace

std::string tensorboard_version_event(double wall_time) {
  return double_field(1, wall_time) + bytes_field(3, "brain.Event:2");
}

std::string tensorboard_restart_event(double wall_time, std::int64_t step) {
  constexpr std::int64_t status_start = 1;  // SessionLog: 1 status
  return double_field(1, wall_time) + integer_field(2, step) + bytes_field(7, integer_field(1, status_start));
}

std::string tensorboard_scalar_event(double wall_time, std::int64_t step, std::string_view tag, float value) {
  return summary_event(wall_time, step, tag, float_field(2, value));
}

std::string tensorboard_image_event(double wall_time, std::int64_t step, std::string_view tag, int width, int height,
                                    std::span<const std::byte> png) {
  constexpr std::int64_t colorspace_rgb = 3;
  const std::string_view encoded(reinterpret_cast<const char*>(png.data()), png.size());
  return summary_event(wall_time, step, tag,
                       bytes_field(4, integer_field(1, height) + integer_field(2, width) +
                                          integer_field(3, colorspace_rgb) + bytes_field(4, encoded)));
}

std::string tfrecord_frame(std::string_view payload) {
  const std::string length = little_endian(static_cast<std::uint64_t>(payload.size()));
  return length + little_endian(masked_crc32c(length)) + std::string(payload) + little_endian(masked_crc32c(payload));
}

TensorboardWriter::TensorboardWriter(const std::filesystem::path& folder, std::optional<std::int64_t> first_step)
    : file_(new_event_file(folder)) {
  file_.write(tfrecord_frame(tensorboard_version_event(now())));
  if (first_step) file_.write(tfrecord_frame(tensorboard_restart_event(now(), *first_step)));
}

void TensorboardWriter::scalar(std::int64_t step, std::string_view tag, double value) {
  file_.write(tfrecord_frame(tensorboard_scalar_event(now(), step, tag, static_cast<float>(value))));
}

void TensorboardWriter::image(std::int64_t step, std::string_view tag, int width, int height,
                              std::span<const std::byte> png) {
  file_.write(tfrecord_frame(tensorboard_image_event(now(), step, tag, width, height, png)));
}

}  // namespace sleight
