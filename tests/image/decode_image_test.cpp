// Decoding JPEG and PNG: right pixels, exact parts, and every kind of bad file refused with a message.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/image/decode_image.h"
#include "engine/image/image_writer.h"
#include "engine/value/random.h"
#include "tests/data/test_images.h"

using namespace sleight;
using namespace sleight::test;

namespace {

int largest_difference(ImageView a, ImageView b) {
  REQUIRE(a.height == b.height);
  REQUIRE(a.width == b.width);
  int largest = 0;
  for (std::int64_t y = 0; y < a.height; ++y)
    for (std::int64_t i = 0; i < a.width * 3; ++i)
      largest = std::max(largest, std::abs(int{a.row(y)[i]} - int{b.row(y)[i]}));
  return largest;
}

Image copy_of(ImageView view) {
  Image copy(view.height, view.width);
  for (std::int64_t y = 0; y < view.height; ++y)
    std::memcpy(copy.view().row(y), view.row(y), static_cast<std::size_t>(view.width) * 3);
  return copy;
}

const Image& constant(const Image& image) {
  return image;
}

}  // namespace

TEST_CASE("a JPEG file that is written is the image again, also from a part of a larger one") {
  ImageDecoder decoder;
  for (const auto& [height, width] : {std::pair{1, 1}, {7, 9}, {16, 16}, {33, 17}, {121, 203}}) {
    CAPTURE(height, width);
    const Image larger = smooth_image(height + 3, width + 5);
    const ImageView whole = larger.view();
    const ImageView part{whole.row(2) + 3 * 3, height, width, whole.row_stride};
    const auto file = encode_as_jpeg(part, 100);
    decoder.open(file);
    CHECK(largest_difference(decoder.decode(), part) <= 8);
    CHECK(encode_as_jpeg(part, 20).size() <= file.size());
  }
  CHECK(contains(message_of([] { encode_as_jpeg({nullptr, 70000, 1, 3}); }), "at most 65535 pixels"));
}

TEST_CASE("every kind of JPEG decodes to the image that was encoded") {
  ImageDecoder decoder;
  for (const auto& [height, width] : {std::pair{1, 1}, {7, 9}, {16, 16}, {33, 17}, {121, 203}}) {
    const Image image = smooth_image(height, width);
    for (const JpegColors colors : {JpegColors::rgb_444, JpegColors::rgb_422, JpegColors::rgb_420, JpegColors::cmyk})
      for (const bool progressive : {false, true}) {
        CAPTURE(height, width, static_cast<int>(colors), progressive);
        const auto file = encode_jpeg(image.view(), colors, 100, progressive);
        const ImageSize size = decoder.open(file);
        CHECK(size.height == height);
        CHECK(size.width == width);
        // Small images have steep colors, which subsampled chroma blurs.
        const bool is_subsampled = colors == JpegColors::rgb_422 || colors == JpegColors::rgb_420;
        CHECK(largest_difference(decoder.decode(), image.view()) <= (is_subsampled ? (height < 100 ? 45 : 8) : 4));
      }
  }
}

TEST_CASE("ink is stored inverted where an Adobe marker says so, and plain without one") {
  const Image image = smooth_image(24, 32);
  std::vector<std::byte> file = encode_jpeg(image.view(), JpegColors::cmyk, 100);
  ImageDecoder decoder;
  decoder.open(file);
  CHECK(largest_difference(decoder.decode(), image.view()) <= 4);
  const std::vector<std::byte> name = bytes_of("Adobe");
  const auto marker = std::search(file.begin(), file.end(), name.begin(), name.end());
  REQUIRE(marker != file.end());
  file.erase(marker - 4, marker + 12);  // FF EE and a length of 14
  decoder.open(file);
  // 255 of black, which was none.
  const ImageView black = decoder.decode();
  CHECK(*std::max_element(black.pixels, black.pixels + 24 * 32 * 3) <= 2);
}

TEST_CASE("bytes between a JPEG's segments do no harm, and scans without end are refused") {
  const std::vector<std::byte> jpeg = encode_jpeg(smooth_image(24, 32).view());
  std::vector<std::byte> odd = jpeg;
  odd[5] = std::byte{3};  // the first segment says that it is shorter than it is
  ImageDecoder decoder, expected;
  decoder.open(odd);
  expected.open(jpeg);
  CHECK(largest_difference(decoder.decode(), expected.decode()) == 0);

  Image flat(24, 32);
  std::fill_n(flat.view().pixels, 24 * 32 * 3, std::uint8_t{90});
  const std::vector<std::byte> few = encode_jpeg(flat.view(), JpegColors::gray, 90, true);
  std::size_t scan = few.size() - 2;
  while (few[scan] != std::byte{0xff} || few[scan + 1] != std::byte{0xda})
    --scan;
  std::vector<std::byte> many(few.begin(), few.end() - 2);
  for (int i = 0; i < 150; ++i)
    many.insert(many.end(), few.begin() + static_cast<std::ptrdiff_t>(scan), few.end() - 2);
  many.insert(many.end(), few.end() - 2, few.end());
  decoder.open(few);
  CHECK(decoder.decode().pixels[0] == 90);
  decoder.open(many);
  CHECK(contains(message_of([&] { decoder.decode(); }), "more than 100 scans"));
}

TEST_CASE("a gray JPEG gives three equal channels") {
  const Image image = smooth_image(40, 31);
  ImageDecoder decoder;
  const auto file = encode_jpeg(image.view(), JpegColors::gray, 100);
  decoder.open(file);
  const ImageView decoded = decoder.decode();
  const ImageView original = constant(image).view();
  for (std::int64_t y = 0; y < 40; ++y)
    for (std::int64_t x = 0; x < 31; ++x) {
      const std::uint8_t* pixel = decoded.row(y) + x * 3;
      const std::uint8_t* source = original.row(y) + x * 3;
      REQUIRE(pixel[0] == pixel[1]);
      REQUIRE(pixel[0] == pixel[2]);
      REQUIRE(std::abs(pixel[0] - (0.299 * source[0] + 0.587 * source[1] + 0.114 * source[2])) < 3.0);
    }
}

TEST_CASE("a part decoded alone is exactly the part of the whole, at every reduction") {
  RandomStream random(5, RandomPurpose::test);
  ImageDecoder decoder;
  for (const auto& [height, width] : {std::pair{97, 131}, {256, 256}, {301, 223}}) {
    const Image image = random_image(height, width, 3);
    for (const JpegColors colors :
         {JpegColors::rgb_444, JpegColors::rgb_422, JpegColors::rgb_420, JpegColors::gray, JpegColors::cmyk})
      for (const bool progressive : {false, true}) {
        const auto file = encode_jpeg(image.view(), colors, 80, progressive);
        for (const int reduction : {1, 2, 4, 8}) {
          // The whole at this reduction: ask for just as many pixels as it leaves.
          decoder.open(file);
          const CropBox everything{0, 0, static_cast<double>(width), static_cast<double>(height)};
          const Image whole = copy_of(decoder.decode(everything, height / reduction, width / reduction).pixels);
          REQUIRE(whole.height() == (height + reduction - 1) / reduction);
          REQUIRE(whole.width() == (width + reduction - 1) / reduction);
          for (int trial = 0; trial < 12; ++trial) {
            const std::int64_t box_height = reduction * 2 + random.below(height - reduction * 2);
            const std::int64_t box_width = reduction * 2 + random.below(width - reduction * 2);
            const std::int64_t top = random.below(height - box_height + 1);
            const std::int64_t left = random.below(width - box_width + 1);
            CAPTURE(height, width, static_cast<int>(colors), progressive, reduction, top, left, box_height, box_width);
            decoder.open(file);
            const DecodedPart part = decoder.decode({static_cast<double>(left), static_cast<double>(top),
                                                     static_cast<double>(box_width), static_cast<double>(box_height)},
                                                    box_height / reduction, box_width / reduction);
            const std::int64_t first_row = top / reduction;
            const std::int64_t first_column = left / reduction;
            REQUIRE(part.box.left == static_cast<double>(left) / reduction - static_cast<double>(first_column));
            REQUIRE(part.box.top == static_cast<double>(top) / reduction - static_cast<double>(first_row));
            REQUIRE(part.box.width * reduction == static_cast<double>(box_width));
            REQUIRE(part.pixels.height >= box_height / reduction);
            bool same = true;
            for (std::int64_t y = 0; y < part.pixels.height; ++y)
              same =
                  same && std::memcmp(part.pixels.row(y), constant(whole).view().row(first_row + y) + first_column * 3,
                                      static_cast<std::size_t>(part.pixels.width) * 3) == 0;
            REQUIRE(same);
          }
        }
      }
  }
}

TEST_CASE("a PNG comes back as it was") {
  const Image image = random_image(37, 53, 1);
  const auto file = encode_png(image.view());
  ImageDecoder decoder;
  decoder.open(file);
  CHECK(largest_difference(decoder.decode(), image.view()) == 0);
}

TEST_CASE("a PNG may begin its data with an empty chunk") {
  const Image image = random_image(7, 9, 1);
  std::vector<std::byte> file = encode_png(image.view());
  const unsigned char empty_idat[12] = {0, 0, 0, 0, 'I', 'D', 'A', 'T', 0x35, 0xaf, 0x06, 0x1e};
  // Behind the signature and the header chunk.
  const auto chunk = std::as_bytes(std::span(empty_idat));
  file.insert(file.begin() + 8 + 25, chunk.begin(), chunk.end());
  ImageDecoder decoder;
  decoder.open(file);
  CHECK(largest_difference(decoder.decode(), image.view()) == 0);
}

TEST_CASE("a PNG chunk that states more bytes than the file has is refused before any memory is taken for them") {
  const Image image = random_image(7, 9, 1);
  std::vector<std::byte> file = encode_png(image.view());
  // The length of the first chunk behind the header's: nearly 2 GiB.
  file[8 + 25] = std::byte{0x7f};
  ImageDecoder decoder;
  decoder.open(file);
  const std::string message = message_of([&] { decoder.decode(); });
  CAPTURE(message);
  CHECK(message.find("its chunk at byte 33 states 21") != std::string::npos);
}

TEST_CASE("a file cut short anywhere is an error with its reason, and the decoder goes on") {
  const Image image = random_image(40, 56, 2);
  ImageDecoder decoder;
  for (const bool progressive : {false, true}) {
    const auto file = encode_jpeg(image.view(), JpegColors::rgb_420, 90, progressive);
    for (std::size_t length = 0; length < file.size(); length += 1 + length / 50) {
      CAPTURE(progressive, length, file.size());
      const std::string message = message_of([&] {
        decoder.open(std::span(file).first(length));
        decoder.decode();
      });
      REQUIRE(!message.empty());
      if (length > 700) REQUIRE(contains(message, "cut off"));
    }
    // Refused even when the rows that are left would be enough.
    CHECK_THROWS_AS(decoder.open(std::span(file).first(file.size() - 2)), Error);
    decoder.open(file);
    CHECK(decoder.decode().height == 40);
  }
  const auto png = encode_png(image.view());
  for (std::size_t length = 0; length + 20 < png.size(); length += 1 + length / 50) {
    CAPTURE(length, png.size());
    REQUIRE_THROWS_AS((decoder.open(std::span(png).first(length)), decoder.decode()), Error);
  }
}

TEST_CASE("lost data inside a JPEG is an error although its end marker is there") {
  const Image image = random_image(64, 64, 4);
  auto file = encode_jpeg(image.view());
  file.erase(file.begin() + static_cast<std::ptrdiff_t>(file.size() / 2), file.end() - 2);
  ImageDecoder decoder;
  decoder.open(file);
  CHECK(contains(message_of([&] { decoder.decode(); }), "damaged or cut off"));
}

TEST_CASE("a flood of random damage never does worse than an error") {
  RandomStream random(9, RandomPurpose::test);
  ImageDecoder decoder;
  const Image image = smooth_image(48, 48);
  const std::vector<std::vector<std::byte>> files = {encode_jpeg(image.view(), JpegColors::rgb_420, 80, false),
                                                     encode_jpeg(image.view(), JpegColors::rgb_420, 80, true),
                                                     encode_png(image.view())};
  int refused = 0;
  for (int trial = 0; trial < 1500; ++trial) {
    auto file = files[static_cast<std::size_t>(trial % 3)];
    for (int i = 0; i < 4; ++i)
      file[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(file.size())))] =
          static_cast<std::byte>(random.below(256));
    try {
      const ImageSize size = decoder.open(file);
      if (size.height * size.width <= 1 << 20) decoder.decode();
    } catch (const Error&) {
      ++refused;
    }
  }
  CHECK(refused > 100);
}

TEST_CASE("images beyond the limits are refused from their header, and the message says the limit") {
  ImageDecoder decoder;
  const std::string message = message_of([&] { decoder.open(png_header(100000, 100000)); });
  CHECK(contains(message, "100000 x 100000"));
  CHECK(contains(message, "32768"));
  CHECK(contains(message_of([&] { decoder.open(png_header(20000, 20000)); }), "134217728"));
  CHECK(contains(message_of([&] { decoder.open(png_header(0, 5)); }), "5 x 0"));

  auto jpeg = encode_jpeg(smooth_image(16, 16).view());
  for (std::size_t i = 0; i + 8 < jpeg.size(); ++i)
    if (jpeg[i] == std::byte{0xff} && jpeg[i + 1] == std::byte{0xc0})
      for (std::size_t j = 5; j < 9; ++j)
        jpeg[i + j] = j % 2 == 1 ? std::byte{0xf0} : std::byte{0};
  CHECK(contains(message_of([&] { decoder.open(jpeg); }), "61440 x 61440"));
}

TEST_CASE("what is no image is named by its first bytes") {
  ImageDecoder decoder;
  CHECK(contains(message_of([&] { decoder.open({}); }), "empty"));
  CHECK(contains(message_of([&] { decoder.open(bytes_of("GIF89a....")); }), "GIF89a"));
  CHECK(contains(message_of([&] { decoder.open(bytes_of("\xff\xd8")); }), "\\xff\\xd8"));
}
