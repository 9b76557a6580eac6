// The fifth verb: runs a planned program. On the CPU a loop over prepared steps; on a GPU the same loop queues them
// once, records them once in a graph, and from then on one call queues the whole step.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/device/handles.h"
#include "engine/program/fuse.h"
#include "engine/program/operation.h"
#include "engine/program/persistent_store.h"
#include "engine/program/plan.h"
#include "kernels/lib/live_scalars.h"

namespace sleight {

// The one arena that all plans of a run share. Plan the largest shape first: a later, larger plan makes it grow.
class Arena {
 public:
  explicit Arena(const Device& device) : device_(device) {}
  void reserve(std::int64_t bytes);
  std::byte* data() const { return buffer_.data(); }
  std::int64_t size() const { return buffer_.size(); }
  // Fills it with NaN (every byte 0xff): tests run on poisoned memory, so that reading what no step has written shows.
  void poison();

 private:
  const Device& device_;
  Buffer buffer_;
};

// What a run has once, however many programs it executes.
struct Context {
  Context(std::string_view device_name, std::uint64_t seed, const DeviceOptions& options = {})
      : Context(Device(device_name, options), seed) {}
  // Without a communicator the run has one rank.
  Context(Device on, std::uint64_t seed, std::unique_ptr<Communicator> ranks = nullptr)
      : device(std::move(on)),
        communicator(ranks ? std::move(ranks) : std::make_unique<SelfCommunicator>(device.runtime())),
        store(device, seed),
        arena(device),
        live_scalars(device.allocate(live_scalar_bytes)) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  static constexpr std::int64_t live_scalar_bytes =
      kernels::LiveScalar::count * static_cast<std::int64_t>(sizeof(float));
  Device device;
  std::unique_ptr<Communicator> communicator;  // never null
  PersistentStore store;
  Arena arena;
  Buffer live_scalars;  // on the device

  // Takes effect with the next run that is queued; runs queued before keep what they had.
  void set_live_scalar(kernels::LiveScalar::Index index, double value);
  float live_scalar(kernels::LiveScalar::Index index) const { return live_scalar_values_[index]; }
  // Queues the copy to the device, when something has changed.
  void send_live_scalars();

 private:
  std::array<float, kernels::LiveScalar::count> live_scalar_values_{};
  bool live_scalars_changed_ = true;
};

struct ExecutableOptions {
  bool fuse = true;
  // Also into forms that the device does not have and computes in several passes: for tests, and to count what another
  // device would move.
  bool fuse_everything = false;
  // Record the steps in a graph where the device has graphs. The numbers are the same either way.
  bool graphs = true;
  // Prefix of the names of parameters and running statistics: "average." evaluates the averaged weights.
  std::string parameter_prefix;
};

class Executable {
 public:
  // Fuses, chooses layouts, prepares every step and plans the memory; makes the program's persistent values in the
  // context. Throws Error naming the step when something does not fit.
  Executable(Program program, Context& context, const ExecutableOptions& options = {});
  // Waits for what is queued.
  ~Executable();
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;

  // Binds an input of the program to memory of the right size, on the device, until bound again. Another address than
  // before costs a new graph.
  void bind(const std::string& input, const void* data);

  // Queues all phases and the copy of the results to the host, and returns the number of the run. The device may still
  // be at work: result() waits for it. At most two runs may be queued whose results are still wanted.
  std::int64_t run();
  // Queues the steps of one phase, and the copy of the results at that point.
  void run(Phase phase);
  // Called after every step with its index, when it is done: the search for the first bad value.
  void run_observed(const std::function<void(std::size_t step)>& after_step);
  void run_observed(Phase phase, const std::function<void(std::size_t step)>& after_step);
  // Seconds that each step takes by the device's own clock, in one run.
  std::vector<double> profile();

  // A result of the last run (or of the one before it, by its number), by the name given to Tracer::result. On the host
  // it is valid until the next run is queued, on a GPU until the next but one.
  template <class T>
  std::span<const T> result(const std::string& name, std::int64_t run = last_run) const {
    const ValueId id = result_id(name, data_type_of<T>());
    return {static_cast<const T*>(host_result(id, run)), static_cast<std::size_t>(program_.value(id).type.count())};
  }

  const Program& program() const { return program_; }
  const MemoryPlan& plan() const { return plan_; }
  const FusionCounts& fusions() const { return fusions_; }
  // The steps that may give other bits in another run on the same inputs.
  std::vector<std::size_t> nondeterministic_steps() const;
  // On the device; null for values that no step touches.
  void* address(ValueId value) const;
  // A value's bytes as they are now, waiting for what is queued.
  std::vector<std::byte> read(ValueId value) const;

 private:
  static constexpr std::int64_t last_run = -1;
  // Results of two runs: while the host reads those of one, the device writes those of the next.
  static constexpr std::int64_t result_copies = 2;

  // One step's addresses, kept for runs that must not allocate.
  struct Bound {
    std::vector<void*> inputs, outputs;
    void* workspace = nullptr;
    std::vector<Access> accesses;
  };

  void reserve_arena();
  ValueId result_id(const std::string& name, DataType element) const;
  const void* host_result(ValueId id, std::int64_t run) const;
  void resolve();
  void queue(std::size_t step);
  void queue(Phase phase);
  void queue_results();

  Context& context_;
  Program program_;
  FusionCounts fusions_;
  MemoryPlan plan_;
  bool use_graph_ = false;
  std::vector<PreparedStep> prepared_;
  std::vector<const void*> inputs_;  // per value, what bind() gave
  std::vector<void*> persistent_;    // per value
  std::vector<Bound> bound_;         // per step
  std::byte* resolved_arena_ = nullptr;
  bool resolved_ = false;
  bool queued_before_ = false;  // with these addresses: everything that happens once has happened
  Graph graph_;
  // Where results arrive on the host: pinned, per copy all results consecutively. Empty on the host itself.
  std::vector<std::int64_t> result_offsets_;  // per result
  std::array<Buffer, result_copies> results_;
  std::vector<Event> results_ready_;  // per copy
  std::int64_t runs_ = 0;
};

}  // namespace sleight
