// Wide access and tails: every element once and none outside, whatever the length and the alignment.
#include <cmath>

#include "simt_test.h"

namespace sleight::kernels {
namespace {

template <class In, class Out, int N>
__global__ void copy_kernel(const In* input, Out* output, std::int64_t count) {
  for_each_pack<N>(count, [&](std::int64_t first, int valid) {
    Lanes<N> lanes = load_lanes<N>(input + first, valid);
    for (int i = valid; i < N; ++i) {
      if (lanes[i] != 0.0F) __trap();
    }
    store_lanes(output + first, lanes, valid);
  });
}

// One block per row; rows start wherever the length of a row puts them.
template <class T, int N>
__global__ void rows_kernel(const T* input, T* output, std::int64_t columns) {
  const std::int64_t start = static_cast<std::int64_t>(blockIdx.x) * columns;
  for_each_pack_in_block<N>(columns, [&](std::int64_t first, int valid) {
    Lanes<N> lanes = load_lanes<N>(input + start + first, valid);
    for (int i = 0; i < N; ++i)
      lanes[i] = -lanes[i];
    store_lanes(output + start + first, lanes, valid);
  });
}

__global__ void visits_kernel(int* visits, std::int64_t count) {
  for_each_pack<8>(count, [&](std::int64_t first, int valid) {
    for (int i = 0; i < valid; ++i)
      atomicAdd(&visits[first + i], 1);
  });
}

template <class T>
float as_float(T value) {
  return static_cast<float>(value);
}

template <class T>
std::vector<T> small_numbers(std::size_t count) {
  std::vector<T> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<T>(static_cast<float>(i % 200 + 1));
  return values;
}

template <class In, class Out, int N>
void check_copy(std::size_t count, std::size_t offset) {
  CAPTURE(sizeof(In), sizeof(Out), N, count, offset);
  const auto values = small_numbers<In>(count + offset);
  const auto result = run_in_three_orders([&](Simt target) {
    GuardedBuffer<In> input(std::span<const In>(values), "input");
    GuardedBuffer<Out> output(count + offset, "output");
    launch(target, "copy", copy_kernel<In, Out, N>, pack_shape(static_cast<std::int64_t>(count), N, 32),
           input.data() + offset, output.data() + offset, static_cast<std::int64_t>(count));
    input.check();
    output.check();
    return output;
  });
  for (std::size_t i = 0; i < offset; ++i)
    CHECK(std::isnan(as_float(result[i])));
  for (std::size_t i = offset; i < result.size(); ++i)
    REQUIRE(as_float(result[i]) == as_float(values[i]));
}

template <class T, int N>
void check_rows(std::size_t columns) {
  CAPTURE(sizeof(T), columns);
  constexpr std::size_t rows = 5;
  const auto values = small_numbers<T>(rows * columns);
  const auto result = run_in_three_orders([&](Simt target) {
    GuardedBuffer<T> input(std::span<const T>(values), "input");
    GuardedBuffer<T> output(rows * columns, "output");
    launch(target, "rows", rows_kernel<T, N>, {rows, 32}, input.data(), output.data(),
           static_cast<std::int64_t>(columns));
    return output;
  });
  for (std::size_t i = 0; i < result.size(); ++i)
    REQUIRE(as_float(result[i]) == -as_float(values[i]));
}

}  // namespace

TEST_CASE("packs cover every length, and unaligned starts") {
  static_assert(pack_lanes<float> == 4 && pack_lanes<bfloat16> == 8 && pack_lanes<std::uint8_t> == 16);
  // 32 threads a block and at most 3 blocks: 1,000 elements go round the loop more than once.
  for (const std::size_t count : {1U, 3U, 4U, 7U, 8U, 9U, 31U, 127U, 128U, 129U, 1000U, 1023U}) {
    for (const std::size_t offset : {0U, 1U, 2U}) {
      check_copy<float, float, 4>(count, offset);
      check_copy<bfloat16, bfloat16, 8>(count, offset);
      check_copy<float, bfloat16, 8>(count, offset);
      check_copy<bfloat16, float, 8>(count, offset);
      check_copy<std::uint8_t, bfloat16, 8>(count, offset);
      check_copy<std::uint8_t, float, 4>(count, offset);
      check_copy<float, float, 1>(count, offset);
    }
  }
}

TEST_CASE("packs run along rows that start anywhere") {
  for (const std::size_t columns : {1U, 2U, 3U, 8U, 10U, 16U, 67U, 255U, 256U, 300U}) {
    check_rows<float, 4>(columns);
    check_rows<bfloat16, 8>(columns);
  }
}

TEST_CASE("packs visit every element once") {
  for (const std::size_t count : {1U, 8U, 100U, 6144U, 6145U, 20011U}) {
    CAPTURE(count);
    const auto visits = run_in_three_orders([&](Simt target) {
      GuardedBuffer<int> buffer(count);
      for (int& visit : buffer)
        visit = 0;
      launch(target, "visits", visits_kernel, pack_shape(static_cast<std::int64_t>(count), 8), buffer.data(),
             static_cast<std::int64_t>(count));
      return buffer;
    });
    for (const int visit : visits)
      REQUIRE(visit == 1);
  }
}

}  // namespace sleight::kernels
