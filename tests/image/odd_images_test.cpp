// Images that are unusual and not broken: they are read, and what is probably a mistake is said.
#include <zlib.h>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/data/classifier/dataset.h"
#include "engine/image/decode_image.h"
#include "engine/image/image_writer.h"
#include "tests/data/annotations/dataset_files.h"

using namespace sleight;
using namespace sleight::test;

namespace {

void append_number(std::vector<std::byte>& bytes, std::uint32_t value) {
  for (int i = 3; i >= 0; --i)
    bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
}

void append_chunk(std::vector<std::byte>& png, std::string_view name, std::span<const std::byte> data) {
  append_number(png, static_cast<std::uint32_t>(data.size()));
  const std::vector<std::byte> name_bytes = bytes_of(name);
  png.insert(png.end(), name_bytes.begin(), name_bytes.end());
  png.insert(png.end(), data.begin(), data.end());
  append_number(png, 0);  // the checksum is not looked at
}

// color_type: 0 gray, 2 color, 6 color and opacity. All pixels have the value, plus `step` for each further channel.
std::vector<std::byte> png_of(int bit_depth, int color_type, std::uint32_t value, int empty_data_chunks = 0,
                              std::uint32_t step = 0) {
  constexpr std::size_t side = 4;
  const std::size_t channels = color_type == 0 ? 1 : color_type == 2 ? 3 : 4;
  std::vector<std::byte> rows;
  for (std::size_t y = 0; y < side; ++y) {
    rows.push_back(std::byte{0});
    for (std::size_t i = 0; i < side * channels; ++i) {
      const auto sample = static_cast<std::uint32_t>(value + i % channels * step);
      if (bit_depth == 16) rows.push_back(static_cast<std::byte>(sample >> 8));
      rows.push_back(static_cast<std::byte>(sample));
    }
  }
  uLongf length = compressBound(rows.size());
  std::vector<std::byte> packed(length);
  compress(reinterpret_cast<Bytef*>(packed.data()), &length, reinterpret_cast<const Bytef*>(rows.data()), rows.size());
  packed.resize(length);
  std::vector<std::byte> png = {std::byte{0x89}, std::byte{'P'},  std::byte{'N'},  std::byte{'G'},
                                std::byte{'\r'}, std::byte{'\n'}, std::byte{0x1a}, std::byte{'\n'}};
  std::vector<std::byte> header;
  append_number(header, side);
  append_number(header, side);
  for (const int part : {bit_depth, color_type, 0, 0, 0})
    header.push_back(static_cast<std::byte>(part));
  append_chunk(png, "IHDR", header);
  for (int i = 0; i < empty_data_chunks; ++i)
    append_chunk(png, "IDAT", {});
  append_chunk(png, "IDAT", packed);
  append_chunk(png, "IEND", {});
  return png;
}

}  // namespace

TEST_CASE("16 bits of which only the lower ones are used, and transparency, are noticed") {
  const auto oddities = [](const std::vector<std::byte>& file) {
    ImageDecoder decoder;
    decoder.open(file);
    decoder.decode();
    return decoder.oddities();
  };
  CHECK(oddities(png_of(16, 0, 4095)).is_dark_16_bit);
  CHECK(oddities(png_of(16, 2, 255)).is_dark_16_bit);
  CHECK_FALSE(oddities(png_of(16, 0, 40000)).is_dark_16_bit);
  CHECK_FALSE(oddities(png_of(8, 0, 3)).is_dark_16_bit);  // an image may be dark
  CHECK(oddities(png_of(8, 6, 100)).is_transparent);
  CHECK_FALSE(oddities(png_of(8, 6, 255)).is_transparent);
  CHECK(oddities(png_of(16, 6, 30000)).is_transparent);
  CHECK_FALSE(oddities(encode_jpeg(smooth_image(8, 8).view())).is_dark_16_bit);
}

TEST_CASE("colors are those beside the opacity, in 8 bits and in 16, and a color may be made transparent") {
  ImageDecoder decoder;
  const auto first_pixel = [&](const std::vector<std::byte>& file) {
    decoder.open(file);
    const std::uint8_t* const pixel = decoder.decode().pixels;
    return std::vector<int>(pixel, pixel + 3);
  };
  CHECK(first_pixel(png_of(8, 6, 10, 0, 30)) == std::vector<int>{10, 40, 70});
  CHECK(first_pixel(png_of(16, 6, 0x2080, 0, 0x1000)) == std::vector<int>{0x20, 0x30, 0x40});
  CHECK(first_pixel(png_of(16, 2, 0x2080, 0, 0x1000)) == std::vector<int>{0x20, 0x30, 0x40});
  std::vector<std::byte> of_one_color = png_of(8, 2, 90);
  std::vector<std::byte> chunk;
  append_chunk(chunk, "tRNS", bytes_of(std::string_view("\0Z\0Z\0Z", 6)));  // Z is 90
  of_one_color.insert(of_one_color.begin() + 33, chunk.begin(), chunk.end());
  CHECK(first_pixel(of_one_color) == std::vector<int>{90, 90, 90});
  CHECK(decoder.oddities().is_transparent);
  // What was odd of one image is not said of the next.
  decoder.open(encode_jpeg(smooth_image(8, 8).view()));
  decoder.decode();
  CHECK_FALSE(decoder.oddities().is_transparent);
}

TEST_CASE("a dataset with such images says so when it opens") {
  Files files;
  for (const char* split : {"train", "val"})
    for (const char* name : {"cat", "dog"}) {
      const std::string folder = std::string(split) + "/" + name + "/";
      files[folder + "dark.png"] = png_of(16, 0, 4095);
      files[folder + "clear.png"] = png_of(8, 6, 9);
      files[folder + "plain.png"] = png_of(8, 2, 90);
      files[folder + "broken.png"] = bytes_of("\x89PNG\r\n\x1a\n");
    }
  TemporaryFolder folder;
  write_files(folder.path(), files);
  for (const DatasetSplit split : {DatasetSplit::training, DatasetSplit::evaluation}) {
    const auto dataset = open_dataset(folder.path().string(), split);
    std::string all;
    for (const std::string& warning : dataset->warnings())
      all += warning + "\n";
    CAPTURE(all);
    CHECK(contains(all, "2 of 8 PNG images are nearly black"));
    CHECK(contains(all, "2 of 8 PNG images are transparent"));
    CHECK(contains(all, "cat/dark.png"));
  }
}

TEST_CASE("a dataset with boxes on such images says so when it opens") {
  Files files;
  for (const std::string split : {"train", "val"}) {
    files["images/" + split + "/dark.png"] = png_of(16, 0, 4095);
    files["labels/" + split + "/dark.txt"] = bytes_of("0 0.5 0.5 1 1\n");
  }
  files["classes.txt"] = bytes_of("thing\n");
  TemporaryFolder folder;
  write_files(folder.path(), files);
  const auto pair = open_detector_datasets(folder.path().string(), "yolo");
  CHECK(contains(warnings_of(pair.training), "split train: 1 of 1 PNG image is nearly black"));
  CHECK(contains(warnings_of(pair.evaluation), "split val: 1 of 1 PNG image is nearly black"));
}

TEST_CASE("a PNG without data is refused, and empty pieces of data do no harm") {
  ImageDecoder decoder;
  for (const int empty : {1, 3}) {
    const std::vector<std::byte> file = png_of(8, 0, 77, empty);
    decoder.open(file);
    CHECK(decoder.decode().pixels[0] == 77);
  }
  std::vector<std::byte> none = png_header(24, 40);
  append_chunk(none, "IDAT", {});
  append_chunk(none, "IEND", {});
  const std::string message = message_of([&] {
    decoder.open(none);
    decoder.decode();
  });
  CHECK(contains(message, "no image data"));
}

TEST_CASE("a JPEG whose scan states odd numbers of coefficients is read") {
  const std::vector<std::byte> jpeg = encode_jpeg(smooth_image(24, 32).view());
  std::vector<std::byte> odd = jpeg;
  for (std::size_t i = 0; i + 12 < odd.size(); ++i) {
    if (odd[i] != std::byte{0xff} || odd[i + 1] != std::byte{0xda}) continue;
    const auto components = std::to_integer<std::size_t>(odd[i + 4]);
    odd[i + 5 + 2 * components + 1] = std::byte{0};  // the last coefficient, 63 in a baseline file
    break;
  }
  REQUIRE(odd != jpeg);
  ImageDecoder decoder, expected;
  decoder.open(odd);
  expected.open(jpeg);
  const ImageView a = decoder.decode(), b = expected.decode();
  CHECK(std::equal(a.pixels, a.pixels + 24 * 32 * 3, b.pixels));
}
