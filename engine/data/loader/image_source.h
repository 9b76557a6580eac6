// Images by number, as a dataset holds them. An open dataset never changes and may be read from many threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/image/decode_image.h"

namespace sleight {

enum class DatasetSplit : std::uint8_t { training, evaluation };

// One image as the dataset holds it: the bytes of a JPEG or PNG file, or decoded pixels. The reader passes the same
// object for the next sample, so that its memory is reused.
struct StoredImage {
  enum class Form : std::uint8_t { encoded, pixels };

  Form form = Form::encoded;
  std::span<const std::byte> bytes;  // the file; or [height, width, 3] bytes of red, green, blue
  std::int64_t height = 0;           // only for pixels
  std::int64_t width = 0;
  ExifOrientation exif = ExifOrientation::applied;  // only for encoded images
  std::vector<std::byte> memory;                    // where `bytes` points, unless the dataset owns them
};

// Images by number, whatever a dataset knows about them.
class ImageSource {
 public:
  virtual ~ImageSource() = default;

  virtual std::int64_t size() const = 0;
  // For messages: the file's path, or "data_batch_1.bin: image 17".
  virtual std::string name(std::int64_t index) const = 0;
  // Throws Error when the file cannot be read.
  virtual void read(std::int64_t index, StoredImage& image) const = 0;
  // The same for both splits. A class is a position in this list.
  virtual const std::vector<std::string>& class_names() const = 0;
  // Oddities that do not stop a run: a class without images in the evaluation split, skipped files.
  virtual const std::vector<std::string>& warnings() const = 0;
};

}  // namespace sleight
