// Reductions: right against a plain sum, the same bits in every thread and every thread order.
#include <cmath>
#include <cstring>

#include "simt_test.h"

namespace sleight::kernels {
namespace {

float value_at(std::size_t i) {
  return std::sin(static_cast<float>(i) * 0.7F) * 3.0F;
}

std::vector<float> values_for(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = value_at(i);
  return values;
}

enum class Kind { sum, maximum, sum_of_double };

// One block per row of `columns` values; every thread writes the result it got.
__global__ void rows_kernel(Kind kind, const float* input, float* output, std::int64_t columns) {
  const float* row = input + static_cast<std::int64_t>(blockIdx.x) * columns;
  float sum = 0.0F;
  float largest = -INFINITY;
  for_each_pack_in_block<4>(columns, [&](std::int64_t first, int valid) {
    const Lanes<4> lanes = load_lanes<4>(row + first, valid);
    for (int i = 0; i < valid; ++i) {
      sum += lanes[i];
      largest = fmaxf(largest, lanes[i]);
    }
  });
  float result = 0.0F;
  if (kind == Kind::sum) result = block_sum(sum);
  if (kind == Kind::maximum) result = block_maximum(largest, -INFINITY);
  if (kind == Kind::sum_of_double) result = static_cast<float>(block_sum(static_cast<double>(sum)));
  output[thread_in_grid()] = result;
}

struct Best {
  float value;
  int index;
};
struct Better {
  // The first of equals.
  Best operator()(const Best& a, const Best& b) const { return b.value > a.value ? b : a; }
};

__global__ void best_kernel(const float* input, int count, int* output) {
  Best best{-INFINITY, -1};
  for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) {
    best = Better{}(best, Best{input[i], i});
  }
  output[threadIdx.x] = block_reduce(best, Best{-INFINITY, -1}, Better{}).index;
}

// Text-like combination that does not commute: (first, last) of a run of neighbors.
struct Ends {
  int first;
  int last;
};
struct Join {
  Ends operator()(const Ends& a, const Ends& b) const {
    if (a.last + 1 != b.first) __trap();
    return {a.first, b.last};
  }
};

__global__ void neighbors_kernel(int* output) {
  const int thread = static_cast<int>(threadIdx.x);
  const Ends ends = warp_reduce<8>(Ends{thread, thread}, Join{});
  output[thread] = ends.first * 1000 + ends.last;
}

template <int N>
__global__ void many_kernel(const float* input, float* output) {
  const Lanes<N> mine = load_lanes<N>(input + thread_in_block() * N);
  const Lanes<N> sums = block_sum(mine);
  store_lanes(output + thread_in_block() * N, sums);
}

// Twice in a row with nothing between: the barriers inside have to be enough.
__global__ void twice_kernel(float* output) {
  const float once = block_sum(static_cast<float>(threadIdx.x));
  const float twice = block_sum(once);
  const float thrice = block_maximum(twice + static_cast<float>(threadIdx.x), 0.0F);
  output[threadIdx.x] = thrice;
}

template <int N>
__global__ void columns_kernel(const float* input, float* output, int rows) {
  const int columns = static_cast<int>(blockDim.x);
  Lanes<N> mine = filled_lanes<N>(0.0F);
  for (int row = static_cast<int>(threadIdx.y); row < rows; row += static_cast<int>(blockDim.y)) {
    const Lanes<N> lanes = load_lanes<N>(input + (row * columns + static_cast<int>(threadIdx.x)) * N);
    for (int i = 0; i < N; ++i)
      mine[i] += lanes[i];
  }
  mine = sum_over_rows(mine, dynamic_shared_memory<float>());
  if (threadIdx.y == 0) store_lanes(output + threadIdx.x * N, mine);
}

__global__ void nan_kernel(int where, float* output) {
  const float value = static_cast<int>(threadIdx.x) == where ? NAN : static_cast<float>(threadIdx.x);
  output[threadIdx.x] = block_maximum(value, -INFINITY);
}

std::vector<float> run_rows(Kind kind, unsigned threads, std::size_t rows, std::size_t columns) {
  const auto input = values_for(rows * columns);
  const auto output = run_in_three_orders([&](Simt target) {
    GuardedBuffer<float> result(rows * threads);
    launch(target, "rows", rows_kernel, {static_cast<unsigned>(rows), threads}, kind, input.data(), result.data(),
           static_cast<std::int64_t>(columns));
    return result;
  });
  std::vector<float> per_row;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t thread = 1; thread < threads; ++thread) {
      const std::size_t first = row * threads;
      REQUIRE(std::memcmp(&output[first], &output[first + thread], sizeof(float)) == 0);
    }
    per_row.push_back(output[row * threads]);
  }
  return per_row;
}

}  // namespace

TEST_CASE("block sums and maxima of rows of any length") {
  constexpr std::size_t rows = 3;
  for (const unsigned threads : {32U, 96U, 256U, 1024U}) {
    for (const std::size_t columns : {1U, 31U, 33U, 67U, 1000U, 1025U}) {
      CAPTURE(threads, columns);
      const auto sums = run_rows(Kind::sum, threads, rows, columns);
      const auto doubles = run_rows(Kind::sum_of_double, threads, rows, columns);
      const auto maxima = run_rows(Kind::maximum, threads, rows, columns);
      for (std::size_t row = 0; row < rows; ++row) {
        double sum = 0.0;
        float largest = -INFINITY;
        for (std::size_t i = 0; i < columns; ++i) {
          sum += static_cast<double>(value_at(row * columns + i));
          largest = std::max(largest, value_at(row * columns + i));
        }
        CHECK(std::abs(static_cast<double>(sums[row]) - sum) <= 1e-4);
        CHECK(std::abs(static_cast<double>(doubles[row]) - sum) <= 1e-4);
        CHECK(maxima[row] == largest);
      }
    }
  }
}

TEST_CASE("block_reduce carries any small struct") {
  for (const int count : {1, 5, 33, 100, 1000}) {
    CAPTURE(count);
    auto input = values_for(static_cast<std::size_t>(count));
    const int expected = count / 3;
    input[static_cast<std::size_t>(expected)] = 9.0F;
    const auto result = run_in_three_orders([&](Simt target) {
      GuardedBuffer<int> output(128);
      launch(target, "best", best_kernel, {1, 128}, input.data(), count, output.data());
      return output;
    });
    for (const int index : result)
      REQUIRE(index == expected);
  }
}

TEST_CASE("warp_reduce combines neighbors in order") {
  const auto result = run_in_three_orders([&](Simt target) {
    GuardedBuffer<int> output(64);
    launch(target, "neighbors", neighbors_kernel, {1, 64}, output.data());
    return output;
  });
  for (int thread = 0; thread < 64; ++thread) {
    CHECK(result[static_cast<std::size_t>(thread)] == thread / 8 * 8 * 1000 + thread / 8 * 8 + 7);
  }
}

TEST_CASE("block_sum takes several values at once") {
  constexpr int lanes = 5;
  for (const dim3 threads : {dim3(32), dim3(8, 12), dim3(4, 8, 16)}) {
    const std::size_t count = std::size_t{threads.x} * threads.y * threads.z;
    const auto input = values_for(count * lanes);
    const auto result = run_in_three_orders([&](Simt target) {
      GuardedBuffer<float> output(count * lanes);
      launch(target, "many", many_kernel<lanes>, {1, threads}, input.data(), output.data());
      return output;
    });
    for (std::size_t i = 0; i < lanes; ++i) {
      double sum = 0.0;
      for (std::size_t thread = 0; thread < count; ++thread)
        sum += static_cast<double>(input[thread * lanes + i]);
      for (std::size_t thread = 0; thread < count; ++thread) {
        REQUIRE(std::abs(static_cast<double>(result[thread * lanes + i]) - sum) <= 1e-4);
      }
    }
  }
}

TEST_CASE("reductions follow each other without a barrier between") {
  const auto result = run_in_three_orders([&](Simt target) {
    GuardedBuffer<float> output(96);
    launch(target, "twice", twice_kernel, {1, 96}, output.data());
    return output;
  });
  const float once = 95.0F * 96.0F / 2.0F;
  for (const float value : result)
    CHECK(value == once * 96.0F + 95.0F);
}

TEST_CASE("sum_over_rows sums the columns of a block") {
  constexpr int lanes = 4;
  for (const dim3 threads : {dim3(32, 1), dim3(5, 7), dim3(32, 8), dim3(3, 32)}) {
    for (const int rows : {1, 6, 7, 50}) {
      CAPTURE(threads.x, threads.y, rows);
      const std::size_t channels = std::size_t{threads.x} * lanes;
      const auto input = values_for(static_cast<std::size_t>(rows) * channels);
      const auto result = run_in_three_orders([&](Simt target) {
        GuardedBuffer<float> output(channels);
        launch(target, "columns", columns_kernel<lanes>,
               {1, threads, std::size_t{threads.x} * threads.y * lanes * sizeof(float)}, input.data(), output.data(),
               rows);
        return output;
      });
      for (std::size_t channel = 0; channel < channels; ++channel) {
        double sum = 0.0;
        for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
          sum += static_cast<double>(input[row * channels + channel]);
        }
        REQUIRE(std::abs(static_cast<double>(result[channel]) - sum) <= 1e-4);
      }
    }
  }
}

TEST_CASE("a maximum does not hide a NaN") {
  for (const int where : {0, 1, 31, 32, 63}) {
    GuardedBuffer<float> output(64);
    launch(Simt{}, "nan", nan_kernel, {1, 64}, where, output.data());
    for (const float value : output)
      CHECK(std::isnan(value));
  }
}

}  // namespace sleight::kernels
