// Traces relu(a + b), runs it, and looks at the numbers; asks each installed library for something.
#include <cstdio>
#include <vector>

#include "engine/ops/ops.h"
#include "engine/program/execute.h"
#include "models/classifier.h"
#include "tricks/linear_scaling.h"

int main() {
  using namespace sleight;
  Tracer trace(Mode::inference);
  const ValueId a = trace.input("a", {3}, DataType::float32);
  const ValueId b = trace.input("b", {3}, DataType::float32);
  trace.result(ops::relu(trace, ops::add(trace, a, b)), "sum");

  Context context("cpu", 1);
  Executable executable(trace.program(), context);
  const std::vector<float> left = {1, 2, -3}, right = {10, -20, 1};
  executable.bind("a", left.data());
  executable.bind("b", right.data());
  executable.run();
  const auto sum = executable.result<float>("sum");
  std::printf("%g %g %g, %zu classifiers, rate %g\n", static_cast<double>(sum[0]), static_cast<double>(sum[1]),
              static_cast<double>(sum[2]), classifiers().size(), linearly_scaled_rate(0.1, 512));
  return sum[0] == 11 && sum[1] == 0 && sum[2] == 0 && !classifiers().empty() ? 0 : 1;
}
