#include "engine/program/program.h"

#include "engine/base/error.h"
#include "engine/program/operation.h"

namespace sleight {

ValueId Program::add_value(Value value) {
  values.push_back(std::move(value));
  return static_cast<ValueId>(values.size() - 1);
}

ValueId Program::find(const std::string& name) const {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].name == name) return static_cast<ValueId>(i);
  }
  fail("the program has no value named '", name, "'");
}

Uses::Uses(const Program& program)
    : program_(&program), producers_(program.values.size(), -1), readers_(program.values.size()) {
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const auto index = static_cast<std::int32_t>(i);
    for (const ValueId input : program.steps[i].inputs) {
      if (input == no_value) continue;
      auto& readers = readers_[input];
      if (readers.empty() || readers.back() != index) readers.push_back(index);
    }
    for (const ValueId output : program.steps[i].outputs) {
      if (output != no_value) producers_[output] = index;
    }
  }
}

std::int32_t Uses::producer(ValueId value, const Operation& operation) const {
  const std::int32_t step = producer(value);
  return step >= 0 && program_->steps[step].operation == &operation ? step : -1;
}

std::int32_t Uses::sole_reader(ValueId value) const {
  return readers(value).size() == 1 && !program_->is_result(value) ? readers(value).front() : -1;
}

void verify(const Program& program) {
  std::vector<bool> written(program.values.size());
  for (std::size_t i = 0; i < program.values.size(); ++i)
    written[i] = program.values[i].storage != Storage::arena;
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    const auto where = [&] {
      return std::to_string(i) + " (" + std::string(step.operation->name) + " " + step.name + ")";
    };
    // Phases run one after the other, and memory is planned in the order of the list: the two must be one order.
    check(i == 0 || program.steps[i - 1].phase <= step.phase, "step ", where(),
          " follows a step of a later phase; trace forward, backward and update in this order");
    const auto known = [&](ValueId id) {
      check(id >= 0 && static_cast<std::size_t>(id) < program.values.size(), "step ", where(),
            " names the unknown value ", id);
    };
    for (const ValueId input : step.inputs) {
      if (input == no_value) continue;
      known(input);
      check(written[input], "step ", where(), " reads '", program.value(input).name,
            "' before any step has written it");
    }
    for (const ValueId output : step.outputs) {
      if (output == no_value) continue;
      known(output);
      check(program.value(output).storage == Storage::arena, "step ", where(), " writes '", program.value(output).name,
            "', which comes from outside; a step may only update it in place");
      check(!written[output], "step ", where(), " writes '", program.value(output).name, "' a second time");
      written[output] = true;
    }
    if (step.operation->updates == nullptr) continue;
    for (const int index : step.operation->updates(step)) {
      const ValueId updated = step.inputs[index];
      check(updated == no_value || program.value(updated).storage == Storage::persistent, "step ", where(),
            " updates '", program.value(updated).name, "' in place, which is not persistent");
    }
  }
  for (const ValueId result : program.results) {
    check(written[result], "no step writes the result '", program.value(result).name, "'");
  }
}

}  // namespace sleight
