// Sizes of images from the beginning of their files, and reading parts of files.
#include "engine/image/image_size.h"
#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/image/image_writer.h"
#include "tests/data/annotations/dataset_files.h"

using namespace sleight;
using namespace sleight::test;

namespace {

// A JPEG with so many bytes of comments before its frame header.
std::vector<std::byte> with_comments(std::vector<std::byte> jpeg, std::size_t bytes) {
  std::vector<std::byte> comments;
  while (bytes > 0) {
    const std::size_t length = std::min<std::size_t>(bytes, 65000);
    comments.insert(comments.end(), {std::byte{0xff}, std::byte{0xff}, std::byte{0xfe}});  // one byte of padding
    comments.push_back(static_cast<std::byte>((length + 2) >> 8));
    comments.push_back(static_cast<std::byte>((length + 2) & 255));
    comments.insert(comments.end(), length, std::byte{0xc0});
    bytes -= length;
  }
  jpeg.insert(jpeg.begin() + 2, comments.begin(), comments.end());
  return jpeg;
}

}  // namespace

TEST_CASE("the size of an image is that of the decoder, from a folder and from a tar") {
  const Image image = smooth_image(37, 52);
  Files files;
  files["baseline"] = encode_jpeg(image.view());
  files["progressive"] = encode_jpeg(image.view(), JpegColors::rgb_444, 90, true);
  files["cmyk"] = encode_jpeg(image.view(), JpegColors::cmyk);
  files["png"] = encode_png(image.view());
  files["long"] = with_comments(files["baseline"], 100000);
  files["longer"] = with_comments(files["baseline"], 2000000);
  TemporaryFolder folder;
  write_files(folder / "tree", files);
  write_bytes(folder / "tree.tar", tar_of(files));
  for (const char* place : {"tree", "tree.tar"}) {
    const auto tree = open_file_tree(folder / place, 1 << 24);
    std::vector<std::byte> memory;
    for (std::size_t file = 0; file < tree->files().size(); ++file) {
      CAPTURE(tree->files()[file]);
      const ImageSize size = read_image_size(*tree, file, ExifOrientation::applied, memory);
      CHECK(size.height == 37);
      CHECK(size.width == 52);
      ImageDecoder decoder;
      CHECK(decoder.open(files.at(tree->files()[file])).width == size.width);
    }
  }
}

TEST_CASE("tables and extensions before the frame header are not taken for it") {
  const std::vector<std::byte> jpeg = encode_jpeg(smooth_image(37, 52).view());
  for (const int marker : {0xc4, 0xc8, 0xcc, 0xdb, 0xe1}) {
    CAPTURE(marker);
    std::vector<std::byte> before = jpeg;
    const std::vector<std::byte> segment = {std::byte{0xff}, static_cast<std::byte>(marker),
                                            std::byte{0},    std::byte{8},
                                            std::byte{8},    std::byte{0},
                                            std::byte{1},    std::byte{0},
                                            std::byte{1},    std::byte{0}};
    before.insert(before.begin() + 2, segment.begin(), segment.end());
    const std::optional<ImageHeader> header = find_image_header(before);
    REQUIRE(header.has_value());
    CHECK(header->size.height == 37);
  }
}

TEST_CASE("headers that are cut off, damaged or lie are errors that name the file") {
  const std::vector<std::byte> jpeg = encode_jpeg(smooth_image(37, 52).view());
  const std::vector<std::byte> png = encode_png(smooth_image(37, 52).view());
  const auto message = [](std::span<const std::byte> bytes) {
    TemporaryFolder folder;
    write_bytes(folder / "image", bytes);
    std::vector<std::byte> memory;
    return message_of([&] { read_image_size(*open_folder_tree(folder.path()), 0, ExifOrientation::applied, memory); });
  };
  CHECK(message(jpeg).empty());
  CHECK(contains(message({}), "image: the file is empty"));
  CHECK(contains(message(bytes_of("GIF89a")), "neither a JPEG nor a PNG"));
  for (const std::size_t length : {3, 4, 5, 20, 100})
    CHECK(contains(message(std::span(jpeg).first(length)), "cut off after " + std::to_string(length)));
  for (const std::size_t length : {8, 23})
    CHECK(contains(message(std::span(png).first(length)), "cut off after " + std::to_string(length)));
  std::vector<std::byte> damaged = jpeg;
  damaged[2] = std::byte{0};
  // Three bytes decide that a file is a JPEG; the third is the first segment's.
  CHECK(contains(message(damaged), "neither"));
  // Bytes between segments do no harm, here or in libjpeg: a first segment that says it is shorter than it is.
  for (const int length : {0, 3}) {
    damaged = jpeg;
    damaged[5] = static_cast<std::byte>(length);
    CHECK(message(damaged).empty());
    CHECK(find_image_header(damaged)->size.width == 52);
  }
  damaged = {jpeg.begin(), jpeg.begin() + 2};
  damaged.insert(damaged.end(), {std::byte{0xff}, std::byte{0xda}, std::byte{0}, std::byte{2}});
  CHECK(contains(message(damaged), "no frame header"));
  CHECK(contains(message(png_header(40000, 10)), "10 x 40000"));
}

TEST_CASE("parts of files end where the file does") {
  TemporaryFolder folder;
  const Files files = {{"a/b", bytes_of("0123456789")}, {"c", {}}};
  write_files(folder / "tree", files);
  write_bytes(folder / "tree.tar", tar_of(files));
  for (const char* place : {"tree", "tree.tar"}) {
    CAPTURE(place);
    const auto tree = open_file_tree(folder / place, 1 << 20);
    REQUIRE(tree->find("a/b") == std::optional<std::size_t>(0));
    REQUIRE(tree->find("c") == std::optional<std::size_t>(1));
    CHECK(!tree->find("a"));
    CHECK(!tree->find("d"));
    std::vector<std::byte> memory;
    const auto part = [&](std::size_t file, std::size_t offset, std::size_t count) {
      const auto bytes = tree->read_part(file, offset, count, memory);
      return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    CHECK(part(0, 0, 4) == "0123");
    CHECK(part(0, 3, 4) == "3456");
    CHECK(part(0, 8, 4) == "89");
    CHECK(part(0, 10, 4).empty());
    CHECK(part(0, 99, 4).empty());
    CHECK(part(0, 1, static_cast<std::size_t>(-1)) == "123456789");
    CHECK(part(1, 0, 4).empty());
  }
}
