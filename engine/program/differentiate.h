// The second verb: appends the backward steps. Reverse-mode differentiation as a transform of programs: steps are
// visited from last to first, and each operation's rule turns the gradients of its outputs into those of its inputs.
#pragma once

#include <map>
#include <vector>

#include "engine/program/program.h"
#include "engine/program/trace.h"

namespace sleight {

// What a gradient rule sees: its step, the gradients that arrived, and where to put the ones it makes.
class GradientBuilder {
 public:
  GradientBuilder(Program& program, const Step& step, const Operation& sum, std::vector<ValueId>& gradients,
                  const std::vector<bool>& needed);

  const Attributes& attributes() const { return step_.attributes; }
  // The step that writes this value; throws Error if no step writes it.
  const Step& producer(ValueId value) const;
  ValueId input(std::size_t index) const { return step_.inputs[index]; }
  ValueId output(std::size_t index) const { return step_.outputs[index]; }
  std::size_t input_count() const { return step_.inputs.size(); }
  const ValueType& type(ValueId value) const { return program_.value(value).type; }

  // The sum of all gradients that reached the output; no_value when none did.
  ValueId output_gradient(std::size_t index) const;
  // Whether anything upstream of this input is trained; otherwise a rule may skip the work (the image itself).
  bool needs_gradient(std::size_t index) const;

  std::vector<ValueId> emit(const Operation& operation, std::vector<ValueId> inputs, Attributes attributes = {});
  // Gives the gradient of an input. A second gradient of the same value is added to the first.
  void input_gradient(std::size_t index, ValueId gradient);

 private:
  Program& program_;
  Step step_;  // a copy: emitting steps moves the program's list
  const Operation& sum_;
  std::vector<ValueId>& gradients_;
  const std::vector<bool>& needed_;
};

// Appends the backward steps of the scalar `loss`; `seed` is the gradient of the loss itself (a scalar value holding 1,
// or the loss scale); `sum` is the operation that adds two gradients of one value (engine/program knows none by name).
// Returns the gradient of every value in `wanted` (no_value where the loss does not depend on it).
std::map<ValueId, ValueId> differentiate(Program& program, ValueId loss, ValueId seed,
                                         const std::vector<ValueId>& wanted, const Operation& sum);

}  // namespace sleight
