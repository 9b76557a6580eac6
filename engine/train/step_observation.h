// One step of a program run slowly, with a look at every value as soon as it is written: where a NaN comes from.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "engine/program/execute.h"

namespace sleight {

// Where a NaN or an infinity was found first.
struct NonFiniteValue {
  std::size_t step = 0;      // index in Program::steps
  ValueId value = no_value;  // an output of that step, or what it updates in place
  std::int64_t element = 0;  // position in memory; in the order of the shape unless the type says "blocked"
  double number = 0.0;       // NaN, infinity or -infinity
};

struct PhaseObservation {
  bool was_run = false;
  std::optional<NonFiniteValue> first_non_finite;
  // CRC-32C over everything that the steps wrote, in their order: equal for two runs that agree in every bit.
  std::uint32_t checksum = 0;
};

struct StepObservation {
  double loss = 0.0;
  // A persistent value that was not finite before the step; step means nothing here.
  std::optional<NonFiniteValue> before;
  std::array<PhaseObservation, 3> phases;  // by Phase

  // Where the trouble starts: nothing when every value was finite.
  bool all_finite() const;
};

// The first NaN or infinity among the persistent values of the program.
std::optional<NonFiniteValue> find_non_finite_parameter(const Executable& executable);

// Runs one phase. The inputs are bound, and the earlier phases were run.
PhaseObservation observe_phase(Executable& executable, Phase phase);

// "'layer1.0.conv1.weight' is not finite already before this step: ..." or "the first bad value is written by step 12,
// convolution of layer 'conv1' (forward), ..."; for messages.
std::string describe(const Program& program, const StepObservation& observation);

// Several lines: the loss and a row for each phase that was run, with step, operation, layer, value, element and number
// of its first non-finite value, and the checksum. Two runs that agree in every bit give the same text.
std::string observation_table(const Program& program, const StepObservation& observation);

}  // namespace sleight
