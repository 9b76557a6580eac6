// A batch of noise for any training program: the time of a step hardly depends on what is in its images. What boxes
// there are does matter to a detector's loss, so they look like boxes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/device/device.h"
#include "engine/program/execute.h"
#include "engine/train/classifier_program.h"
#include "engine/train/detector_program.h"
#include "engine/value/random.h"

namespace sleight {

// Every input of a program on the host, by its name, and on the device.
class NoiseBatch {
 public:
  NoiseBatch(const Program& program, std::int64_t classes) {
    const Shape& images = program.value(program.find(classifier_value_names::images)).type.shape;
    height_ = images[1];
    width_ = images[2];
    for (const Value& value : program.values) {
      if (value.storage == Storage::input) values_.push_back({value.name, value.type, noise(value, classes)});
    }
  }

  // The executable reads this object's memory from then on.
  void bind_to(Executable& executable, const Device& device) {
    for (const Input& input : values_) {
      buffers_.push_back(device.allocate(std::ssize(input.bytes)));
      device.upload(buffers_.back().data(), input.bytes);
      executable.bind(input.name, buffers_.back().data());
    }
  }

  struct Input {
    std::string name;
    ValueType type;
    std::vector<std::byte> bytes;
  };
  const std::vector<Input>& inputs() const { return values_; }

 private:
  template <class T>
  static std::vector<std::byte> bytes_of(const std::vector<T>& numbers) {
    const auto bytes = std::as_bytes(std::span(numbers));
    return {bytes.begin(), bytes.end()};
  }

  std::vector<std::byte> integers(std::int64_t count, std::int64_t below) {
    std::vector<std::int32_t> numbers(static_cast<std::size_t>(count));
    for (std::int32_t& number : numbers)
      number = static_cast<std::int32_t>(random_.below(below));
    return bytes_of(numbers);
  }

  // Inside of the image, sides from a twentieth of the image's to four fifths, small ones as often as large ones.
  std::vector<std::byte> boxes(std::int64_t count) {
    std::vector<float> corners;
    for (std::int64_t i = 0; i < count; ++i) {
      const auto side = [&](std::int64_t of_image) {
        return static_cast<double>(of_image) * std::exp(random_.uniform(std::log(0.05), std::log(0.8)));
      };
      const double width = side(width_);
      const double height = side(height_);
      const double left = random_.uniform(0.0, static_cast<double>(width_) - width);
      const double top = random_.uniform(0.0, static_cast<double>(height_) - height);
      for (const double corner : {left, top, left + width, top + height})
        corners.push_back(static_cast<float>(corner));
    }
    return bytes_of(corners);
  }

  std::vector<std::byte> noise(const Value& value, std::int64_t classes) {
    const std::int64_t count = value.type.count();
    if (value.type.element == DataType::uint8) {
      std::vector<std::uint8_t> numbers(static_cast<std::size_t>(count));
      for (std::uint8_t& number : numbers)
        number = static_cast<std::uint8_t>(random_.bits() & 0xffU);
      return bytes_of(numbers);
    }
    if (value.name == classifier_value_names::flips) return integers(count, 2);
    if (value.name == classifier_value_names::labels || value.name == detector_value_names::object_classes)
      return integers(count, classes);
    if (value.name == detector_value_names::object_boxes) return boxes(count / 4);
    if (value.name == detector_value_names::object_weights)
      return bytes_of(std::vector<float>(static_cast<std::size_t>(count), 1.0F));
    fail("there is no noise for the input '", value.name, "' (", to_string(value.type), ")");
  }

  RandomStream random_{1, RandomPurpose::test};
  std::int64_t height_ = 0, width_ = 0;
  std::vector<Input> values_;
  std::vector<Buffer> buffers_;
};

}  // namespace sleight
