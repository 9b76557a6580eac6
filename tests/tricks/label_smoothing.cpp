#include "tricks/label_smoothing.h"

#include <array>
#include <cmath>
#include <vector>

#include "catch2_adapter.h"
#include "engine/program/execute.h"
#include "tests/base/error_message.h"

using namespace sleight;

namespace {

constexpr std::int64_t rows = 3, classes = 5;

// The program of a loss over fixed logits; its mean is the result "loss".
Program loss_program(const ops::LossParameters& parameters) {
  Tracer trace(Mode::training, DataType::float64);
  const ValueId logits = trace.input("logits", {rows, classes}, DataType::float64);
  const ValueId labels = trace.input("labels", {rows}, DataType::int32);
  const ValueId losses = ops::softmax_cross_entropy(trace, logits, labels, no_value, no_value, parameters);
  trace.result(ops::reduce_mean(trace, losses), "loss");
  return trace.program();
}

double loss_of(const ops::LossParameters& parameters, const std::vector<double>& logits,
               const std::vector<std::int32_t>& labels) {
  Context context("cpu", 0);
  Executable executable(loss_program(parameters), context);
  executable.bind("logits", logits.data());
  executable.bind("labels", labels.data());
  executable.run();
  return executable.result<double>("loss")[0];
}

}  // namespace

TEST_CASE("label smoothing: both conventions give the targets of their papers") {
  std::vector<double> logits;
  for (int i = 0; i < rows * classes; ++i)
    logits.push_back(std::sin(1.7 * i) * 3.0);
  const std::vector<std::int32_t> labels = {2, 0, 4};
  constexpr double epsilon = 0.1;
  struct Case {
    kernels::Smoothing convention;
    double at_label, elsewhere;
  };
  for (const Case& expected :
       {Case{kernels::Smoothing::others, 0.9, 0.025}, Case{kernels::Smoothing::uniform, 0.92, 0.02}}) {
    const LabelSmoothing smoothing(epsilon, expected.convention);
    CAPTURE(to_string(expected.convention));
    double loss = 0.0;
    for (int row = 0; row < rows; ++row) {
      const double* x = logits.data() + row * classes;
      double sum = 0.0;
      for (int k = 0; k < classes; ++k)
        sum += std::exp(x[k]);
      for (int k = 0; k < classes; ++k) {
        const double target = k == labels[static_cast<std::size_t>(row)] ? expected.at_label : expected.elsewhere;
        loss -= target * (x[k] - std::log(sum)) / rows;
      }
    }
    const double error = std::abs(loss_of(smoothing.loss_parameters(), logits, labels) - loss);
    CHECK(error <= 1e-12);
  }
}

TEST_CASE("label smoothing: the convention of Bag of Tricks is the default") {
  CHECK(LabelSmoothing(0.1).loss_parameters().convention == kernels::Smoothing::others);
  CHECK(LabelSmoothing(0.1).loss_parameters().smoothing == 0.1);
  for (const char* name : {"others", "uniform"})
    CHECK(to_string(parse_smoothing(name)) == name);
  CHECK(parse_smoothing("uniform") == kernels::Smoothing::uniform);
  CHECK(contains(error_message([] { parse_smoothing("Others"); }), "'Others'"));
  for (const double epsilon : {0.0, 1.0, -0.1, std::nan("")}) {
    CHECK(contains(error_message([&] { LabelSmoothing{epsilon}; }), "epsilon"));
  }
}

TEST_CASE("label smoothing: the receipt counts only losses that carry the smoothing") {
  LabelSmoothing smoothing(0.1);
  // The flag was parsed, but the loss was traced without it, with another amount, or with the other convention.
  smoothing.count(loss_program({}), rows);
  smoothing.count(loss_program({0.2, kernels::Smoothing::others}), rows);
  smoothing.count(loss_program({0.1, kernels::Smoothing::uniform}), rows);
  CHECK(smoothing.receipt().fired == 0);

  const Program program = loss_program(smoothing.loss_parameters());
  smoothing.count(program, rows);
  smoothing.count(program, 2);
  CHECK(smoothing.receipt().fired == 5);
  CHECK(smoothing.receipt().count("targets smoothed") == 5.0);
  // A fused program carries it in another operation.
  Program fused = program;
  fused.steps.front().operation = &operations::softmax_cross_entropy_with_gradient;
  LabelSmoothing of_fused(0.1);
  of_fused.count(fused, rows);
  CHECK(of_fused.receipt().fired == rows);

  LabelSmoothing resumed(0.1);
  resumed.restore(smoothing.receipt());
  resumed.count(program, 1);
  CHECK(resumed.receipt().fired == 6);
}
