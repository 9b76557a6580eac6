// The fifth verb: runs a planned program. On the CPU a loop over prepared steps.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/program/fuse.h"
#include "engine/program/operation.h"
#include "engine/program/persistent_store.h"
#include "engine/program/plan.h"
#include "kernels/live_scalars.h"

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

// What a run has once, whatever number of programs it executes.
struct Context {
  Context(std::string_view device_name, std::uint64_t seed)
      : device(device_name), store(device, seed), arena(device), live_scalars(device.allocate(live_scalar_bytes)) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  static constexpr std::int64_t live_scalar_bytes =
      kernels::LiveScalar::count * static_cast<std::int64_t>(sizeof(float));
  Device device;
  PersistentStore store;
  Arena arena;
  Buffer live_scalars;

  void set_live_scalar(kernels::LiveScalar::Index index, double value);
  float live_scalar(kernels::LiveScalar::Index index) const;
};

struct ExecutableOptions {
  bool fuse = true;
  // Stands in front of the names of parameters and running statistics: "average." evaluates the averaged weights.
  std::string parameter_prefix;
};

class Executable {
 public:
  // Fuses, chooses layouts, prepares every step and plans the memory; makes the program's persistent values in the
  // context. Throws Error naming the step when something does not fit.
  Executable(Program program, Context& context, const ExecutableOptions& options = {});

  // Binds an input of the program to memory of the right size, until bound again.
  void bind(const std::string& input, const void* data);

  void run();
  void run(Phase phase);
  // Called after every step with its index: profiles, and the search for the first bad value.
  void run_observed(const std::function<void(std::size_t step)>& after_step);
  void run_observed(Phase phase, const std::function<void(std::size_t step)>& after_step);

  // A result of the last run, by the name given to Tracer::result.
  template <class T>
  std::span<const T> result(const std::string& name) const {
    const ValueId id = result_id(name, data_type_of<T>());
    return {static_cast<const T*>(address(id)), static_cast<std::size_t>(program_.value(id).type.count())};
  }

  const Program& program() const { return program_; }
  const MemoryPlan& plan() const { return plan_; }
  const FusionCounts& fusions() const { return fusions_; }
  void* address(ValueId value) const;

 private:
  ValueId result_id(const std::string& name, DataType element) const;
  void resolve();

  Context& context_;
  Program program_;
  FusionCounts fusions_;
  MemoryPlan plan_;
  std::vector<PreparedStep> prepared_;
  std::vector<const void*> inputs_;  // per value, what bind() gave
  std::vector<void*> persistent_;    // per value
  std::vector<std::vector<void*>> step_inputs_, step_outputs_;
  std::vector<void*> workspaces_;
  std::byte* resolved_arena_ = nullptr;
  bool resolved_ = false;
};

}  // namespace sleight
