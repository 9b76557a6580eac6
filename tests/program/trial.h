// What the tests of programs share: a tracer whose parameters hold fixed numbers, and a run that reads any value back.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "engine/ops/ops.h"
#include "engine/program/differentiate.h"
#include "engine/program/execute.h"
#include "engine/value/random.h"
#include "tests/cases/projection.h"

namespace sleight::test {

using Numbers = std::vector<double>;

// The numbers of a value in the order of its shape, wherever and however it lies.
Numbers read(const Executable& executable, const Device& device, ValueId id);

// Writes into a parameter, in the same order.
void write(const Executable& executable, const Device& device, ValueId id, const Numbers& numbers);

// Fills every parameter with draws that depend on its name alone; variances and scales are positive.
void fill_parameters(const Executable& executable, const Device& device);

struct Trial {
  std::map<std::string, Numbers>
      values;  // the projection, the gradients without update, all that is persistent after the run
  FusionCounts fusions;
};

struct TrialOptions {
  std::string device = "cpu";
  DataType element = DataType::float64;
  bool fuse = true;
  bool fuse_everything = false;
  // SGD, running statistics and averages at the end; their results tell of the gradients, which are read without.
  bool update = true;
};

// Traces `model` in training mode, projects what it returns, differentiates by all trainable parameters, updates and
// averages them, runs once on a poisoned arena. Inputs of the program (int32, uint8, float32) hold small numbers.
template <class Model>
Trial run_trial(Model&& model, const TrialOptions& options);

// "" when all values agree: |a - b| <= tolerance * (1 + largest |b| of the value). Says which differs first.
std::string compare(const Trial& a, const Trial& b, double tolerance);

Trial run_traced(Tracer& tracer, ValueId output, const TrialOptions& options);

template <class Model>
Trial run_trial(Model&& model, const TrialOptions& options) {
  Tracer tracer(Mode::training, options.element);
  const ValueId output = model(tracer);
  return run_traced(tracer, output, options);
}

// A batch norm with parameters of its own, named after the scope.
ValueId norm(Tracer& tracer, const std::string& name, ValueId x);

}  // namespace sleight::test
