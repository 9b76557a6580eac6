#include "random_program.h"

#include <algorithm>
#include <limits>
#include <map>

#include "engine/program/trace.h"

namespace sleight::test {

namespace {

// Inputs: vectors of any length. Output o [counts[o]](i) = sum over inputs j of (j + o + 1) / 8 * input_j(i % length).
// An output and the input that it may lie on have one length, so element i is read before it is written; every other
// input must not share memory with any output.
std::vector<ValueType> infer(const StepTypes& step) {
  std::vector<ValueType> types;
  for (const double count : step.attributes.numbers("counts"))
    types.push_back({{static_cast<std::int64_t>(count)}, DataType::float64});
  return types;
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget&) {
  std::vector<std::int64_t> lengths, counts;
  for (const ValueType* type : step.inputs)
    lengths.push_back(type->count());
  for (const ValueType* type : step.outputs)
    counts.push_back(type->count());
  const auto run = [lengths, counts](const StepBuffers& buffers) {
    // Overwrites the workspace first: it must not overlap other memory.
    std::fill_n(static_cast<double*>(buffers.workspace), 64, std::numeric_limits<double>::quiet_NaN());
    for (std::size_t o = 0; o < counts.size(); ++o) {
      for (std::int64_t i = 0; i < counts[o]; ++i) {
        double sum = 0.0;
        for (std::size_t j = 0; j < lengths.size(); ++j)
          sum += static_cast<double>(j + o + 1) / 8.0 * static_cast<const double*>(buffers.inputs[j])[i % lengths[j]];
        static_cast<double*>(buffers.outputs[o])[i] = sum;
      }
    }
  };
  return {run, 64 * static_cast<std::int64_t>(sizeof(double))};
}

std::vector<std::pair<int, int>> in_place(const Step& step) {
  std::vector<std::pair<int, int>> pairs;
  const std::vector<double>& sources = step.attributes.numbers("in_place");
  // Only the last output: the others are written while inputs are still needed.
  for (const double source : sources)
    pairs.emplace_back(static_cast<int>(step.outputs.size()) - 1, static_cast<int>(source));
  return pairs;
}

const Operation mix{.name = "mix", .infer = infer, .prepare = prepare, .in_place = in_place};

std::vector<double> contents_of_input(ValueId id, std::int64_t count) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<double>(id + 1) + static_cast<double>(i) / 16.0);
  return values;
}

}  // namespace

Program random_program(std::uint64_t seed) {
  RandomStream random(seed, RandomPurpose::test, 1);
  const std::vector<std::int64_t> lengths = {1, 7, 32, 33, 100};
  const auto any_length = [&] { return lengths[static_cast<std::size_t>(random.below(5))]; };
  Tracer tracer(Mode::training, DataType::float64);
  std::vector<ValueId> values;
  for (int i = 0; i < 2; ++i)
    values.push_back(tracer.input("input" + std::to_string(i), {any_length()}, DataType::float64));
  const std::int64_t steps = 1 + random.below(20);
  for (std::int64_t i = 0; i < steps; ++i) {
    std::vector<ValueId> inputs;
    for (std::int64_t j = 1 + random.below(3); j > 0; --j) {
      const auto count = static_cast<std::int64_t>(values.size());
      const std::int64_t newest = std::max<std::int64_t>(0, count - 3);
      inputs.push_back(values[static_cast<std::size_t>(random.below(4) == 0 ? random.below(count)
                                                                            : newest + random.below(count - newest))]);
    }
    // The last output often has the length of an input, which it may then take over.
    std::vector<double> counts, in_place_inputs;
    for (std::int64_t o = random.below(3); o > 0; --o)
      counts.push_back(static_cast<double>(any_length()));
    const auto source = static_cast<std::size_t>(random.below(static_cast<std::int64_t>(inputs.size())));
    const std::int64_t length = random.below(3) == 0 ? any_length() : tracer.shape(inputs[source])[0];
    counts.push_back(static_cast<double>(length));
    for (std::size_t j = 0; j < inputs.size(); ++j) {
      if (tracer.shape(inputs[j])[0] == length && random.below(3) != 0)
        in_place_inputs.push_back(static_cast<double>(j));
    }
    const auto outputs = tracer.emit(mix, inputs, {{"counts", counts}, {"in_place", in_place_inputs}});
    values.insert(values.end(), outputs.begin(), outputs.end());
  }
  for (std::int64_t i = 1 + random.below(3); i > 0; --i) {
    const auto id = values[static_cast<std::size_t>(2 + random.below(static_cast<std::int64_t>(values.size()) - 2))];
    tracer.program().results.push_back(id);
  }
  tracer.program().results.push_back(values.back());
  return tracer.program();
}

std::vector<std::int64_t> random_workspaces(const Program& program, std::uint64_t seed) {
  RandomStream random(seed, RandomPurpose::test, 2);
  std::vector<std::int64_t> bytes;
  for (std::size_t i = 0; i < program.steps.size(); ++i)
    bytes.push_back(random.below(2) * (1 + random.below(1000)));
  return bytes;
}

std::vector<double> run_in_one_arena(const Program& program) {
  Context context("cpu", 1);
  Executable executable(program, context);
  context.arena.poison();
  std::map<ValueId, std::vector<double>> inputs;
  for (std::size_t i = 0; i < program.values.size(); ++i) {
    const Value& value = program.values[i];
    if (value.storage != Storage::input) continue;
    const auto id = static_cast<ValueId>(i);
    inputs[id] = contents_of_input(id, value.type.count());
    executable.bind(value.name, inputs[id].data());
  }
  executable.run();
  std::vector<double> results;
  for (const ValueId id : program.results) {
    const auto* data = static_cast<const double*>(executable.address(id));
    results.insert(results.end(), data, data + program.value(id).type.count());
  }
  return results;
}

std::vector<double> run_in_separate_buffers(const Program& program) {
  const Device cpu("cpu");
  SelfCommunicator self(cpu.runtime());
  std::vector<std::vector<double>> buffers;
  for (std::size_t i = 0; i < program.values.size(); ++i) {
    const std::int64_t count = program.values[i].type.count();
    buffers.push_back(program.values[i].storage == Storage::input
                          ? contents_of_input(static_cast<ValueId>(i), count)
                          : std::vector<double>(static_cast<std::size_t>(count)));
  }
  std::vector<double> workspace(64);
  for (const Step& step : program.steps) {
    std::vector<void*> inputs, outputs;
    for (const ValueId id : step.inputs)
      inputs.push_back(buffers[static_cast<std::size_t>(id)].data());
    for (const ValueId id : step.outputs)
      outputs.push_back(buffers[static_cast<std::size_t>(id)].data());
    step.operation->prepare(types_of(program, step), {cpu, self}).run({inputs, outputs, workspace.data()});
  }
  std::vector<double> results;
  for (const ValueId id : program.results) {
    const std::vector<double>& values = buffers[static_cast<std::size_t>(id)];
    results.insert(results.end(), values.begin(), values.end());
  }
  return results;
}

}  // namespace sleight::test
