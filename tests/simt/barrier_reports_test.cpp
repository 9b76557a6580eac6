// Kernels whose threads do not meet: barriers and masks of warps, with the line of the operation; and kernels that end
// before their threads do.
#include "reports.h"

namespace sleight::kernels {
namespace {

// Lines of the operations in the kernels below, noted as they are reached.
unsigned line_a = 0;
unsigned line_b = 0;

std::string here(unsigned line) {
  return "barrier_reports_test.cpp:" + std::to_string(line);
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
