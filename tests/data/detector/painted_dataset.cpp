#include "painted_dataset.h"

#include <algorithm>

#include "engine/value/random.h"
#include "tests/data/test_images.h"

namespace sleight::test {

void DetectionImages::add(const Image& image, std::vector<ObjectBox> objects, Form form) {
  Entry entry{form, {}, image.height(), image.width(), std::move(objects)};
  if (form == Form::jpeg) {
    entry.bytes = encode_jpeg(image.view(), JpegColors::rgb_444);
  } else {
    const auto bytes = std::as_bytes(image.pixels());
    entry.bytes.assign(bytes.begin(), bytes.end());
  }
  entries_.push_back(std::move(entry));
}

void DetectionImages::break_image(std::size_t index) {
  entries_[index].bytes.resize(entries_[index].bytes.size() / 2);
}

void DetectionImages::read(std::int64_t index, StoredImage& image) const {
  const Entry& entry = entries_[static_cast<std::size_t>(index)];
  image.form = entry.form == Form::jpeg ? StoredImage::Form::encoded : StoredImage::Form::pixels;
  image.bytes = entry.bytes;
  image.height = entry.height;
  image.width = entry.width;
}

DetectionImages painted_images(int count, std::int64_t smallest, std::int64_t largest, DetectionImages::Form form) {
  DetectionImages images;
  for (int i = 0; i < count; ++i) {
    RandomStream random(90, RandomPurpose::test, 0, static_cast<std::uint64_t>(i));
    const std::int64_t height = smallest + random.below(largest - smallest + 1);
    const std::int64_t width = smallest + random.below(largest - smallest + 1);
    const std::int64_t box_height = smallest / 3 + random.below(height / 2);
    const std::int64_t box_width = smallest / 3 + random.below(width / 2);
    const std::int64_t top = random.below(height - box_height + 1);
    const std::int64_t left = random.below(width - box_width + 1);
    Image image(height, width);
    std::fill_n(image.view().pixels, height * width * 3, std::uint8_t{0});
    for (std::int64_t y = top; y < top + box_height; ++y)
      for (std::int64_t x = left; x < left + box_width; ++x)
        image.view().row(y)[x * 3 + (i % 2 == 0 ? 0 : 2)] = 255;
    images.add(image,
               {{.box = {static_cast<double>(left), static_cast<double>(top), static_cast<double>(left + box_width),
                         static_cast<double>(top + box_height)},
                 .class_index = i % 2}},
               form);
  }
  return images;
}

DetectionImages noise_images(int count) {
  DetectionImages images;
  for (int i = 0; i < count; ++i) {
    const std::int64_t height = 40 + i % 7, width = 50 + i % 11;
    std::vector<ObjectBox> objects;
    for (int k = 0; k <= i % 3; ++k) {
      const double left = 3.0 * k + i % 5, top = 2.0 * k + i % 4;
      objects.push_back({.box = {left, top, left + 20.0 + k, top + 15.0 + i % 9}, .class_index = i % 2});
    }
    images.add(random_image(height, width, static_cast<std::uint64_t>(i)), std::move(objects));
  }
  return images;
}

}  // namespace sleight::test
