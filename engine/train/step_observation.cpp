#include "engine/train/step_observation.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <sstream>
#include <vector>

#include "engine/base/crc32c.h"
#include "engine/base/error.h"
#include "kernels/first_non_finite.h"

namespace sleight {

namespace {

constexpr std::array<Phase, 3> phases = {Phase::forward, Phase::backward, Phase::update};
constexpr std::array<const char*, 3> phase_names = {"forward", "backward", "update"};

double read_number(const void* data, DataType type, std::int64_t element) {
  double number = 0.0;
  visit_cpu_type(type,
                 [&]<class T>(TypeTag<T>) { number = static_cast<double>(static_cast<const T*>(data)[element]); });
  return number;
}

// Integers are always finite.
std::optional<NonFiniteValue> search(const Executable& executable, std::size_t step, ValueId id) {
  const ValueType& type = executable.program().value(id).type;
  if (!is_floating_point(type.element) || executable.address(id) == nullptr) return std::nullopt;
  const std::vector<std::byte> bytes = executable.read(id);
  const std::int64_t element = kernels::first_non_finite_element(bytes.data(), type.count(), type.element);
  if (element < 0) return std::nullopt;
  return NonFiniteValue{step, id, element, read_number(bytes.data(), type.element, element)};
}

// What a step writes: its outputs and what it updates in place.
std::vector<ValueId> written_by(const Step& step) {
  std::vector<ValueId> ids;
  for (const ValueId output : step.outputs) {
    if (output != no_value) ids.push_back(output);
  }
  if (step.operation->updates == nullptr) return ids;
  for (const int input : step.operation->updates(step))
    ids.push_back(step.inputs[input]);
  return ids;
}

std::uint32_t checksum_of(const Executable& executable, ValueId id, std::uint32_t before) {
  if (executable.address(id) == nullptr) return before;
  const std::array<std::uint32_t, 2> pair = {before, crc32c(executable.read(id))};
  return crc32c(std::as_bytes(std::span(pair)));
}

std::string number_text(double number) {
  if (std::isnan(number)) return "nan";  // printf may write the sign of a NaN, which means nothing
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", number);
  return text;
}

std::string layer_of(const Step& step) {
  return step.name.empty() ? std::string("-") : "'" + step.name + "'";
}

}  // namespace

bool StepObservation::all_finite() const {
  return std::isfinite(loss) && !before &&
         std::none_of(phases.begin(), phases.end(),
                      [](const PhaseObservation& phase) { return phase.first_non_finite.has_value(); });
}

std::optional<NonFiniteValue> find_non_finite_parameter(const Executable& executable) {
  for (const Parameter& parameter : executable.program().parameters) {
    if (auto found = search(executable, 0, parameter.value)) return found;
  }
  return std::nullopt;
}

PhaseObservation observe_phase(Executable& executable, Phase phase) {
  PhaseObservation observation{.was_run = true, .first_non_finite = {}};
  executable.run_observed(phase, [&](std::size_t index) {
    for (const ValueId id : written_by(executable.program().steps[index])) {
      observation.checksum = checksum_of(executable, id, observation.checksum);
      if (!observation.first_non_finite) observation.first_non_finite = search(executable, index, id);
    }
  });
  return observation;
}

std::string describe(const Program& program, const StepObservation& observation) {
  std::ostringstream text;
  if (observation.before) {
    text << "'" << program.value(observation.before->value).name << "' is not finite at element "
         << observation.before->element
         << " already before this step: the update of an earlier step overflowed; use a smaller learning rate or a "
            "longer warm-up";
    return text.str();
  }
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const std::optional<NonFiniteValue>& found = observation.phases[i].first_non_finite;
    if (!found) continue;
    const Step& step = program.steps[found->step];
    text << "the first bad value is written by step " << found->step << ", " << step.operation->name << " of layer "
         << layer_of(step) << " (" << phase_names[i] << "): " << number_text(found->number) << " at element "
         << found->element << " of '" << program.value(found->value).name << "', "
         << to_string(program.value(found->value).type);
    return text.str();
  }
  return "every value of the repeated step is finite";
}

std::string observation_table(const Program& program, const StepObservation& observation) {
  std::ostringstream text;
  char line[64];
  std::snprintf(line, sizeof line, " (%a)", observation.loss);
  text << "loss " << number_text(observation.loss) << (std::isfinite(observation.loss) ? line : "") << '\n';
  if (observation.before) {
    text << "before the step: '" << program.value(observation.before->value).name << "' is "
         << number_text(observation.before->number) << " at element " << observation.before->element << '\n';
  }
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const PhaseObservation& phase = observation.phases[i];
    if (!phase.was_run) continue;
    std::snprintf(line, sizeof line, "%-8s  checksum %08x  ", phase_names[i], static_cast<unsigned>(phase.checksum));
    text << line;
    if (!phase.first_non_finite) {
      text << "all finite\n";
      continue;
    }
    const NonFiniteValue& found = *phase.first_non_finite;
    const Step& step = program.steps[found.step];
    text << "step " << found.step << "  layer " << layer_of(step) << "  " << step.operation->name << "  value '"
         << program.value(found.value).name << "' " << to_string(program.value(found.value).type) << "  element "
         << found.element << "  is " << number_text(found.number) << '\n';
  }
  return text.str();
}

}  // namespace sleight
