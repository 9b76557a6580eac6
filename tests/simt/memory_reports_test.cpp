// Kernels that write out of bounds, or rely on an order that is not guaranteed.
#include "reports.h"

namespace sleight::kernels {
namespace {

__global__ void out_of_bounds_kernel(float* values, std::int64_t count, std::int64_t offset) {
  const std::int64_t i = thread_in_grid();
  if (i < count) values[i + offset] = 1.0F;
}

// The tail's lanes are not looked at: a whole pack is stored.
template <class T>
__global__ void forgotten_tail_kernel(T* values, std::int64_t count) {
  constexpr int lanes = pack_lanes<T>;
  for_each_pack<lanes>(count, [&](std::int64_t first, int) { store_lanes(values + first, filled_lanes<lanes>(1.0F)); });
}

// The tail is done by every thread, on top of each other: the last one wins.
__global__ void racing_tail_kernel(const float* input, float* output, int count) {
  const int threads = static_cast<int>(blockDim.x);
  const int complete = count / threads * threads;
  for (int i = static_cast<int>(threadIdx.x); i < complete; i += threads)
    output[i] = input[i];
  for (int i = complete; i < count; ++i)
    output[i] = input[i] + static_cast<float>(threadIdx.x);
}

__global__ void missing_barrier_race_kernel(int* output) {
  __shared__ SharedArray<int, 64> values;
  const int thread = static_cast<int>(threadIdx.x);
  values[thread] = thread;
  output[thread] = values[63 - thread];
}

__global__ void order_of_atomics_kernel(int* counter, int* output) {
  output[threadIdx.x] = atomicAdd(counter, 1);
}

__global__ void shared_index_kernel() {
  __shared__ SharedArray<float, 33> values;
  values[static_cast<int>(threadIdx.x)] = 1.0F;
}

__global__ void dynamic_shared_kernel(int elements) {
  float* values = dynamic_shared_memory<float>();
  for (int i = static_cast<int>(threadIdx.x); i < elements; i += static_cast<int>(blockDim.x))
    values[i] = 1.0F;
}

__global__ void shared_pointer_kernel(int elements) {
  __shared__ SharedArray<bfloat16, 33> values;
  bfloat16* pointer = values.data();
  for (int i = static_cast<int>(threadIdx.x); i < elements; i += static_cast<int>(blockDim.x)) {
    pointer[i] = bfloat16(1.0F);
  }
  __syncthreads();
}

__global__ void misaligned_kernel(const float* values) {
  read_wide<WideAccess<float, 4>::Word>(values + 1);
}

}  // namespace

TEST_CASE("simt reports writes out of bounds") {
  constexpr std::size_t count = 101;
  SECTION("behind the end") {
    require_report(
        [&](Simt target) {
          GuardedBuffer<float> values(count, "values");
          launch(target, "broken", out_of_bounds_kernel, {2, 64}, values.data(), static_cast<std::int64_t>(count), 1);
        },
        [] {
          return std::vector<std::string>{"kernel broken, block (1, 0, 0), thread (36, 0, 0)", "out-of-bounds write",
                                          "'values'", "offset 404", "0 behind its end"};
        });
  }
  SECTION("before the start") {
    require_report(
        [&](Simt target) {
          GuardedBuffer<float> values(count, "values");
          launch(target, "broken", out_of_bounds_kernel, {2, 64}, values.data(), static_cast<std::int64_t>(count), -2);
        },
        [] {
          return std::vector<std::string>{"block (0, 0, 0)", "out-of-bounds write", "offset -", "before its start"};
        });
  }
  SECTION("a tail that stores a whole pack") {
    require_report(
        [&](Simt target) {
          GuardedBuffer<bfloat16> values(count, "values");
          launch(target, "broken", forgotten_tail_kernel<bfloat16>, pack_shape(count, 8), values.data(),
                 static_cast<std::int64_t>(count));
        },
        [] {
          return std::vector<std::string>{"thread (12, 0, 0)", "out-of-bounds write", "offset 202"};
        });
  }
  SECTION("an index into static shared memory") {
    require_report(
        [](Simt target) {
          launch(target, "broken", shared_index_kernel, {1, 34});
        },
        [] {
          return std::vector<std::string>{"thread (33, 0, 0)", "index 33", "33 elements"};
        });
  }
  SECTION("static shared memory through a pointer") {
    require_report(
        [](Simt target) {
          launch(target, "broken", shared_pointer_kernel, {1, 32}, 34);
        },
        [] {
          return std::vector<std::string>{"thread (1, 0, 0)", "out-of-bounds write", "shared memory of 66 bytes",
                                          "offset 66"};
        });
  }
  SECTION("dynamic shared memory") {
    require_report(
        [](Simt target) {
          launch(target, "broken", dynamic_shared_kernel, {1, 32, 40 * 4}, 41);
        },
        [] {
          return std::vector<std::string>{"thread (8, 0, 0)", "out-of-bounds write", "shared memory of 160 bytes",
                                          "offset 160"};
        });
    require_report(
        [](Simt target) {
          launch(target, "broken", dynamic_shared_kernel, {1, 32}, 1);
        },
        [] { return std::vector<std::string>{"launched without any"}; });
  }
}

TEST_CASE("simt reports a wide access to a misaligned address") {
  require_report(
      [](Simt target) {
        GuardedBuffer<float> values(16);
        launch(target, "broken", misaligned_kernel, {1, 1}, values.data());
      },
      [] {
        return std::vector<std::string>{"16 bytes", "no multiple"};
      });
}

TEST_CASE("three thread orders show races") {
  SECTION("in a tail loop") {
    const auto run = [](Simt target) {
      const std::vector<float> input(67, 1.0F);
      GuardedBuffer<float> output(input.size());
      launch(target, "broken", racing_tail_kernel, {1, 32}, input.data(), output.data(), 67);
      return output;
    };
    const std::string message = message_of<SimtError>([&] { run_in_three_orders(run); });
    INFO(message);
    CHECK(contains(message, "a race: element 64 of 67 differs between forward and reverse"));
  }
  SECTION("of a barrier left out") {
    const auto run = [](Simt target) {
      GuardedBuffer<int> output(64);
      launch(target, "broken", missing_barrier_race_kernel, {1, 64}, output.data());
      return output;
    };
    CHECK(contains(message_of<SimtError>([&] { run_in_three_orders(run); }), "a race"));
  }
  SECTION("for a place") {
    const auto run = [](Simt target) {
      int counter = 0;
      GuardedBuffer<int> output(33);
      launch(target, "broken", order_of_atomics_kernel, {1, 33}, &counter, output.data());
      return output;
    };
    CHECK(contains(message_of<SimtError>([&] { run_in_three_orders(run); }), "a race: element 0 of 33"));
  }
  SECTION("and blocks that depend on each other") {
    const auto run = [](Simt target) {
      int counter = 0;
      GuardedBuffer<int> output(1);
      launch(target, "broken", order_of_atomics_kernel, {5, 1}, &counter, output.data());
      return output;
    };
    CHECK(run(Simt{ThreadOrder::forward})[0] == 4);
  }
}

}  // namespace sleight::kernels
