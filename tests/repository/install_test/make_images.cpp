// Writes a folder of small images for train_example, 20 to train on and 8 to evaluate on of each class:
//   make_images FOLDER
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>

#include "engine/image/image_writer.h"

int main(int argc, char** argv) {
  using namespace sleight;
  if (argc != 2) return 2;
  std::mt19937 random(1);
  const auto write = [&](const std::string& split, const std::string& name, std::int64_t channel, int count) {
    const std::filesystem::path folder = std::filesystem::path(argv[1]) / split / name;
    std::filesystem::create_directories(folder);
    for (int i = 0; i < count; ++i) {
      Image image(33, 35);
      for (std::int64_t k = 0; k < image.height() * image.width() * 3; ++k)
        image.view().pixels[k] = static_cast<std::uint8_t>(random() % (k % 3 == channel ? 256U : 160U));
      write_png(folder / (std::to_string(i) + ".png"), image.view());
    }
  };
  for (const char* split : {"train", "val"}) {
    const int count = std::string(split) == "train" ? 20 : 8;
    write(split, "blue", 2, count);
    write(split, "red", 0, count);
  }
}
