// Datasets with boxes that the tests make for themselves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/detector/dataset.h"
#include "engine/image/image.h"

namespace sleight::test {

// Images in memory, as pixels or as JPEG files; some may be broken.
class DetectionImages : public DetectorDataset {
 public:
  enum class Form { pixels, jpeg };

  void add(const Image& image, std::vector<ObjectBox> objects, Form form = Form::jpeg);
  // Cuts a JPEG off.
  void break_image(std::size_t index);

  std::int64_t size() const override { return static_cast<std::int64_t>(entries_.size()); }
  std::string name(std::int64_t index) const override { return "memory/" + std::to_string(index) + ".jpg"; }
  void read(std::int64_t index, StoredImage& image) const override;
  const std::vector<std::string>& class_names() const override { return names_; }
  const std::vector<std::string>& warnings() const override { return warnings_; }
  std::span<const ObjectBox> objects(std::int64_t index) const override {
    return entries_[static_cast<std::size_t>(index)].objects;
  }

 private:
  struct Entry {
    Form form = Form::jpeg;
    std::vector<std::byte> bytes;
    std::int64_t height = 0, width = 0;
    std::vector<ObjectBox> objects;
  };

  std::vector<std::string> names_ = {"even", "odd"};
  std::vector<std::string> warnings_;
  std::vector<Entry> entries_;
};

// Black images with one bright rectangle each, which is the image's object: red with class 0 in every even one,
// blue with class 1 in every odd one.
DetectionImages painted_images(int count, std::int64_t smallest, std::int64_t largest, DetectionImages::Form form);

// Noise of about 44 x 54 as JPEG, with one to three objects each, of class index % 2.
DetectionImages noise_images(int count);

}  // namespace sleight::test
