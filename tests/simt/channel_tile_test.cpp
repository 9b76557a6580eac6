// Grids for tensors of any size: every row once, within what a GPU can launch.
#include "kernels/lib/channel_tile.h"

#include "simt_test.h"

namespace sleight::kernels {
namespace {

TEST_CASE("grids of channels and rows cover tensors of any size, and can be launched") {
  for (const std::int64_t rows : {std::int64_t{1}, std::int64_t{63}, std::int64_t{802'816}, std::int64_t{1} << 32}) {
    for (const std::int64_t channels : {1, 16, 255, 256, 2048, 70'000}) {
      const ActivationView view{rows, 1, 1, 1, channels};
      for (const int pack : {4, 8}) {
        for (const ChannelSumsGrid& grid : {ChannelSumsGrid(view), channel_rows_grid(view, pack)}) {
          CAPTURE(rows, channels, pack, grid.chunks, grid.chunk_rows);
          CHECK(grid.chunks * grid.chunk_rows >= rows);
          CHECK((grid.chunks - 1) * grid.chunk_rows < rows);
          CHECK_NOTHROW(check_shape("a kernel", channel_tile_shape(grid, pack)));
        }
      }
    }
  }
}

TEST_CASE(
    "grids of sums: a thread adds up no more than 512 rows in float32, and few blocks are enough for most tensors") {
  for (const std::int64_t channels : {1, 3, 64, 255, 2048}) {
    for (const std::int64_t rows : {std::int64_t{49}, std::int64_t{802'816}, (std::int64_t{1} << 32) / channels}) {
      const ActivationView view{rows, 1, 1, 1, channels};
      const ChannelSumsGrid grid(view);
      for (const int pack : {4, 8}) {
        CAPTURE(rows, channels, pack, grid.chunks, grid.chunk_rows);
        const std::int64_t rows_at_once = channel_tile_shape(grid, pack).threads.y;
        CHECK(grid.chunk_rows <= 512 * rows_at_once);
        if (rows * channels < std::int64_t{1} << 28) CHECK(grid.chunks <= 528);
      }
    }
  }
}

}  // namespace
}  // namespace sleight::kernels
