// What the engine knows about an operation: one entry of function pointers. engine/program uses only these, so a new
// operation needs no change here. engine/ops/<name>.cpp implements them.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/device/device.h"
#include "engine/program/program.h"

namespace sleight {

class Communicator;
class DistributionBuilder;
class GradientBuilder;
class Tracer;

// The types of a step's values; null where an optional value is absent.
struct StepTypes {
  const Attributes& attributes;
  std::vector<const ValueType*> inputs;
  std::vector<const ValueType*> outputs;
};

// The addresses of a step's values at run time; null where absent.
struct StepBuffers {
  std::span<void* const> inputs;
  std::span<void* const> outputs;
  void* workspace = nullptr;
};

// What a step is prepared for: its device and its communicator. The prepared step may keep references to both.
struct PrepareTarget {
  const Device& device;
  Communicator& communicator;
};

// A step prepared for one device and one set of shapes.
struct PreparedStep {
  // Queues the step. Allocates nothing and copies nothing from the host: it may be recorded in a graph.
  std::function<void(const StepBuffers&)> run;
  std::int64_t workspace_bytes = 0;
  // Called before the first run and whenever addresses have changed: for tables of addresses in device memory. May be
  // empty.
  std::function<void(const StepBuffers&)> bind = {};
  // Whether two runs on the same inputs give the same bits.
  bool is_deterministic = true;
};

// Arithmetic and memory traffic of one run, for rooflines and reports.
struct Cost {
  double flops = 0.0;
  double bytes = 0.0;
};

// Rewrites part of a program into a fused form that gives the same numbers.
struct FusionRule {
  std::string_view name;
  // Tries to fuse around the step at this index (whose operation owns the rule); true if it changed the program.
  bool (*rewrite)(Program& program, std::size_t step);
  // Writes a small program in which the rule must fire; a test runs it fused and unfused.
  // Returns the value whose mean is differentiated.
  ValueId (*example)(Tracer& trace);
  // Whether the device has the fused form of what the rule would fuse at this step; false too where it would fuse
  // nothing. Null: every device has it.
  bool (*offered)(const Program& program, std::size_t step, const Device& device) = nullptr;
};

struct Operation {
  std::string_view name;

  // Types of the outputs (plain layout); throws Error when the inputs do not fit, saying which and why.
  std::vector<ValueType> (*infer)(const StepTypes& step) = nullptr;

  PreparedStep (*prepare)(const StepTypes& step, const PrepareTarget& target) = nullptr;

  // Appends the backward steps; null when the operation is not differentiable.
  void (*gradient)(GradientBuilder& builder) = nullptr;

  // Changes the step for a batch that several ranks share (engine/program/distribute.h); null when it needs nothing of
  // the other ranks.
  void (*distribute)(DistributionBuilder& builder) = nullptr;

  // Pairs (output, input) that may share memory, because each element is read before its place is written.
  std::vector<std::pair<int, int>> (*in_place)(const Step& step) = nullptr;

  // Inputs that the step updates in place; they must be persistent.
  std::vector<int> (*updates)(const Step& step) = nullptr;

  Cost (*cost)(const StepTypes& step) = nullptr;

  // Whether images may arrive and leave in the device's blocked layout.
  bool any_layout = false;

  // Chooses the layout of persistent inputs (convolution weights) for a device; null when plain is right.
  std::vector<std::pair<int, Layout>> (*weight_layouts)(const StepTypes& step, const Device& device) = nullptr;

  std::span<const FusionRule> fusion_rules = {};
};

// The types of step's values in program; the pointers are valid until the program changes.
StepTypes types_of(const Program& program, const Step& step);

// cost() where the operation defines it, else no flops and every input and output moved once.
Cost cost_of(const StepTypes& step, const Operation& operation);

}  // namespace sleight
