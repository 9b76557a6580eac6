// A program: a flat list of steps over values. Forward, backward and the optimizer's update are steps of one kind in
// one list, in the order in which they run. Values are written once (by one step), except persistent ones, which a step
// may update in place (running statistics, parameters, momentum).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/program/attributes.h"
#include "engine/value/value_type.h"

namespace sleight {

struct Operation;

using ValueId = std::int32_t;
// Marks an absent optional input or output of a step.
constexpr ValueId no_value = -1;

enum class Storage : std::uint8_t {
  arena,         // lives between its first writer and its last reader; the planner gives it a place
  persistent,    // parameters, momentum, running statistics: kept between steps in the PersistentStore, by name
  input,         // the batch: bound to the loader's slot before each run
  live_scalars,  // the learning rate and similar: one small buffer refreshed before each run
};

// How a parameter starts, and what the optimizer may do with it.
enum class Initializer : std::uint8_t {
  zeros,
  ones,
  he_normal_fan_out,
  he_normal_fan_in,
  uniform_fan_in,
  repeated_values,  // Parameter::repeated_values, repeated
};

struct Value {
  std::string name;
  ValueType type;
  Storage storage = Storage::arena;
};

// The role of a parameter, for weight decay and zero gamma.
enum class ParameterRole : std::uint8_t {
  weight,
  bias,
  norm_scale,
  norm_shift,
  running_statistic,
  optimizer_state,
  average
};

struct Parameter {
  ValueId value = no_value;
  ParameterRole role = ParameterRole::weight;
  Initializer initializer = Initializer::zeros;
  // The last batch-norm scale of a residual branch (zero gamma).
  bool ends_residual_branch = false;
  // For Initializer::repeated_values: their number divides that of the elements.
  std::vector<float> repeated_values = {};

  bool trainable() const { return role <= ParameterRole::norm_shift; }
};

enum class Phase : std::uint8_t { forward, backward, update };

struct Step {
  const Operation* operation = nullptr;
  Attributes attributes;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::string name;  // the layer: "layer1.0.conv1"
  Phase phase = Phase::forward;
};

struct Program {
  std::vector<Value> values;
  std::vector<Step> steps;
  std::vector<Parameter> parameters;  // every persistent value, in the order of the trace
  std::vector<ValueId> results;       // read by the host after a run; they stay alive to the end

  const Value& value(ValueId id) const { return values[id]; }
  Value& value(ValueId id) { return values[id]; }
  ValueId add_value(Value value);
  // The value with this name; throws Error listing similar names when there is none.
  ValueId find(const std::string& name) const;
  bool is_result(ValueId id) const { return std::find(results.begin(), results.end(), id) != results.end(); }
};

// Which steps write and read each value, as indices of the program's steps. Made from a program, which must outlive it;
// stale as soon as the program changes.
class Uses {
 public:
  explicit Uses(const Program& program);

  // -1 for a value that comes from outside.
  std::int32_t producer(ValueId value) const { return producers_[value]; }
  // -1 also when the step that writes the value is of another operation.
  std::int32_t producer(ValueId value, const Operation& operation) const;
  // In the order of the steps, each once.
  const std::vector<std::int32_t>& readers(ValueId value) const { return readers_[value]; }
  // The one step that reads the value; -1 when there are none or several, and for a result, which the host reads too.
  std::int32_t sole_reader(ValueId value) const;

 private:
  const Program* program_;
  std::vector<std::int32_t> producers_;
  std::vector<std::vector<std::int32_t>> readers_;
};

// Throws Error when the program is not well formed: a value read before it is written, written twice, unknown ids,
// steps that are not in the order of their phases.
void verify(const Program& program);

}  // namespace sleight
