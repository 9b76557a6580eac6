#include "test_images.h"

#include <stdlib.h>
#include <algorithm>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>

#include <jpeglib.h>
#include <zlib.h>

#include "engine/value/random.h"

namespace sleight::test {

namespace {

template <class Function>
Image make_image(std::int64_t height, std::int64_t width, Function&& value) {
  Image image(height, width);
  const MutableImageView view = image.view();
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      for (int channel = 0; channel < 3; ++channel)
        view.row(y)[x * 3 + channel] = static_cast<std::uint8_t>(value(y, x, channel));
  return image;
}

}  // namespace

Image smooth_image(std::int64_t height, std::int64_t width) {
  return make_image(height, width, [&](std::int64_t y, std::int64_t x, int channel) {
    const double u = static_cast<double>(x) / static_cast<double>(width);
    const double v = static_cast<double>(y) / static_cast<double>(height);
    return 128.0 + 60.0 * std::sin(3.0 * u + channel) + 50.0 * std::cos(4.0 * v - channel);
  });
}

Image coordinate_image(std::int64_t height, std::int64_t width) {
  return make_image(height, width, [](std::int64_t y, std::int64_t x, int channel) {
    return (channel == 0 ? x : channel == 1 ? y : x + y) % 256;
  });
}

Image random_image(std::int64_t height, std::int64_t width, std::uint64_t seed) {
  RandomStream random(seed, RandomPurpose::test);
  return make_image(height, width, [&](std::int64_t, std::int64_t, int) { return random.below(256); });
}

std::vector<std::byte> encode_jpeg(ImageView image, JpegColors colors, int quality, bool progressive) {
  jpeg_compress_struct compress{};
  jpeg_error_mgr errors{};
  compress.err = jpeg_std_error(&errors);
  jpeg_create_compress(&compress);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&compress, &memory, &size);
  compress.image_width = static_cast<JDIMENSION>(image.width);
  compress.image_height = static_cast<JDIMENSION>(image.height);
  const bool cmyk = colors == JpegColors::cmyk;
  compress.input_components = cmyk ? 4 : 3;
  compress.in_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&compress);
  jpeg_set_quality(&compress, quality, TRUE);
  if (colors == JpegColors::gray) jpeg_set_colorspace(&compress, JCS_GRAYSCALE);
  if (!cmyk && colors != JpegColors::gray) {
    compress.comp_info[0].h_samp_factor = colors == JpegColors::rgb_444 ? 1 : 2;
    compress.comp_info[0].v_samp_factor = colors == JpegColors::rgb_420 ? 2 : 1;
  }
  if (progressive) jpeg_simple_progression(&compress);
  jpeg_start_compress(&compress, TRUE);
  std::vector<std::uint8_t> row(static_cast<std::size_t>(image.width) * 4);
  for (std::int64_t y = 0; y < image.height; ++y) {
    if (cmyk) {
      // Full color without black; stored inverted, as the Adobe marker that libjpeg writes promises.
      for (std::int64_t x = 0; x < image.width; ++x) {
        for (int channel = 0; channel < 3; ++channel)
          row[static_cast<std::size_t>(x * 4 + channel)] = image.row(y)[x * 3 + channel];
        row[static_cast<std::size_t>(x * 4 + 3)] = 255;
      }
    } else {
      std::memcpy(row.data(), image.row(y), static_cast<std::size_t>(image.width) * 3);
    }
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&compress, &pointer, 1);
  }
  jpeg_finish_compress(&compress);
  jpeg_destroy_compress(&compress);
  const auto* first = reinterpret_cast<const std::byte*>(memory);
  std::vector<std::byte> file(first, first + size);
  std::free(memory);
  return file;
}

std::vector<std::byte> png_header(std::uint32_t height, std::uint32_t width) {
  std::vector<std::byte> file = bytes_of(std::string_view("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16));
  for (const std::uint32_t value : {width, height})
    for (int shift = 24; shift >= 0; shift -= 8)
      file.push_back(static_cast<std::byte>(value >> shift));
  const auto rest = bytes_of(std::string_view("\x08\x02\0\0\0\0\0\0\0", 9));
  file.insert(file.end(), rest.begin(), rest.end());
  return file;
}

void write_bytes(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file) throw std::runtime_error("cannot write " + path.string());
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

TarBuilder& TarBuilder::add(std::string_view path, std::span<const std::byte> content, char type) {
  return add_with_size(path, content, content.size(), type);
}

TarBuilder& TarBuilder::add_with_size(std::string_view path, std::span<const std::byte> content, std::uint64_t size,
                                      char type, std::string_view target) {
  std::string header(512, '\0');
  header.replace(0, std::min<std::size_t>(path.size(), 100), path.substr(0, 100));
  const auto put = [&header](std::size_t position, int digits, std::uint64_t value) {
    char text[32];
    std::snprintf(text, sizeof text, "%0*llo", digits, static_cast<unsigned long long>(value));
    header.replace(position, std::strlen(text), text);
  };
  put(100, 7, 0644);
  put(124, 11, size);
  put(136, 11, 0);
  header[156] = type;
  header.replace(157, std::min<std::size_t>(target.size(), 100), target.substr(0, 100));
  header.replace(257, 8, std::string_view("ustar\00000", 8));
  header.replace(148, 8, "        ");
  std::uint64_t sum = 0;
  for (const char c : header)
    sum += static_cast<unsigned char>(c);
  put(148, 6, sum);
  header[154] = '\0';
  const auto block = bytes_of(header);
  bytes_.insert(bytes_.end(), block.begin(), block.end());
  bytes_.insert(bytes_.end(), content.begin(), content.end());
  bytes_.resize((bytes_.size() + 511) / 512 * 512);
  return *this;
}

std::vector<std::byte> TarBuilder::finish() const {
  std::vector<std::byte> archive = bytes_;
  archive.resize(archive.size() + 1024);
  return archive;
}

std::vector<std::byte> gzip(std::span<const std::byte> bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("cannot start to deflate");
  std::vector<std::byte> result(bytes.size() + bytes.size() / 100 + 1000);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("cannot deflate");
  result.resize(result.size() - stream.avail_out);
  deflateEnd(&stream);
  return result;
}

}  // namespace sleight::test
