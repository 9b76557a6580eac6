#include "engine/report/tensorboard.h"

#include <unistd.h>

#include <bit>
#include <charconv>
#include <chrono>
#include <vector>

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

constexpr std::string_view file_prefix = "events.out.tfevents.";
constexpr std::string_view writer = ".sleight.";

std::vector<std::filesystem::path> event_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(file_prefix) && name.find(writer) != std::string::npos) files.push_back(entry.path());
  }
  return files;
}

// TensorBoard finds files by "tfevents" in the name and reads them in the order of their names, so the time comes
// first. A run that goes on within a second of its stop must still come after it.
std::filesystem::path new_event_file(const std::filesystem::path& folder, bool is_resumed) {
  auto seconds = static_cast<std::int64_t>(now());
  for (const std::filesystem::path& file : is_resumed ? event_files(folder) : std::vector<std::filesystem::path>()) {
    const std::string name = file.filename().string();
    std::int64_t earlier = 0;
    std::from_chars(name.data() + file_prefix.size(), name.data() + name.size(), earlier);
    if (earlier >= seconds && earlier < seconds + 60) seconds = earlier + 1;
  }
  const std::string stem =
      std::string(file_prefix) + std::to_string(seconds) + std::string(writer) + std::to_string(getpid());
  int count = 0;
  while (std::filesystem::exists(folder / (stem + "." + std::to_string(count))))
    ++count;
  return folder / (stem + "." + std::to_string(count));
}

std::uint64_t little_endian_at(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return value;
}

// Of a serialized event as the functions below make it: wall_time, then the step, if it has one.
std::int64_t step_of(std::string_view event) {
  const std::size_t at = key(1, Kind::fixed64).size() + 8;
  if (event.size() <= at || event.substr(at, 1) != key(2, Kind::varint)) return 0;
  std::uint64_t step = 0;
  unsigned shift = 0;
  for (std::size_t i = at + 1; i < event.size() && shift < 64; ++i, shift += 7) {
    const auto byte = static_cast<unsigned char>(event[i]);
    step |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80U) break;
  }
  return static_cast<std::int64_t>(step);
}

}  // namespace

void cut_event_files(const std::filesystem::path& folder, std::int64_t last_step) {
  constexpr std::size_t before = 12, after = 4;  // the frame around an event
  for (const std::filesystem::path& path : event_files(folder)) {
    const std::string text = read_text_file(path);
    const std::string_view bytes = text;
    std::size_t kept = 0;
    while (bytes.size() - kept >= before + after) {
      const std::uint64_t size = little_endian_at(bytes.substr(kept));
      if (size > bytes.size() - kept - before - after) break;
      if (step_of(bytes.substr(kept + before, size)) > last_step) break;
      kept += before + size + after;
    }
    if (kept < bytes.size()) AppendFile(path).truncate(kept);
  }
}

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
    : file_(new_event_file(folder, first_step.has_value())) {
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
