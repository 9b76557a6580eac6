// The EXIF orientation: all eight values, in JPEG and PNG files, in the header and in the pixels.
#include "engine/image/orientation.h"

#include <cstdlib>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/data/classifier/dataset.h"
#include "engine/image/decode_image.h"
#include "engine/image/image_size.h"
#include "engine/image/image_writer.h"
#include "tests/data/annotations/dataset_files.h"

using namespace sleight;
using namespace sleight::test;

namespace {

void append_number(std::vector<std::byte>& bytes, std::uint32_t value, std::size_t width, bool little) {
  for (std::size_t i = 0; i < width; ++i)
    bytes.push_back(static_cast<std::byte>(value >> (8 * (little ? i : width - 1 - i))));
}

// An image file directory with a resolution before the orientation.
std::vector<std::byte> exif_of(int value, bool little) {
  std::vector<std::byte> exif = bytes_of(little ? "II" : "MM");
  append_number(exif, 42, 2, little);
  append_number(exif, 8, 4, little);
  append_number(exif, 2, 2, little);
  for (const auto& [tag, entry] : {std::pair{282, 72}, std::pair{274, value}}) {
    append_number(exif, static_cast<std::uint32_t>(tag), 2, little);
    append_number(exif, 3, 2, little);
    append_number(exif, 1, 4, little);
    append_number(exif, static_cast<std::uint32_t>(entry), 2, little);
    append_number(exif, 0, 2, little);
  }
  append_number(exif, 0, 4, little);
  return exif;
}

// In a segment of its own (APP1), before all others.
std::vector<std::byte> with_segment(std::vector<std::byte> jpeg, std::span<const std::byte> content) {
  std::vector<std::byte> segment = {std::byte{0xff}, std::byte{0xe1}};
  append_number(segment, static_cast<std::uint32_t>(content.size() + 2), 2, false);
  segment.insert(segment.end(), content.begin(), content.end());
  jpeg.insert(jpeg.begin() + 2, segment.begin(), segment.end());
  return jpeg;
}

std::vector<std::byte> jpeg_with(const std::vector<std::byte>& jpeg, std::span<const std::byte> exif) {
  std::vector<std::byte> content = bytes_of(std::string_view("Exif\0\0", 6));
  content.insert(content.end(), exif.begin(), exif.end());
  return with_segment(jpeg, content);
}

// After the header chunk. The checksum is not looked at.
std::vector<std::byte> png_with(std::vector<std::byte> png, std::span<const std::byte> exif) {
  std::vector<std::byte> chunk;
  append_number(chunk, static_cast<std::uint32_t>(exif.size()), 4, false);
  for (const char c : {'e', 'X', 'I', 'f'})
    chunk.push_back(static_cast<std::byte>(c));
  chunk.insert(chunk.end(), exif.begin(), exif.end());
  append_number(chunk, 0, 4, false);
  png.insert(png.begin() + 33, chunk.begin(), chunk.end());
  return png;
}

// Where the upright image's pixel (y, x) is stored, written out from the standard's table: what the first stored row
// and column are.
std::pair<std::int64_t, std::int64_t> stored_at(int value, std::int64_t y, std::int64_t x, ImageSize upright) {
  const std::int64_t bottom = upright.height - 1 - y, right = upright.width - 1 - x;
  switch (value) {
    case 2:
      return {y, right};  // row: top, column: right
    case 3:
      return {bottom, right};
    case 4:
      return {bottom, x};
    case 5:
      return {x, y};  // row: left, column: top
    case 6:
      return {right, y};  // row: right, column: top
    case 7:
      return {right, bottom};
    case 8:
      return {x, bottom};
    default:
      return {y, x};
  }
}

// The image as a camera that was held like this stores it.
Image stored_as(int value, const Image& upright) {
  const ImageSize size{upright.height(), upright.width()};
  Image stored = value >= 5 ? Image(size.width, size.height) : Image(size.height, size.width);
  for (std::int64_t y = 0; y < size.height; ++y)
    for (std::int64_t x = 0; x < size.width; ++x) {
      const auto [row, column] = stored_at(value, y, x, size);
      std::copy_n(upright.view().row(y) + 3 * x, 3, stored.view().row(row) + 3 * column);
    }
  return stored;
}

int largest_difference(ImageView a, ImageView b) {
  REQUIRE(a.height == b.height);
  REQUIRE(a.width == b.width);
  int largest = 0;
  for (std::int64_t y = 0; y < a.height; ++y)
    for (std::int64_t x = 0; x < 3 * a.width; ++x)
      largest = std::max(largest, std::abs(int{a.row(y)[x]} - int{b.row(y)[x]}));
  return largest;
}

}  // namespace

TEST_CASE("an image is turned as its EXIF orientation says, in the header and in the pixels") {
  const Image upright = coordinate_image(13, 22);
  for (int value = 1; value <= 8; ++value) {
    for (const bool little : {false, true}) {
      CAPTURE(value, little);
      const std::vector<std::byte> exif = exif_of(value, little);
      const std::vector<std::byte> file = png_with(encode_png(stored_as(value, upright).view()), exif);
      ImageDecoder decoder;
      const ImageSize size = decoder.open(file);
      CHECK(size.height == 13);
      CHECK(size.width == 22);
      CHECK(largest_difference(decoder.decode(), upright.view()) == 0);
      const auto header = find_image_header(file);
      REQUIRE(header.has_value());
      CHECK(turned_size(header->size, header->orientation).width == 22);
      // And the stored image, for those who want that.
      CHECK(decoder.open(file, ExifOrientation::ignored).width == (value >= 5 ? 13 : 22));
      CHECK(largest_difference(decoder.decode(), stored_as(value, upright).view()) == 0);
    }
  }
}

TEST_CASE("a part of a turned JPEG is that part of the upright one, at every reduction") {
  const Image upright = smooth_image(160, 240);
  for (int value = 1; value <= 8; ++value) {
    const std::vector<std::byte> file =
        jpeg_with(encode_jpeg(stored_as(value, upright).view(), JpegColors::rgb_444, 98), exif_of(value, true));
    const std::vector<std::byte> plain = encode_jpeg(upright.view(), JpegColors::rgb_444, 98);
    for (const std::int64_t reduction : {1, 2, 4}) {
      CAPTURE(value, reduction);
      const CropBox box{40, 24, 96, 64};
      ImageDecoder turned, expected;
      REQUIRE(turned.open(file).height == 160);
      expected.open(plain);
      const DecodedPart part = turned.decode(box, 64 / reduction, 96 / reduction);
      const DecodedPart wanted = expected.decode(box, 64 / reduction, 96 / reduction);
      CHECK(part.box.width == wanted.box.width);
      CHECK(part.box.height == wanted.box.height);
      const auto left = static_cast<std::int64_t>(part.box.left);
      const auto top = static_cast<std::int64_t>(part.box.top);
      int largest = 0;
      for (std::int64_t y = 0; y < 64 / reduction; ++y)
        for (std::int64_t x = 0; x < 96 / reduction; ++x)
          for (std::int64_t c = 0; c < 3; ++c)
            largest = std::max(
                largest, std::abs(int{part.pixels.row(top + y)[3 * (left + x) + c]} -
                                  int{wanted.pixels.row(static_cast<std::int64_t>(wanted.box.top) +
                                                        y)[3 * (static_cast<std::int64_t>(wanted.box.left) + x) + c]}));
      CHECK(largest <= 6);
    }
  }
}

TEST_CASE("the orientation is found behind other segments, and where its data reaches beyond what is read first") {
  const std::vector<std::byte> jpeg = encode_jpeg(smooth_image(16, 24).view());
  std::vector<std::byte> exif = exif_of(6, true);
  Files files;
  files["behind XMP"] = with_segment(jpeg_with(jpeg, exif), bytes_of("http://ns.adobe.com/xap/1.0/"));
  exif.resize(40000);  // a small picture of the image, as cameras write it
  files["long JPEG"] = jpeg_with(jpeg, exif);
  files["long PNG"] = png_with(encode_png(smooth_image(16, 24).view()), exif);
  TemporaryFolder folder;
  write_files(folder.path(), files);
  const auto tree = open_folder_tree(folder.path());
  std::vector<std::byte> memory;
  for (std::size_t file = 0; file < tree->files().size(); ++file) {
    CAPTURE(tree->files()[file]);
    CHECK(read_image_size(*tree, file, ExifOrientation::applied, memory).height == 24);
    CHECK(read_image_size(*tree, file, ExifOrientation::ignored, memory).height == 16);
    CHECK(ImageDecoder().open(files.at(tree->files()[file])).height == 24);
  }
}

TEST_CASE("damaged Exif data turns nothing, and the image is read") {
  const std::vector<std::byte> jpeg = encode_jpeg(smooth_image(16, 24).view());
  std::vector<std::vector<std::byte>> damaged = {{}, bytes_of("II"), bytes_of("something else that is long enough")};
  for (std::size_t length = 0; length < 31; ++length) {
    std::vector<std::byte> cut = exif_of(6, true);
    cut.resize(length);
    damaged.push_back(cut);
  }
  std::vector<std::byte> many = exif_of(9, false);
  damaged.push_back(many);
  many[8] = many[9] = std::byte{0xff};  // states 65,535 entries
  damaged.push_back(many);
  std::vector<std::byte> far = exif_of(6, false);
  far[4] = std::byte{0xff};  // the directory lies behind the end
  damaged.push_back(far);
  for (const std::vector<std::byte>& exif : damaged) {
    CAPTURE(exif.size());
    ImageDecoder decoder;
    CHECK(decoder.open(jpeg_with(jpeg, exif)).width == 24);
  }
}

TEST_CASE("boxes of a dataset are those of the image as it is given, from a folder and from a tar") {
  Files files;
  files["images/train/a.jpg"] = jpeg_with(encode_jpeg(stored_as(6, smooth_image(40, 60)).view()), exif_of(6, true));
  files["labels/train/a.txt"] = bytes_of("0 0.25 0.5 0.5 0.5\n");
  files["images/val/b.jpg"] = files["images/train/a.jpg"];
  files["labels/val/b.txt"] = files["labels/train/a.txt"];
  files["classes.txt"] = bytes_of("thing\n");
  TemporaryFolder folder;
  write_files(folder / "tree", files);
  write_bytes(folder / "tree.tar", tar_of(files));
  for (const char* place : {"tree", "tree.tar"}) {
    const auto pair = open_detector_datasets((folder / place).string(), "yolo");
    CHECK(objects_of(pair.training, 0) == std::vector<ObjectBox>{{{0, 10, 30, 30}, 0}});
    DetectorDatasetOptions options;
    options.exif_orientation = false;
    const auto stored = open_detector_datasets((folder / place).string(), "yolo", options);
    CHECK(objects_of(stored.training, 0) == std::vector<ObjectBox>{{{0, 15, 20, 45}, 0}});
    // Boxes of one and pixels of the other would train on nonsense.
    StoredImage image;
    pair.training.dataset->read(0, image);
    CHECK(image.exif == ExifOrientation::applied);
    stored.training.dataset->read(0, image);
    CHECK(image.exif == ExifOrientation::ignored);
  }
}

TEST_CASE("a classifier's images are turned or not, as asked for") {
  TemporaryFolder folder;
  for (const char* name : {"train/cat/a.jpg", "train/dog/a.jpg", "val/cat/a.jpg", "val/dog/a.jpg"})
    write_bytes(folder / name, jpeg_with(encode_jpeg(smooth_image(16, 24).view()), exif_of(6, true)));
  for (const bool is_turned : {true, false}) {
    DatasetOptions options;
    options.exif_orientation = is_turned;
    StoredImage image;
    open_dataset(folder.path().string(), DatasetSplit::training, options)->read(0, image);
    CHECK(image.exif == (is_turned ? ExifOrientation::applied : ExifOrientation::ignored));
  }
}
