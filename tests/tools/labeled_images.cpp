#include "tests/tools/labeled_images.h"

#include <algorithm>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/image/image_writer.h"
#include "engine/value/random.h"

namespace sleight::test {

void write_text(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  write_file_atomically(path, text);
}

void write_gray_png(const std::filesystem::path& path, std::int64_t height, std::int64_t width, std::uint8_t gray) {
  Image image(height, width);
  std::fill_n(image.view().pixels, height * width * 3, gray);
  std::filesystem::create_directories(path.parent_path());
  write_png(path, image.view());
}

void write_bordered_images(const std::filesystem::path& data, const std::vector<std::string>& splits,
                           const std::vector<std::string>& classes, std::int64_t images, std::int64_t side,
                           std::int64_t border) {
  for (const std::string& split : splits) {
    for (std::size_t k = 0; k < classes.size(); ++k) {
      const std::filesystem::path folder = data / split / classes[k];
      std::filesystem::create_directories(folder);
      const auto gray = static_cast<std::uint8_t>(classes.size() == 1 ? 0 : 255 * k / (classes.size() - 1));
      for (std::int64_t i = 0; i < images; ++i) {
        Image image(side, side);
        RandomStream random(static_cast<std::uint64_t>(i), RandomPurpose::test, k);
        for (std::int64_t y = 0; y < side; ++y) {
          for (std::int64_t x = 0; x < side; ++x) {
            const bool inside = std::min({x, y, side - 1 - x, side - 1 - y}) >= border;
            for (std::int64_t channel = 0; channel < 3; ++channel)
              image.view().pixels[(y * side + x) * 3 + channel] =
                  inside ? static_cast<std::uint8_t>(random.below(256)) : gray;
          }
        }
        write_file_atomically(folder / (std::to_string(i) + ".png"), encode_png(image.view()));
      }
    }
  }
}

std::string line_with(const std::string& text, const std::string& part) {
  const std::size_t at = text.find(part);
  if (at == std::string::npos) return "";
  const std::size_t begin = text.rfind('\n', at) + 1;
  return text.substr(begin, text.find('\n', at) - begin);
}

double number_after(const std::string& text, const std::string& name) {
  INFO(text);
  const std::size_t at = text.find(name);
  REQUIRE(at != std::string::npos);
  return std::stod(text.substr(at + name.size()));
}

}  // namespace sleight::test
