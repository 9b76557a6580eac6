// Small files and folders of images that tests of the programs work on, and the metrics and numbers that they look for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sleight::test {

// Both make the folders above the file.
void write_text(const std::filesystem::path& path, std::string_view text);
void write_gray_png(const std::filesystem::path& path, std::int64_t height, std::int64_t width, std::uint8_t gray);

// data/SPLIT/CLASS/N.png for each split and class: noise of side x side pixels whose border of `border` pixels is one
// of the class's own gray level. The border is all that tells the classes apart.
void write_bordered_images(const std::filesystem::path& data, const std::vector<std::string>& splits,
                           const std::vector<std::string>& classes, std::int64_t images, std::int64_t side,
                           std::int64_t border);

// The line of text that has this part; "" where there is none.
std::string line_with(const std::string& text, const std::string& part);

// The number behind the first `name` in a text such as "loss 0.5210, top-1 81.20%". Requires that it is there.
double number_after(const std::string& text, const std::string& name);

}  // namespace sleight::test
