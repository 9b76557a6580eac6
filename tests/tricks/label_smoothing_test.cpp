#include "tricks/label_smoothing.h"

#include <array>
#include <cmath>
#include <vector>

#include "catch2_adapter.h"
#include "engine/program/execute.h"
#include "made_trick.h"
#include "tests/base/error_message.h"

using namespace sleight;
using namespace sleight::test;

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

LabelSmoothing smoothing_of(const std::string& convention) {
  return made<LabelSmoothing>("label-smoothing = 0.1\nsmoothing = \"" + convention + "\"");
}

// What the trick changes in a training's loss.
ops::LossParameters loss_parameters(LabelSmoothing smoothing) {
  ClassifierProgramOptions options;
  smoothing.change_classifier(options);
  return options.loss;
}

void count(LabelSmoothing& smoothing, const Program& program, std::int64_t images) {
  Arrived arrived;
  arrived.program = program;
  CountedStep step = arrived.step(0);
  step.images = images;
  smoothing.count(step);
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
  struct Case {
    std::string convention;
    double at_label, elsewhere;
  };
  for (const Case& expected : {Case{"others", 0.9, 0.025}, Case{"uniform", 0.92, 0.02}}) {
    CAPTURE(expected.convention);
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
    const double error = std::abs(loss_of(loss_parameters(smoothing_of(expected.convention)), logits, labels) - loss);
    CHECK(error <= 1e-12);
  }
}

TEST_CASE("label smoothing: the convention of Bag of Tricks is the default") {
  const ops::LossParameters parameters = loss_parameters(made<LabelSmoothing>("label-smoothing = 0.1"));
  CHECK(parameters.convention == kernels::Smoothing::others);
  CHECK(parameters.smoothing == 0.1);
  CHECK(loss_parameters(smoothing_of("uniform")).convention == kernels::Smoothing::uniform);
  CHECK(contains(error_message([] { smoothing_of("Others"); }), "'Others'"));
  for (const char* epsilon : {"1.0", "-0.1", "nan"}) {
    CHECK(contains(error_message([&] { made<LabelSmoothing>(std::string("label-smoothing = ") + epsilon); }),
                   "--label-smoothing"));
  }
  CHECK_FALSE(made<LabelSmoothing>("label-smoothing = 0").is_on());
}

TEST_CASE("label smoothing: the receipt counts only losses that carry the smoothing") {
  LabelSmoothing smoothing = smoothing_of("others");
  // The flag was parsed, but the loss was traced without it, with another amount, or with the other convention.
  count(smoothing, loss_program({}), rows);
  count(smoothing, loss_program({0.2, kernels::Smoothing::others}), rows);
  count(smoothing, loss_program({0.1, kernels::Smoothing::uniform}), rows);
  CHECK(only_receipt(smoothing).fired == 0);

  const Program program = loss_program(loss_parameters(smoothing));
  count(smoothing, program, rows);
  count(smoothing, program, 2);
  CHECK(only_receipt(smoothing).fired == 5);
  CHECK(only_receipt(smoothing).count("targets smoothed") == 5.0);
  // A fused program carries it in another operation.
  Program fused = program;
  fused.steps.front().operation = &operations::softmax_cross_entropy_with_gradient;
  LabelSmoothing of_fused = smoothing_of("others");
  count(of_fused, fused, rows);
  CHECK(only_receipt(of_fused).fired == rows);

  LabelSmoothing resumed = smoothing_of("others");
  resumed.restore({{only_receipt(smoothing)}});
  count(resumed, program, 1);
  CHECK(only_receipt(resumed).fired == 6);
}
