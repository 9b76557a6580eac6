// The first verb: a model function is called once with symbolic values and writes a program. Nothing runs.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/program/operation.h"

namespace sleight {

// training: batch norm takes the batch's statistics. inference: the running ones.
enum class Mode : std::uint8_t { training, inference };

// A statistic kept across steps, and that of the batch: running = (1 - momentum) * running + momentum * batch.
struct RunningStatistic {
  ValueId running = no_value;
  ValueId batch = no_value;
  double momentum = 0.0;
};

class Tracer {
 public:
  explicit Tracer(Mode mode, DataType element = DataType::float32) : mode_(mode), element_(element) {}

  Mode mode() const { return mode_; }
  // The element type of activations; float64 on the CPU serves reference and gradient checks.
  DataType element() const { return element_; }
  // The type of parameters, statistics and their state: with bfloat16 activations they stay float32,
  // because an update of a thousandth would be lost below the last bit of a bfloat16 weight.
  DataType parameter_element() const { return element_ == DataType::float64 ? DataType::float64 : DataType::float32; }

  // Names inside a scope get its path in front: scope("layer1.0"), scope("conv1"), parameter "weight" ->
  // layer1.0.conv1.weight.
  class Scope {
   public:
    Scope(Tracer& tracer, std::size_t length) : tracer_(tracer), length_(length) {}
    ~Scope() { tracer_.path_.resize(length_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Tracer& tracer_;
    std::size_t length_;
  };
  [[nodiscard]] Scope scope(const std::string& name);
  const std::string& path() const { return path_; }

  ValueId input(const std::string& name, Shape shape, DataType element);
  ValueId parameter(const std::string& name, Shape shape, ParameterRole role, Initializer initializer,
                    bool ends_residual_branch = false);
  // Starts as these values, repeated (Initializer::repeated_values); their number divides the number of elements.
  ValueId parameter(const std::string& name, Shape shape, ParameterRole role, std::vector<float> repeated_values);
  // The one buffer of live scalars (float32, kernels/lib/live_scalars.h says what is where).
  ValueId live_scalars();

  // Appends a step and returns its outputs. Optional inputs may be no_value.
  std::vector<ValueId> emit(const Operation& operation, std::vector<ValueId> inputs, Attributes attributes = {});
  ValueId emit_one(const Operation& operation, std::vector<ValueId> inputs, Attributes attributes = {});

  // The host reads this value after a run.
  void result(ValueId value, const std::string& name);

  const ValueType& type(ValueId value) const { return program_.value(value).type; }
  const Shape& shape(ValueId value) const { return program_.value(value).type.shape; }

  Program& program() { return program_; }
  Phase phase = Phase::forward;
  // Guards the updates traced from now on: where the result of the operation first_non_finite names a value, they
  // change nothing, so that a bad step has no effect. no_value: they always run.
  ValueId first_non_finite = no_value;
  // What the layers have asked the update to move, in the order of the trace; ops::running_statistics does it.
  std::vector<RunningStatistic> running_statistics;

 private:
  Program program_;
  Mode mode_;
  DataType element_;
  std::string path_;
  ValueId live_scalars_ = no_value;
};

// Appends a step to a program, inferring its outputs; what Tracer::emit and the gradient rules share.
std::vector<ValueId> append_step(Program& program, const Operation& operation, std::vector<ValueId> inputs,
                                 Attributes attributes, const std::string& name, Phase phase);

}  // namespace sleight
