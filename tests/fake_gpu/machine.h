// The fake machine: GPUs with memory, streams, events and graphs, that implement the CUDA runtime
// (cuda_runtime.cpp). It follows NVIDIA's "CUDA Runtime API" where that is strict, and is strict where it leaves room:
//
// - A stream runs only when something waits for it, and then no more than the wait requires: a host buffer that is
//   overwritten too early, or a missing wait for an event, gives wrong numbers, every time.
// - Device memory is a set of blocks, fresh ones full of 0xFF (NaN). Work that names memory outside of them ends the
//   device's context, as an illegal address does: every later call fails.
// - Work that is queued during a capture goes into the graph and does not run.
// - Time passes only through work: a fixed duration per piece. Measurements are the same in every run.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/fake_gpu/work.h"

// What the handles of the CUDA runtime point to here.
struct CUgraph_st {
  std::vector<sleight::fake::Work> work;
};
struct CUgraphExec_st {
  std::vector<sleight::fake::Work> work;
};

namespace sleight::fake {

// One cudaEventRecord.
struct Recording {
  CUstream_st* stream = nullptr;
  std::int64_t number = 0;          // of the stream's pieces of work, this one included
  std::optional<double> time = {};  // when it was reached, in microseconds
  bool captured = false;
};

struct Capture {
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::thread::id thread = {};
  bool invalidated = false;
  std::unique_ptr<CUgraph_st> graph = std::make_unique<CUgraph_st>();
};

}  // namespace sleight::fake

struct CUevent_st {
  int device = 0;
  std::shared_ptr<sleight::fake::Recording> recording;  // the last one
};
struct CUstream_st {
  int device = 0;
  int number = 0;  // in the order in which streams were made
  std::deque<sleight::fake::Work> waiting = {};
  std::int64_t queued = 0;
  std::int64_t done = 0;
  std::unique_ptr<sleight::fake::Capture> capture = {};
};

namespace sleight::fake {

// The GPU that is current on the calling thread (cudaSetDevice).
int& current_device();

// What a test may change, before it opens a Device.
struct Settings {
  int gpus = 1;
  std::string name = "Fake GPU";
  int major = 9;
  int minor = 0;
  std::int64_t total_bytes = std::int64_t{1} << 32U;
  // A stream, counted in the order in which they were made, that does everything at once; the others then are late.
  int eager_stream = -1;
  // A kernel of this name cannot be launched; one of that name fails when it runs.
  std::string refused_kernel = {};
  std::string failing_kernel = {};
  bool compiler_works = true;  // of cuDNN's fused kernels
};

// Counts of calls, for tests.
struct Counts {
  std::int64_t work = 0;  // done
  std::int64_t allocations = 0;
  std::int64_t captures = 0;
  std::int64_t graph_launches = 0;
  std::int64_t compilations = 0;  // of cuDNN's fused kernels
  std::map<std::string, std::int64_t> work_by_name = {};
};

class Machine {
 public:
  static Machine& instance();
  // Says what is left over when the program ends.
  ~Machine();

  // A new machine, with nothing of the old one left.
  void replace(Settings settings = {});
  const Settings& settings() const { return settings_; }
  void set(const Settings& settings) { settings_ = settings; }
  const Counts& counts() const { return counts_; }
  // What was made and not destroyed, in words; "" when nothing is left.
  std::string left_over() const;

  // Behind the functions of the CUDA runtime, which name them; one thread at a time.
  std::recursive_mutex& mutex() { return mutex_; }
  cudaError_t sticky() const { return sticky_; }
  cudaError_t allocate(void** data, std::size_t bytes, int device);
  cudaError_t free(void* data);
  cudaError_t allocate_pinned(void** data, std::size_t bytes);
  cudaError_t free_pinned(void* data);
  std::int64_t used_bytes(int device) const;
  // Whether the bytes lie in one live block; a block of another kind, or none, overlaps() only.
  bool is_device(const void* data, std::int64_t bytes) const;
  bool is_pinned(const void* data, std::int64_t bytes) const;
  bool touches_device(const void* data, std::int64_t bytes) const;
  bool touches_pinned(const void* data, std::int64_t bytes) const;

  CUstream_st* make_stream(int device);
  CUevent_st* make_event(int device);
  CUgraph_st* keep(std::unique_ptr<CUgraph_st> graph);
  CUgraphExec_st* keep(std::unique_ptr<CUgraphExec_st> graph);
  template <class Handle>
  bool has(Handle handle) const {
    return owners(handle).contains(handle);
  }
  template <class Handle>
  void destroy(Handle handle) {
    owners(handle).erase(handle);
  }

  cudaError_t enqueue(CUstream_st* stream, Work work);
  // Runs the stream's first pieces of work, up to this count of all that were ever queued.
  cudaError_t advance(CUstream_st* stream, std::int64_t count);
  cudaError_t drain();
  double now() const { return now_; }
  void count_graph_launch() { ++counts_.graph_launches; }
  void count_capture() { ++counts_.captures; }
  void count_compilation() { ++counts_.compilations; }

  // An error, and the end of the captures that the calling thread may disturb, where there is one: for calls that a
  // capture does not allow.
  cudaError_t check_no_capture();

 private:
  Machine() = default;
  template <class T>
  using Owned = std::map<T*, std::unique_ptr<T>>;
  struct Block {
    std::int64_t bytes = 0;
    int device = 0;
    std::unique_ptr<std::byte[]> memory = {};
  };
  using Blocks = std::map<const std::byte*, Block>;

  static std::byte* add_block(Blocks& blocks, std::int64_t bytes, int device);
  static const Block* block_around(const Blocks& blocks, const void* data, std::int64_t bytes);
  static bool touches(const Blocks& blocks, const void* data, std::int64_t bytes);
  void perform(const Work& work, int device);
  void fail_access(const Work& work, const std::string& what);

  Owned<CUstream_st>& owners(CUstream_st*) { return streams_; }
  Owned<CUevent_st>& owners(CUevent_st*) { return events_; }
  Owned<CUgraph_st>& owners(CUgraph_st*) { return graphs_; }
  Owned<CUgraphExec_st>& owners(CUgraphExec_st*) { return executables_; }
  const Owned<CUstream_st>& owners(CUstream_st*) const { return streams_; }
  const Owned<CUevent_st>& owners(CUevent_st*) const { return events_; }
  const Owned<CUgraph_st>& owners(CUgraph_st*) const { return graphs_; }
  const Owned<CUgraphExec_st>& owners(CUgraphExec_st*) const { return executables_; }

  std::recursive_mutex mutex_;
  Settings settings_;
  Counts counts_;
  cudaError_t sticky_ = cudaSuccess;
  double now_ = 0;
  Blocks device_, pinned_;
  Owned<CUstream_st> streams_;
  Owned<CUevent_st> events_;
  Owned<CUgraph_st> graphs_;
  Owned<CUgraphExec_st> executables_;
};

}  // namespace sleight::fake
