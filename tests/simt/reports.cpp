// Kernels broken on purpose: each must be reported, with the right words and the right line, in every thread order, and
// must leave the executor usable.
#include <functional>

#include "simt_test.h"

namespace sleight::kernels {
namespace {

// Lines of the operations in the kernels below, noted as they are reached.
unsigned line_a = 0;
unsigned line_b = 0;

std::string here(unsigned line) {
  return "reports.cpp:" + std::to_string(line);
}

__global__ void healthy_kernel(int* result) {
  __shared__ SharedArray<int, 64> values;
  values[static_cast<int>(threadIdx.x)] = static_cast<int>(threadIdx.x);
  __syncthreads();
  result[threadIdx.x] = values[63 - static_cast<int>(threadIdx.x)];
}

void require_usable(Simt target) {
  GuardedBuffer<int> result(64);
  launch(target, "healthy", healthy_kernel, {1, 64}, result.data());
  for (int i = 0; i < 64; ++i)
    REQUIRE(result[static_cast<std::size_t>(i)] == 63 - i);
}

// Runs a broken kernel in every order and requires all parts in every message.
void require_report(const std::function<void(Simt)>& run, const std::function<std::vector<std::string>()>& parts) {
  for (const ThreadOrder order : all_orders()) {
    CAPTURE(static_cast<int>(order));
    const std::string message = message_of<SimtError>([&] { run(Simt{order}); });
    INFO(message);
    for (const std::string& part : parts()) {
      CAPTURE(part);
      CHECK(contains(message, part));
    }
    require_usable(Simt{order});
  }
}

__global__ void missing_barrier_kernel(int count) {
  if (static_cast<int>(threadIdx.x) >= count) return;
  line_a = __LINE__, __syncthreads();
}

__global__ void divergent_barrier_kernel() {
  if (threadIdx.x % 2 == 0) {
    line_a = __LINE__, __syncthreads();
  } else {
    line_b = __LINE__, __syncthreads();
  }
}

// The barriers are the same line of reduce.h; only the callers tell them apart.
__global__ void divergent_reduction_kernel() {
  float value = 1.0F;
  if (threadIdx.x < 32) {
    line_a = __LINE__, value = block_sum(value);
  } else {
    line_b = __LINE__, value = block_sum(value);
  }
}

__global__ void lane_returned_kernel(int count) {
  if (static_cast<int>(threadIdx.x) >= count) return;
  line_a = __LINE__, __shfl_down_sync(all_lanes, 1.0F, 1);
}

__global__ void lane_at_barrier_kernel() {
  if (threadIdx.x == 40) {
    line_b = __LINE__, __syncthreads();
  } else {
    line_a = __LINE__, __ballot_sync(all_lanes, 1);
  }
}

__global__ void lane_elsewhere_kernel() {
  if (threadIdx.x < 16) {
    line_a = __LINE__, __any_sync(all_lanes, 1);
  } else {
    line_b = __LINE__, __any_sync(all_lanes, 1);
  }
}

__global__ void different_masks_kernel() {
  const unsigned mask = threadIdx.x < 16 ? 0xffffffffU : 0xffff8000U;
  line_a = __LINE__, __syncwarp(mask);
}

__global__ void caller_not_in_mask_kernel() {
  line_a = __LINE__, __syncwarp(0xffffff7fU);
}

__global__ void reads_lane_outside_of_mask_kernel() {
  if (threadIdx.x < 20) line_a = __LINE__, __shfl_down_sync(0x000fffffU, 1, 4);
}

__global__ void full_mask_kernel() {
  line_a = __LINE__, __syncwarp();
}

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

__global__ void trap_kernel() {
  if (threadIdx.x == 5) line_a = __LINE__, __trap();
  __syncthreads();
}

struct Ordinary {
  int& alive;
  explicit Ordinary(int& counter) : alive(counter) { ++alive; }
  ~Ordinary() { --alive; }
  Ordinary(const Ordinary&) = delete;
  Ordinary& operator=(const Ordinary&) = delete;
};

// Waiting threads hold objects: their stacks have to be unwound, not dropped.
__global__ void throwing_kernel(int* alive) {
  const Ordinary object(*alive);
  if (threadIdx.x == 7) throw std::runtime_error("thrown by a kernel");
  __syncthreads();
}

__global__ void launching_kernel(Simt target) {
  launch(target, "inner", full_mask_kernel, {1, 32});
}

}  // namespace

TEST_CASE("simt reports a missing barrier") {
  require_report(
      [](Simt target) {
        launch(target, "broken", missing_barrier_kernel, {2, 48}, 47);
      },
      [] {
        return std::vector<std::string>{"kernel broken",          "block (",
                                        "missing barrier",        "thread (47, 0, 0) has returned",
                                        "waits in __syncthreads", here(line_a)};
      });
}

TEST_CASE("simt reports a divergent barrier") {
  require_report(
      [](Simt target) {
        launch(target, "broken", divergent_barrier_kernel, {1, 64});
      },
      [] {
        return std::vector<std::string>{"divergent barrier", "thread (0, 0, 0)", "thread (1, 0, 0)", here(line_a),
                                        here(line_b)};
      });
}

TEST_CASE("simt reports a barrier in a helper that is called from two places") {
  require_report(
      [](Simt target) {
        launch(target, "broken", divergent_reduction_kernel, {1, 64});
      },
      [] {
        return std::vector<std::string>{"divergent barrier", "reduce.h:", "called from", here(line_a), here(line_b)};
      });
}

TEST_CASE("simt reports lanes that a mask names and that never arrive") {
  SECTION("returned") {
    require_report(
        [](Simt target) {
          launch(target, "broken", lane_returned_kernel, {1, 64}, 61);
        },
        [] {
          return std::vector<std::string>{"__shfl_down_sync", "mask 0xffffffff",
                                          "lane 29 (thread (61, 0, 0)) has returned", here(line_a)};
        });
  }
  SECTION("waiting at a barrier") {
    require_report(
        [](Simt target) {
          launch(target, "broken", lane_at_barrier_kernel, {1, 64});
        },
        [] {
          return std::vector<std::string>{"__ballot_sync", "lane 8 (thread (40, 0, 0)) waits in __syncthreads",
                                          here(line_a), here(line_b)};
        });
  }
  SECTION("waiting in another warp operation") {
    require_report(
        [](Simt target) {
          launch(target, "broken", lane_elsewhere_kernel, {1, 32});
        },
        [] {
          return std::vector<std::string>{"lane 16 (thread (16, 0, 0)) waits in __any_sync", here(line_a),
                                          here(line_b)};
        });
  }
  SECTION("with another mask") {
    require_report(
        [](Simt target) {
          launch(target, "broken", different_masks_kernel, {1, 32});
        },
        [] {
          return std::vector<std::string>{"__syncwarp", "mask 0xffffffff", "with mask 0xffff8000", here(line_a)};
        });
  }
  SECTION("not there at all") {
    require_report(
        [](Simt target) {
          launch(target, "broken", full_mask_kernel, {1, 45});
        },
        [] {
          return std::vector<std::string>{"lane 13 does not exist", "warp 1", "13 threads", here(line_a)};
        });
  }
}

TEST_CASE("simt reports masks that are wrong by themselves") {
  SECTION("the caller is not named") {
    require_report(
        [](Simt target) {
          launch(target, "broken", caller_not_in_mask_kernel, {1, 32});
        },
        [] {
          return std::vector<std::string>{"thread (7, 0, 0)", "the calling lane 7 is not named", "0xffffff7f",
                                          here(line_a)};
        });
  }
  SECTION("a lane outside of the mask is read") {
    require_report(
        [](Simt target) {
          launch(target, "broken", reads_lane_outside_of_mask_kernel, {1, 32});
        },
        [] {
          return std::vector<std::string>{"reads lane 2", "0xfffff does not name", here(line_a)};
        });
  }
}

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

TEST_CASE("__trap ends a kernel") {
  require_report(
      [](Simt target) {
        launch(target, "broken", trap_kernel, {1, 32});
      },
      [] {
        return std::vector<std::string>{"thread (5, 0, 0)", "__trap", here(line_a)};
      });
}

TEST_CASE("an exception leaves the kernel and unwinds the threads that wait") {
  for (const ThreadOrder order : all_orders()) {
    int alive = 0;
    const std::string message = message_of<std::runtime_error>([&] {
      launch(Simt{order}, "broken", throwing_kernel, {3, 1024}, &alive);
    });
    CHECK(message == "thrown by a kernel");
    CHECK(alive == 0);
    require_usable(Simt{order});
  }
}

TEST_CASE("a kernel cannot be launched from a kernel, nor its operations used outside") {
  require_report(
      [](Simt target) {
        launch(target, "outer", launching_kernel, {1, 1}, target);
      },
      [] {
        return std::vector<std::string>{"kernel outer", "launch of inner from inside a kernel"};
      });
  CHECK(contains(message_of<SimtError>([] { __syncthreads(); }), "outside of a kernel"));
  CHECK(contains(message_of<SimtError>([] { __syncwarp(); }), "outside of a kernel"));
  CHECK(contains(message_of<SimtError>([] { block_sum(1.0F); }), "outside of a kernel"));
}

}  // namespace sleight::kernels
