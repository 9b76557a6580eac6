#include <algorithm>

#include "kernels/image_prepare_resident.h"
#include "kernels/lib/image_blend.h"
#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"

namespace sleight::kernels {

namespace {

constexpr int word_bytes = 16;

struct alignas(word_bytes) Word {
  std::uint8_t byte[word_bytes];
};

// How a batch is cut: a block prepares `rows` rows of one image (fewer at its end). A row of bytes lies in shared
// memory as it does in memory, at the same distance from a multiple of 16; so it takes `words` words.
struct Chunks {
  int rows;
  int per_image;
  int words;
};

// The window of one image of the batch.
struct Window {
  const std::uint8_t* image;
  int top, left;
  int first_column, end_column;  // what the window shows of the image's columns; first >= end: nothing
  bool flip;
};

__device__ Window window_of(const ImagePrepareResident& a, std::int64_t n) {
  const int left = a.window[2 * n + 1];
  const int right = left + static_cast<int>(a.width);
  const int source_width = static_cast<int>(a.source_width);
  return {a.images + a.index[n] * a.source_height * a.source_width * 3,
          a.window[2 * n],
          left,
          left < 0 ? 0 : left,
          right < source_width ? right : source_width,
          a.flip != nullptr && a.flip[n] != 0};
}

__device__ bool exists(const ImagePrepareResident& a, std::int64_t n) {
  return n >= 0 && n < a.batch && a.index[n] >= 0 && a.index[n] < a.count;
}

// Where the bytes of a row that the window shows begin in memory; the row must be one of the image's.
__device__ std::uintptr_t first_byte(const ImagePrepareResident& a, const Window& window, int y) {
  return reinterpret_cast<std::uintptr_t>(window.image + (y * a.source_width + window.first_column) * 3);
}

__device__ bool shows_row(const ImagePrepareResident& a, const Window& window, int y) {
  return y >= 0 && y < static_cast<int>(a.source_height) && window.first_column < window.end_column;
}

// Brings the bytes of rows first_row, first_row + 1, ... of the window to shared memory, 16 at a time where all of them
// belong to the row.
__device__ void stage(const ImagePrepareResident& a, const Window& window, int first_row, int rows, int words,
                      std::uint8_t* staged) {
  for (int item = static_cast<int>(threadIdx.x); item < rows * words; item += static_cast<int>(blockDim.x)) {
    const int row = item / words;
    const int y = window.top + first_row + row;
    if (!shows_row(a, window, y)) continue;
    const std::uintptr_t begin = first_byte(a, window, y);
    const std::uintptr_t end = begin + static_cast<std::uintptr_t>(window.end_column - window.first_column) * 3;
    const std::uintptr_t from =
        begin / word_bytes * word_bytes + static_cast<std::uintptr_t>(item % words) * word_bytes;
    std::uint8_t* const to = staged + item * word_bytes;
    if (from >= begin && from + word_bytes <= end) {
      write_wide(to, read_wide<Word>(reinterpret_cast<const void*>(from)));
    } else {
      for (int i = 0; i < word_bytes; ++i) {
        const std::uintptr_t address = from + static_cast<std::uintptr_t>(i);
        if (address >= begin && address < end) to[i] = *reinterpret_cast<const std::uint8_t*>(address);
      }
    }
  }
}

// One row of a window in shared memory; null bytes: it shows nothing of the image.
struct StagedRow {
  const std::uint8_t* bytes;  // of first_column

  __device__ StagedRow(const ImagePrepareResident& a, const Window& window, int first_row, int row, int words,
                       const std::uint8_t* staged) {
    const int y = window.top + first_row + row;
    bytes = nullptr;
    if (shows_row(a, window, y)) bytes = staged + row * words * word_bytes + first_byte(a, window, y) % word_bytes;
  }

  __device__ float color_at(const Window& window, int width, int w, int c) const {
    const int column = window.left + (window.flip ? width - 1 - w : w);
    if (bytes == nullptr || column < window.first_column || column >= window.end_column) return 0.0F;
    return static_cast<float>(bytes[(column - window.first_column) * 3 + c]);
  }
};

template <class T, int Channels>
__global__ void image_prepare_resident_kernel(ImagePrepareResident a, Chunks chunks) {
  constexpr int lanes = pack_lanes<T>;
  std::uint8_t* const staged = dynamic_shared_memory<std::uint8_t>();
  std::uint8_t* const partner_staged = staged + chunks.rows * chunks.words * word_bytes;
  const std::int64_t n = blockIdx.x / static_cast<unsigned>(chunks.per_image);
  const int first_row = static_cast<int>(blockIdx.x % static_cast<unsigned>(chunks.per_image)) * chunks.rows;
  const int rows_left = static_cast<int>(a.height) - first_row;
  const int rows = rows_left < chunks.rows ? rows_left : chunks.rows;
  const int width = static_cast<int>(a.width);

  const std::int64_t partner = a.partner != nullptr ? a.partner[n] : n;
  const float lambda = a.partner != nullptr ? a.lambda[n] : 1.0F;
  const bool mixed = lambda != 1.0F;
  const bool all_exist = exists(a, n) && (!mixed || exists(a, partner));
  const Window own = all_exist ? window_of(a, n) : Window{};
  const Window other = all_exist && mixed ? window_of(a, partner) : Window{};
  // A window that was left empty shows no column, so nothing is staged for it.
  stage(a, own, first_row, rows, chunks.words, staged);
  stage(a, other, first_row, rows, chunks.words, partner_staged);
  __syncthreads();

  const float inverse_deviation[3] = {1.0F / a.deviation[0], 1.0F / a.deviation[1], 1.0F / a.deviation[2]};
  T* const out = static_cast<T*>(a.out) + (n * a.height + first_row) * a.width * Channels;
  for_each_pack_in_block<lanes>(std::int64_t{rows} * width * Channels, [&](std::int64_t first, int valid) {
    Lanes<lanes> values;
    int row = static_cast<int>(first) / (width * Channels);
    int w = static_cast<int>(first) / Channels % width;
    int c = static_cast<int>(first) % Channels;
    StagedRow own_row(a, own, first_row, row, chunks.words, staged);
    StagedRow other_row(a, other, first_row, row, chunks.words, partner_staged);
    for (int i = 0; i < lanes; ++i) {
      values[i] = 0.0F;
      if (i < valid && c < 3) {
        float value = own_row.color_at(own, width, w, c);
        if (mixed) value = blended(value, other_row.color_at(other, width, w, c), lambda);
        values[i] = all_exist ? normalized(value, of_color(a.mean, c), of_color(inverse_deviation, c)) : NAN;
      }
      if (++c < Channels) continue;
      c = 0;
      if (++w < width) continue;
      w = 0;
      ++row;
      own_row = StagedRow(a, own, first_row, row, chunks.words, staged);
      other_row = StagedRow(a, other, first_row, row, chunks.words, partner_staged);
    }
    store_lanes(out + first, values, valid);
  });
}

template <class T, int Channels>
void start(Target target, const ImagePrepareResident& a) {
  if (a.height == 0 || a.width == 0) return;
  constexpr std::int64_t packs_per_block = 1024;
  constexpr std::int64_t most_shared_bytes = 32768;  // of blocks with several rows, so that several blocks run at once
  const std::int64_t words = (a.width * 3 + 2 * word_bytes - 2) / word_bytes;
  const std::int64_t row_elements = a.width * Channels;
  const std::int64_t rows = std::clamp<std::int64_t>(
      std::min(packs_per_block * pack_lanes<T> / row_elements, most_shared_bytes / (2 * words * word_bytes)), 1,
      a.height);
  const std::int64_t packs = (rows * row_elements + pack_lanes<T> - 1) / pack_lanes<T>;
  const Chunks chunks{static_cast<int>(rows), static_cast<int>((a.height + rows - 1) / rows), static_cast<int>(words)};
  const LaunchShape shape{dim3(blocks_for(a.batch * chunks.per_image, 1)),
                          dim3(static_cast<unsigned>(std::clamp<std::int64_t>((packs + 31) / 32 * 32, 32, 256))),
                          static_cast<std::size_t>(2 * rows * words * word_bytes)};
  launch(target, "image_prepare_resident", image_prepare_resident_kernel<T, Channels>, shape, a, chunks);
}

}  // namespace

void image_prepare_resident(Target target, const ImagePrepareResident& a) {
  check_arguments(a);
  visit_gpu_type(a.type, [&]<class T>(TypeTag<T>) {
    visit_channels(a.channels, [&](auto channels) { start<T, channels.value>(target, a); });
  });
}

}  // namespace sleight::kernels
