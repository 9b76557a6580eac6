#include "kernels/lib/tensor_list.h"

#include <algorithm>
#include <vector>

#include "catch2_adapter.h"

namespace sleight::test {
namespace {

struct Entry {
  std::int64_t count;
  std::int64_t first_chunk = -1;
};

TEST_CASE("tensor_list: the chunks cover every element once, in order") {
  constexpr std::int64_t size = kernels::tensor_chunk_size;
  const std::vector<std::vector<std::int64_t>> lists = {
      {}, {0}, {1}, {size}, {size + 1}, {0, 5}, {5, 0}, {0, 0, 3, 0, 0, size * 2 + 7, 0, size, 0, 0}, {1, 1, 1, 1, 1}};
  for (const std::vector<std::int64_t>& counts : lists) {
    std::vector<Entry> entries;
    for (const std::int64_t count : counts)
      entries.push_back({count});
    kernels::TensorList<Entry> list;
    list.chunk_count = kernels::number_chunks(std::span<Entry>(entries));
    list.entries = entries.data();
    list.tensor_count = static_cast<std::int32_t>(entries.size());

    std::int64_t chunk = 0;
    for (std::size_t tensor = 0; tensor < counts.size(); ++tensor) {
      for (std::int64_t begin = 0; begin < counts[tensor]; begin += size, ++chunk) {
        const kernels::TensorChunk found = kernels::locate_chunk(list, chunk);
        CAPTURE(counts.size(), tensor, begin);
        CHECK(found.tensor == static_cast<std::int32_t>(tensor));
        CHECK(found.begin == begin);
        CHECK(found.end == std::min(begin + size, counts[tensor]));
      }
    }
    CHECK(chunk == list.chunk_count);
  }
}

TEST_CASE("tensor_list: refuses a negative count") {
  std::vector<Entry> entries = {{3}, {-1}};
  REQUIRE_THROWS_AS(kernels::number_chunks(std::span<Entry>(entries)), std::invalid_argument);
}

}  // namespace
}  // namespace sleight::test
