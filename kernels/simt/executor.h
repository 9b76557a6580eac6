// Runs a grid of CUDA threads on the host: blocks one after another, the threads of a block as fibers that give way to
// each other at barriers and warp operations. README.md explains how. Kernels do not see this header; they see CUDA's
// names, which cuda_language.h maps onto it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include "kernels/lib/execution_target.h"
#include "kernels/simt/vector_types.h"

namespace sleight::simt {

// A kernel broke a rule of CUDA. The message names the kernel, block, thread, and file and line of the operation.
class SimtError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Grid {
  dim3 blocks;
  dim3 threads;
  std::size_t dynamic_shared_bytes = 0;
};

// Calls `thread` once per CUDA thread of the grid, with threadIdx and its siblings set, and returns when all are done.
// Throws SimtError for a broken rule, and whatever the kernel itself throws; the executor is usable afterwards.
// Each thread of the operating system has an executor of its own.
void execute(const char* kernel_name, const Grid& grid, kernels::ThreadOrder order,
             const std::function<void()>& thread);

// Where a kernel is: the line of the operation. The helpers in kernels/lib/reduce.h also say who called them, by a
// CallScope, which distinguishes two calls of one helper.
// (std::source_location would do, but clang 14 cannot use it with libstdc++.)
struct CallSite {
  const char* file = "";
  unsigned line = 0;

  // As a default argument: the place of the call.
  static constexpr CallSite current(const char* file = __builtin_FILE(), unsigned line = __builtin_LINE()) {
    return {file, line};
  }
};

class CallScope {
 public:
  explicit CallScope(const CallSite& site);
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

  const CallSite& site() const { return site_; }
  const CallScope* outer() const { return outer_; }

 private:
  CallSite site_;
  const CallScope* outer_;
};

// The operations that cuda_language.h calls. `operation` is CUDA's name, for messages.

// Waits until all threads of the block are here; returns how many of them brought `true`.
int wait_for_block(const char* operation, bool predicate, const CallSite& site);

// Waits for the lanes in mask; returns the bits that lane `source` brought.
std::uint64_t exchange_in_warp(const char* operation, std::uint32_t mask, std::uint64_t bits, int source,
                               const CallSite& site);

// Waits for the lanes in mask; returns a word with bit i set when lane i brought `true`.
std::uint32_t vote_in_warp(const char* operation, std::uint32_t mask, bool predicate, const CallSite& site);

// The calling thread's lane, 0..31.
int lane_of_this_thread();

// Bytes after every piece of shared memory that must stay untouched.
inline constexpr std::size_t shared_red_zone = 64;

// Poisons shared memory of the current block and the red zone after it (bytes + shared_red_zone in all), and watches
// the zone until the block ends.
void begin_shared_memory(std::byte* memory, std::size_t bytes);

// The block's dynamic shared memory.
std::byte* dynamic_shared_bytes();

// A number that no other block has had on this thread of the operating system; 0 outside of kernels. Shared memory
// compares it to learn that a new block has begun.
std::uint64_t current_block_serial();

// Throws SimtError with "kernel ..., block ..., thread ...: " in front.
[[noreturn]] void report(const std::string& what);

// "file:line"
std::string to_string(const CallSite& site);

}  // namespace sleight::simt
