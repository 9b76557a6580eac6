// Correct kernels: what CUDA's words mean on simt, in three thread orders.
#include <cmath>
#include <cstring>
#include <numeric>
#include <thread>

#include "simt_test.h"

namespace sleight::kernels {
namespace {

__global__ void indices_kernel(int* output) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  const unsigned place = block * (blockDim.x * blockDim.y * blockDim.z) + thread;
  output[place] = static_cast<int>(place);
}

// Neighbors are exchanged `rounds` times, with barriers between.
__global__ void rotate_kernel(int* output, int rounds) {
  const int thread = static_cast<int>(threadIdx.x);
  const int threads = static_cast<int>(blockDim.x);
  int* values = dynamic_shared_memory<int>();
  values[thread] = thread;
  for (int round = 0; round < rounds; ++round) {
    __syncthreads();
    const int next = values[(thread + 1) % threads];
    __syncthreads();
    values[thread] = next;
  }
  output[blockIdx.x * blockDim.x + threadIdx.x] = values[thread];
}

__global__ void counts_kernel(int* output) {
  const int thread = static_cast<int>(threadIdx.x);
  const int count = __syncthreads_count(thread % 3 == 0 ? 7 : 0);
  const int any = __syncthreads_or(thread == 11);
  const int none = __syncthreads_or(thread == 1000);
  const int all = __syncthreads_and(thread < 1000);
  const int not_all = __syncthreads_and(thread != 11);
  if (thread == 0) output[0] = count + 1000 * any + 10000 * none + 100000 * all + 1000000 * not_all;
}

enum class Shuffle { indexed, up, down, exclusive_or };

__global__ void shuffle_kernel(Shuffle kind, int argument, int width, int* output) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int value = 100 + lane;
  int result = 0;
  switch (kind) {
    case Shuffle::indexed:
      result = __shfl_sync(all_lanes, value, argument, width);
      break;
    case Shuffle::up:
      result = __shfl_up_sync(all_lanes, value, static_cast<unsigned>(argument), width);
      break;
    case Shuffle::down:
      result = __shfl_down_sync(all_lanes, value, static_cast<unsigned>(argument), width);
      break;
    case Shuffle::exclusive_or:
      result = __shfl_xor_sync(all_lanes, value, argument, width);
      break;
  }
  output[threadIdx.x] = result - 100;
}

// Two halves of a warp go their own ways and meet again.
__global__ void partial_masks_kernel(unsigned* output, double* doubles) {
  const unsigned lane = threadIdx.x;
  double value = 0.1 * lane;
  if (lane < 11) {
    output[lane] = __ballot_sync(0x000007ffU, lane % 2 == 0);
    value = __shfl_sync(0x000007ffU, value, 10);
  } else {
    output[lane] = __ballot_sync(0xfffff800U, lane % 5 == 0);
    value = __shfl_sync(0xfffff800U, value, 31);
  }
  const int any = __any_sync(all_lanes, lane == 3);
  const int all = __all_sync(all_lanes, lane != 3);
  doubles[lane] = value + 100 * any + 1000 * all;
}

// The last warp has fewer than 32 lanes: legal as long as the masks say so.
__global__ void odd_block_kernel(int* output) {
  const int thread = static_cast<int>(threadIdx.x);
  const int lanes = min(32, static_cast<int>(blockDim.x) - thread / 32 * 32);
  const unsigned mask = lanes == 32 ? all_lanes : (1U << lanes) - 1U;
  int sum = thread;
  for (int distance = 16; distance > 0; distance /= 2) {
    const int lane = thread % 32;
    const int other = __shfl_sync(mask, sum, lane + distance < lanes ? lane + distance : lane);
    if (lane + distance < lanes) sum += other;
  }
  if (thread % 32 == 0) output[thread / 32] = sum;
}

__global__ void fresh_shared_memory_kernel(float* output) {
  __shared__ SharedArray<float, 4> fixed;
  float* dynamic = dynamic_shared_memory<float>();
  if (threadIdx.x == 0) {
    output[2 * blockIdx.x] = fixed[3];
    output[2 * blockIdx.x + 1] = dynamic[3];
  }
  __syncthreads();
  fixed[3] = dynamic[3] = 1.0F;
}

// Two arrays of one type, in two instances of one kernel: each has its own memory.
template <int Offset>
__global__ void two_arrays_kernel(int* output) {
  __shared__ SharedArray<int, 32> first;
  __shared__ SharedArray<int, 32> second;
  const int thread = static_cast<int>(threadIdx.x);
  first[thread] = Offset + thread;
  second[thread] = -thread;
  __syncthreads();
  output[thread] = first[31 - thread] + second[thread];
}

__global__ void atomics_kernel(int* integers, float* floats, unsigned long long* wide) {
  const int thread = static_cast<int>(thread_in_grid());
  atomicAdd(&integers[0], thread);
  atomicSub(&integers[1], 1);
  atomicMax(&integers[2], thread * 37 % 101);
  atomicMin(&integers[3], -(thread * 37 % 101));
  atomicOr(&integers[4], 1 << thread % 5);
  atomicAnd(&integers[5], ~(1 << thread % 5));
  if (thread == 3) atomicExch(&integers[6], 77);
  atomicCAS(&integers[7], 0, 1);
  atomicAdd(&floats[0], 0.5F);
  atomicAdd(&wide[0], 1ULL << 40U);
}

__global__ void intrinsics_kernel(float* output, int* integers) {
  output[0] = rsqrtf(4.0F);
  output[1] = __expf(1.0F);
  output[2] = __logf(2.0F);
  output[3] = __fdividef(1.0F, 4.0F);
  output[4] = __saturatef(-NAN) + __saturatef(0.25F) + __saturatef(3.0F);
  output[5] = __uint_as_float(__float_as_uint(1.5F));
  output[6] = __ldg(&output[5]);
  output[7] = fmaxf(NAN, 2.0F);
  integers[0] = __popc(0xf0f0U) + __popcll(1ULL << 63U);
  integers[1] = __ffs(0x50);
  integers[2] = __clz(1);
  integers[3] = static_cast<int>(__umulhi(0x80000000U, 6U));
  integers[4] = __float2int_rn(2.5F);
  integers[5] = static_cast<int>(__activemask());
}

}  // namespace

TEST_CASE("simt counts blocks and threads in three dimensions") {
  const auto result = run_in_three_orders([](Simt target) {
    GuardedBuffer<int> output(2 * 3 * 4 * 5 * 3 * 2);
    launch(target, "indices", indices_kernel, {dim3(2, 3, 4), dim3(5, 3, 2)}, output.data());
    return output;
  });
  for (std::size_t i = 0; i < result.size(); ++i)
    REQUIRE(result[i] == static_cast<int>(i));
}

TEST_CASE("simt barriers separate writes from reads") {
  for (const unsigned threads : {1U, 2U, 31U, 32U, 33U, 100U, 1024U}) {
    CAPTURE(threads);
    const int rounds = 3;
    const auto result = run_in_three_orders([&](Simt target) {
      GuardedBuffer<int> output(2 * threads);
      launch(target, "rotate", rotate_kernel, {2, threads, threads * sizeof(int)}, output.data(), rounds);
      return output;
    });
    for (unsigned i = 0; i < 2 * threads; ++i)
      REQUIRE(result[i] == static_cast<int>((i + rounds) % threads));
  }
}

TEST_CASE("simt counts votes at a barrier") {
  for (const unsigned threads : {12U, 65U}) {
    const auto result = run_in_three_orders([&](Simt target) {
      GuardedBuffer<int> output(1);
      launch(target, "counts", counts_kernel, {1, threads}, output.data());
      return output;
    });
    CHECK(result[0] == static_cast<int>((threads + 2) / 3) + 1000 + 100000);
  }
}

TEST_CASE("simt shuffles as CUDA does, whatever the width") {
  const auto run = [](Shuffle kind, int argument, int width) {
    return run_in_three_orders([&](Simt target) {
      GuardedBuffer<int> output(64);
      launch(target, "shuffle", shuffle_kernel, {1, 64}, kind, argument, width, output.data());
      return output;
    });
  };
  for (const int width : {32, 16, 8, 4, 2}) {
    for (const int argument : {0, 1, 3, 5, 16, 31}) {
      CAPTURE(width, argument);
      const auto indexed = run(Shuffle::indexed, argument, width);
      const auto up = run(Shuffle::up, argument, width);
      const auto down = run(Shuffle::down, argument, width);
      const auto exclusive_or = run(Shuffle::exclusive_or, argument, width);
      for (int thread = 0; thread < 64; ++thread) {
        const auto at = static_cast<std::size_t>(thread);
        const int lane = thread % 32;
        const int segment = lane / width;
        CHECK(indexed[at] == segment * width + argument % width);
        CHECK(up[at] == (lane - argument >= segment * width ? lane - argument : lane));
        CHECK(down[at] == (lane + argument < (segment + 1) * width ? lane + argument : lane));
        CHECK(exclusive_or[at] == ((lane ^ argument) < (segment + 1) * width ? lane ^ argument : lane));
      }
    }
  }
}

TEST_CASE("simt keeps the halves of a divided warp apart") {
  const auto run = [](Simt target) {
    GuardedBuffer<unsigned> ballots(32);
    GuardedBuffer<double> doubles(32);
    launch(target, "masks", partial_masks_kernel, {1, 32}, ballots.data(), doubles.data());
    for (std::size_t i = 0; i < 32; ++i) {
      CHECK(ballots[i] == (i < 11 ? 0x555U : (1U << 15U | 1U << 20U | 1U << 25U | 1U << 30U)));
      CHECK(doubles[i] == 0.1 * (i < 11 ? 10 : 31) + 100);
    }
    return doubles;
  };
  run_in_three_orders(run);
}

TEST_CASE("simt runs warps with fewer than 32 lanes") {
  for (const unsigned threads : {1U, 17U, 33U, 45U, 63U}) {
    CAPTURE(threads);
    const auto result = run_in_three_orders([&](Simt target) {
      GuardedBuffer<int> output((threads + 31) / 32);
      launch(target, "odd", odd_block_kernel, {1, threads}, output.data());
      return output;
    });
    const unsigned in_last = threads % 32;
    const unsigned first = threads - in_last;
    CHECK(result[result.size() - 1] == static_cast<int>(in_last * first + in_last * (in_last - 1) / 2));
  }
}

TEST_CASE("simt poisons shared memory before each block") {
  for (const ThreadOrder order : all_orders()) {
    GuardedBuffer<float> output(6);
    for (int repetition = 0; repetition < 2; ++repetition) {
      launch(Simt{order}, "fresh", fresh_shared_memory_kernel, {3, 33, 16}, output.data());
      for (const float value : output)
        CHECK(std::isnan(value));
      for (float& value : output)
        value = 0.0F;
    }
  }
}

TEST_CASE("simt gives every shared array memory of its own") {
  const auto check_offset = [](auto kernel, int offset) {
    const auto result = run_in_three_orders([&](Simt target) {
      GuardedBuffer<int> output(32);
      launch(target, "arrays", kernel, {1, 32}, output.data());
      return output;
    });
    for (int i = 0; i < 32; ++i)
      CHECK(result[static_cast<std::size_t>(i)] == offset + 31 - 2 * i);
  };
  check_offset(two_arrays_kernel<1000>, 1000);
  check_offset(two_arrays_kernel<2000>, 2000);
}

TEST_CASE("simt has atomics") {
  for (const ThreadOrder order : all_orders()) {
    int integers[8] = {0, 0, 0, 0, 0, 0xff, 0, 0};
    float sum = 0.0F;
    unsigned long long wide = 0;
    launch(Simt{order}, "atomics", atomics_kernel, {3, 67}, integers, &sum, &wide);
    CHECK(integers[0] == 201 * 200 / 2);
    CHECK(integers[1] == -201);
    CHECK(integers[2] == 100);
    CHECK(integers[3] == -100);
    CHECK(integers[4] == 31);
    CHECK(integers[5] == 0xe0);
    CHECK(integers[6] == 77);
    CHECK(integers[7] == 1);
    CHECK(sum == 100.5F);
    CHECK(wide == 201ULL << 40U);
  }
}

TEST_CASE("simt has the intrinsics") {
  float values[8] = {};
  int integers[6] = {};
  launch(Simt{}, "intrinsics", intrinsics_kernel, {1, 1}, values, integers);
  CHECK(values[0] == 0.5F);
  CHECK(values[1] == Approx(2.718281828));
  CHECK(values[2] == Approx(0.693147181));
  CHECK(values[3] == 0.25F);
  CHECK(values[4] == 1.25F);
  CHECK(values[5] == 1.5F);
  CHECK(values[6] == 1.5F);
  CHECK(values[7] == 2.0F);
  CHECK(integers[0] == 9);
  CHECK(integers[1] == 5);
  CHECK(integers[2] == 31);
  CHECK(integers[3] == 3);
  CHECK(integers[4] == 2);
  CHECK(integers[5] == 1);
}

TEST_CASE("simt launches from several host threads do not meet") {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 1);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&wrong, t] {
      GuardedBuffer<int> output(32);
      wrong[t] = 0;
      for (int repetition = 0; repetition < 50; ++repetition) {
        launch(Simt{}, "arrays", two_arrays_kernel<5>, {1, 32}, output.data());
        for (int i = 0; i < 32; ++i)
          wrong[t] += output[static_cast<std::size_t>(i)] != 5 + 31 - 2 * i ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  for (const int count : wrong)
    CHECK(count == 0);
}

}  // namespace sleight::kernels
