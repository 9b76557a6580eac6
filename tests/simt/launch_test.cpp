// launch(): shapes, counting, and grids of no blocks.
#include <limits>

#include "simt_test.h"

namespace sleight::kernels {
namespace {

__global__ void count_kernel(int* count, int step) {
  atomicAdd(count, step);
}

}  // namespace

TEST_CASE("launch runs every thread once and counts the launch") {
  int count = 0;
  const std::uint64_t before = launch_count();
  launch(Simt{}, "count", count_kernel, {dim3(3, 2), dim3(7, 5)}, &count, 2);
  CHECK(count == 3 * 2 * 7 * 5 * 2);
  CHECK(launch_count() == before + 1);
}

TEST_CASE("a launch without blocks is no work and no launch") {
  int count = 0;
  const std::uint64_t before = launch_count();
  launch(Simt{}, "count", count_kernel, {0, 256}, &count, 1);
  launch(Simt{}, "count", count_kernel, pack_shape(0, 4), &count, 1);
  CHECK(count == 0);
  CHECK(launch_count() == before);
}

TEST_CASE("launch refuses shapes that no GPU takes") {
  int count = 0;
  const auto refused = [&](const LaunchShape& shape) {
    const std::string message =
        message_of<std::invalid_argument>([&] { launch(Simt{}, "count", count_kernel, shape, &count, 1); });
    INFO(message);
    CHECK(contains(message, "kernel count"));
    CHECK(contains(message, to_string(shape)));
    CHECK(count == 0);
  };
  refused({1, 1025});
  refused({1, 0});
  refused({1, dim3(32, 33)});
  refused({1, dim3(1, 1, 65)});
  refused({dim3(1, 65536), 32});
  refused({dim3(1, 1, 65536), 32});
  refused({2147483648U, 32});
  refused({1, 32, 99 * 1024 + 1});
}

TEST_CASE("blocks_for covers all items and checks for overflow") {
  CHECK(blocks_for(0, 256) == 0);
  CHECK(blocks_for(1, 256) == 1);
  CHECK(blocks_for(256, 256) == 1);
  CHECK(blocks_for(257, 256) == 2);
  CHECK(blocks_for(2147483647, 1) == 2147483647U);
  CHECK(blocks_for(std::numeric_limits<std::int64_t>::max(), std::int64_t{1} << 33U) == 1U << 30U);
  CHECK_THROWS_AS(blocks_for(2147483648, 1), std::invalid_argument);
  CHECK_THROWS_AS(blocks_for(std::numeric_limits<std::int64_t>::max(), 2), std::invalid_argument);
  CHECK_THROWS_AS(blocks_for(-1, 256), std::invalid_argument);
  CHECK_THROWS_AS(blocks_for(1, 0), std::invalid_argument);
}

}  // namespace sleight::kernels
