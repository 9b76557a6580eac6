#include "engine/image/jpeg.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

// libjpeg's headers need <cstdio> before them.
#include <jerror.h>
#include <jpeglib.h>

#include "engine/base/error.h"

namespace sleight {

namespace {

// Extra rows and columns around the box: chroma interpolation needs neighbors, so that a decoded part equals that part
// of the whole image.
constexpr JDIMENSION margin = 4;

// A progressive file may repeat scans without limit, each over the whole image. Real files have about 10.
constexpr int maximum_scans = 100;

// Oddities of real files that leave the pixels right. Every other warning means lost data.
bool is_harmless(int warning) {
  return warning == JWRN_EXTRANEOUS_DATA || warning == JWRN_ADOBE_XFORM || warning == JWRN_JFIF_MAJOR ||
         warning == JWRN_BOGUS_PROGRESSION || warning == JWRN_TOO_MUCH_DATA || warning == JWRN_NOT_SEQUENTIAL;
}

// Finds the end-of-image marker (memrchr). Entropy-coded data never contains it, so the last one after the header
// belongs to this image.
bool has_end_marker(std::span<const std::byte> data) {
  for (std::size_t i = data.size(); i >= 2; --i)
    if (data[i - 1] == std::byte{0xd9} && data[i - 2] == std::byte{0xff}) return true;
  return false;
}

}  // namespace

bool is_jpeg(std::span<const std::byte> file) {
  return file.size() >= 3 && file[0] == std::byte{0xff} && file[1] == std::byte{0xd8} && file[2] == std::byte{0xff};
}

// libjpeg reports an error by calling error_exit, which must not return. It jumps back into run(), so no object with a
// destructor may exist between run() and the library: the steps below are plain functions on plain fields.
struct JpegDecoder::State {
  jpeg_decompress_struct decompress{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf jump{};
  std::array<char, JMSG_LENGTH_MAX> message{};

  std::span<const std::byte> file;
  int scale = 8;  // of 8
  JDIMENSION first_column = 0, columns = 0, first_row = 0, rows = 0;
  std::uint8_t* destination = nullptr;
  std::size_t row_bytes = 0;

  Image image;
  std::vector<std::uint8_t> cmyk;

  using Step = void (*)(State&);

  // Throws Error with libjpeg's message if the step fails.
  void run(Step step) {
    if (setjmp(jump) == 0) {  // NOLINT: libjpeg offers no other way
      step(*this);
      return;
    }
    jpeg_abort_decompress(&decompress);
    fail("the JPEG file is damaged or cut off: ", message.data(), ". Get it again or remove it");
  }

  static State& of(j_common_ptr common) { return *static_cast<State*>(common->client_data); }

  [[noreturn]] static void stop(j_common_ptr common) {
    State& state = of(common);
    state.errors.format_message(common, state.message.data());
    std::longjmp(state.jump, 1);
  }

  static void on_message(j_common_ptr common, int level) {
    if (level < 0 && !is_harmless(common->err->msg_code)) stop(common);
  }

  static void on_progress(j_common_ptr common) {
    State& state = of(common);
    if (state.decompress.input_scan_number <= maximum_scans) return;
    std::snprintf(state.message.data(), state.message.size(), "more than %d scans", maximum_scans);
    std::longjmp(state.jump, 1);
  }

  static void create(State& state) {
    jpeg_create_decompress(&state.decompress);
    // jpeg_create_decompress keeps err and client_data, and clears the rest.
    state.decompress.progress = &state.progress;
  }

  static void read_header(State& state) {
    jpeg_mem_src(&state.decompress, reinterpret_cast<const unsigned char*>(state.file.data()), state.file.size());
    jpeg_read_header(&state.decompress, TRUE);
  }

  static void start(State& state) {
    jpeg_decompress_struct& d = state.decompress;
    d.scale_num = static_cast<unsigned>(state.scale);
    d.scale_denom = 8;
    const bool four_colors = d.jpeg_color_space == JCS_CMYK || d.jpeg_color_space == JCS_YCCK;
    d.out_color_space = four_colors ? JCS_CMYK : JCS_RGB;
    // The default: interpolated chroma. The alternative repeats chroma and uses libjpeg-turbo's merged upsampler, which
    // after skipped rows gives pixels that depend on earlier memory contents (seen with 2.1.5).
    d.do_fancy_upsampling = TRUE;
    d.do_block_smoothing = FALSE;  // it guesses missing detail of progressive files; here, incomplete files are refused
    d.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&d);
  }

  // Widens the columns to whole blocks.
  static void crop(State& state) {
    jpeg_crop_scanline(&state.decompress, &state.first_column, &state.columns);
    if (state.first_row > 0) jpeg_skip_scanlines(&state.decompress, state.first_row);
  }

  static void read_rows(State& state) {
    constexpr JDIMENSION rows_at_once = 8;
    JSAMPROW pointers[rows_at_once];
    JDIMENSION done = 0;
    while (done < state.rows) {
      const JDIMENSION wanted = std::min(rows_at_once, state.rows - done);
      for (JDIMENSION i = 0; i < wanted; ++i)
        pointers[i] = state.destination + (done + i) * state.row_bytes;
      done += jpeg_read_scanlines(&state.decompress, pointers, wanted);
    }
  }
};

JpegDecoder::JpegDecoder() : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.decompress.err = jpeg_std_error(&state.errors);
  state.decompress.client_data = &state;
  state.errors.error_exit = &State::stop;
  state.errors.emit_message = &State::on_message;
  state.progress.progress_monitor = &State::on_progress;
  state.run(&State::create);
}

JpegDecoder::~JpegDecoder() {
  jpeg_destroy_decompress(&state_->decompress);
}

ImageSize JpegDecoder::open(std::span<const std::byte> file) {
  State& state = *state_;
  jpeg_abort_decompress(&state.decompress);  // clears what the last image left
  state.file = file;
  state.run(&State::read_header);
  const ImageSize size{state.decompress.image_height, state.decompress.image_width};
  check_image_size(size.height, size.width);
  const J_COLOR_SPACE space = state.decompress.jpeg_color_space;
  check(space == JCS_GRAYSCALE || space == JCS_YCbCr || space == JCS_RGB || space == JCS_CMYK || space == JCS_YCCK,
        "the JPEG file has ", state.decompress.num_components, " channels of an unknown color space");
  check(has_end_marker(file.last(state.decompress.src->bytes_in_buffer)), "the JPEG file is cut off: after ",
        file.size(), " bytes it has no end marker");
  return size;
}

DecodedPart JpegDecoder::decode(const CropBox& box, std::int64_t output_height, std::int64_t output_width) {
  State& state = *state_;
  state.scale = 8;
  while (state.scale > 1 && box.width * (state.scale / 2) >= static_cast<double>(8 * output_width) &&
         box.height * (state.scale / 2) >= static_cast<double>(8 * output_height))
    state.scale /= 2;
  state.run(&State::start);

  const jpeg_decompress_struct& decompress = state.decompress;
  const double factor = state.scale / 8.0;
  const auto lower = [](double edge) { return static_cast<JDIMENSION>(std::max(0.0, std::floor(edge))); };
  const auto upper = [](double edge, JDIMENSION limit) {
    return static_cast<JDIMENSION>(std::min(std::ceil(edge), static_cast<double>(limit)));
  };
  const JDIMENSION top = lower(box.top * factor);
  const JDIMENSION bottom = upper((box.top + box.height) * factor, decompress.output_height);
  const JDIMENSION left = lower(box.left * factor);
  const JDIMENSION right = upper((box.left + box.width) * factor, decompress.output_width);
  state.first_row = top - std::min(top, margin);
  state.rows = std::min(bottom + margin, decompress.output_height) - state.first_row;
  state.first_column = left - std::min(left, margin);
  state.columns = std::min(right + margin, decompress.output_width) - state.first_column;
  state.run(&State::crop);

  state.image.resize(state.rows, state.columns);
  const bool four_colors = decompress.out_color_space == JCS_CMYK;
  state.row_bytes = std::size_t{state.columns} * (four_colors ? 4 : 3);
  if (four_colors) state.cmyk.resize(state.row_bytes * state.rows);
  state.destination = four_colors ? state.cmyk.data() : state.image.view().pixels;
  state.run(&State::read_rows);
  // Programs that write an Adobe marker store inverted ink: 255 is no ink.
  const bool inverted = decompress.saw_Adobe_marker != 0;
  jpeg_abort_decompress(&state.decompress);

  if (four_colors) {
    std::uint8_t* pixel = state.image.view().pixels;
    for (std::size_t i = 0; i < state.cmyk.size(); i += 4, pixel += 3) {
      const int black = inverted ? state.cmyk[i + 3] : 255 - state.cmyk[i + 3];
      for (std::size_t channel = 0; channel < 3; ++channel) {
        const int ink = inverted ? state.cmyk[i + channel] : 255 - state.cmyk[i + channel];
        pixel[channel] = static_cast<std::uint8_t>((ink * black + 127) / 255);
      }
    }
  }

  const ImageView decoded = std::as_const(state.image).view();
  const ImageView part{decoded.row(top - state.first_row) + std::size_t{left - state.first_column} * 3, bottom - top,
                       right - left, decoded.row_stride};
  return {part, {box.left * factor - left, box.top * factor - top, box.width * factor, box.height * factor}};
}

}  // namespace sleight
