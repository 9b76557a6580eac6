// Several ranks on slices of a batch do what one rank does with the whole batch.
#include "engine/program/distribute.h"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "catch2_adapter.h"
#include "engine/ops/optimizer.h"
#include "engine/train/update_steps.h"
#include "tests/base/error_message.h"
#include "tests/comm/thread_communicator.h"
#include "trial.h"

namespace sleight::test {
namespace {

constexpr std::int64_t whole_batch = 6;
constexpr std::int64_t height = 5, width = 3, channels = 16, classes = 4;

// A training step of a residual block between two convolutions, on images and labels from outside.
Program training_step(std::int64_t batch, DataType element) {
  Tracer tracer(Mode::training, element);
  const ValueId images = tracer.input("images", {batch, height, width, channels}, tracer.parameter_element());
  const ValueId labels = tracer.input("labels", {batch}, DataType::int32);
  const auto convolution = [&](const std::string& name, ValueId x, std::int64_t outputs) {
    const auto scope = tracer.scope(name);
    const ValueId weights = tracer.parameter("weight", {outputs, 3, 3, tracer.shape(x).back()}, ParameterRole::weight,
                                             Initializer::he_normal_fan_in);
    return ops::convolution(tracer, x, weights, 1, 1);
  };
  const ValueId first = ops::relu(tracer, norm(tracer, "bn1", convolution("conv1", images, 32)));
  const ValueId branch = norm(tracer, "bn2", convolution("conv2", first, 32));
  const ValueId block = ops::relu(tracer, ops::add(tracer, branch, first));
  const ValueId last = ops::leaky_relu(tracer, norm(tracer, "bn3", convolution("conv3", block, 19)), 0.125);
  const ValueId pooled = ops::global_average_pool(tracer, last);
  const ValueId weights = tracer.parameter("fc.weight", {classes, 19}, ParameterRole::weight, Initializer::zeros);
  const ValueId bias = tracer.parameter("fc.bias", {classes}, ParameterRole::bias, Initializer::zeros);
  const ValueId logits = ops::linear(tracer, pooled, weights, bias);
  tracer.result(logits, "logits");
  const ValueId losses = ops::softmax_cross_entropy(tracer, logits, labels, no_value, no_value, {});
  trace_update(tracer, ops::reduce_mean(tracer, losses), element, {});
  return std::move(tracer.program());
}

Program distributed(Program program, const DistributeOptions& options) {
  distribute(program, options, operations::all_reduce);
  return program;
}

double image_number(std::int64_t sample, std::int64_t i) {
  RandomStream random(static_cast<std::uint64_t>(sample), RandomPurpose::test, static_cast<std::uint64_t>(i));
  return static_cast<double>(static_cast<float>(random.uniform(-1.0, 1.5)));
}

// What a training leaves: "losses", "logits" of each step, everything persistent.
Trial train(const Program& program, Context& context, std::int64_t first_sample, int steps, bool fuse = true,
            std::int64_t bad_sample = -1) {
  Executable executable(program, context, {.fuse = fuse, .parameter_prefix = ""});
  fill_parameters(executable, context.device);
  const ValueId images = program.find("images");
  const ValueType& type = program.value(images).type;
  const std::int64_t batch = type.shape[0];
  const std::int64_t image_size = type.count() / batch;
  std::vector<std::byte> memory(static_cast<std::size_t>(type.bytes()));
  visit_cpu_type(type.element, [&]<class T>(TypeTag<T>) {
    T* numbers = reinterpret_cast<T*>(memory.data());
    for (std::int64_t i = 0; i < type.count(); ++i) {
      const std::int64_t sample = first_sample + i / image_size;
      const double number =
          sample == bad_sample ? std::numeric_limits<double>::infinity() : image_number(sample, i % image_size);
      numbers[i] = T(static_cast<Accumulator<T>>(number));
    }
  });
  std::vector<std::int32_t> labels;
  for (std::int64_t sample = first_sample; sample < first_sample + batch; ++sample)
    labels.push_back(static_cast<std::int32_t>(sample * 5 % classes));
  executable.bind("images", memory.data());
  executable.bind("labels", labels.data());
  context.set_live_scalar(kernels::LiveScalar::learning_rate, 0.125);
  context.set_live_scalar(kernels::LiveScalar::momentum, 0.875);
  context.set_live_scalar(kernels::LiveScalar::weight_decay, 0.0625);
  context.set_live_scalar(kernels::LiveScalar::gradient_scale, 1.0);
  Trial trial;
  const auto append = [&](const std::string& name, const Numbers& numbers) {
    trial.values[name].insert(trial.values[name].end(), numbers.begin(), numbers.end());
  };
  for (int step = 0; step < steps; ++step) {
    context.arena.poison();
    executable.run();
    append("losses", read(executable, context.device, executable.program().find("loss")));
    append("logits", read(executable, context.device, executable.program().find("logits")));
    append("bad", {static_cast<double>(executable.result<std::int64_t>("first_non_finite")[0])});
  }
  for (const Parameter& parameter : executable.program().parameters)
    append(executable.program().value(parameter.value).name, read(executable, context.device, parameter.value));
  trial.fusions = executable.fusions();
  return trial;
}

struct RanksRun {
  std::vector<Trial> ranks;
  int collectives = 0;
};

RanksRun train_on_ranks(int size, const std::string& device, DataType element, int steps, std::int64_t bad_sample = -1,
                        bool synchronize_statistics = true) {
  RanksRun run{.ranks = std::vector<Trial>(static_cast<std::size_t>(size))};
  const std::int64_t slice = whole_batch / size;
  run.collectives = run_ranks(size, [&](std::unique_ptr<Communicator> communicator) {
    const int rank = communicator->rank();
    Context context(Device(device), 1, std::move(communicator));
    const Program program =
        distributed(training_step(slice, element), {.ranks = size, .synchronize_statistics = synchronize_statistics});
    run.ranks[rank] = train(program, context, rank * slice, steps, true, bad_sample);
  });
  return run;
}

// Takes a value out of a trial.
Numbers take(Trial& trial, const std::string& name) {
  const auto found = trial.values.find(name);
  const Numbers numbers = found == trial.values.end() ? Numbers() : found->second;
  trial.values.erase(name);
  return numbers;
}

std::size_t count_of(const Program& program, const Operation& operation) {
  return static_cast<std::size_t>(std::count_if(program.steps.begin(), program.steps.end(),
                                                [&](const Step& step) { return step.operation == &operation; }));
}

// The step that writes a value.
const Step& writer_of(const Program& program, ValueId value) {
  return program.steps.at(static_cast<std::size_t>(Uses(program).producer(value)));
}

bool is_mean(const Step& step) {
  return step.operation == &operations::all_reduce && step.attributes.flag("mean");
}
bool is_sum(const Step& step) {
  return step.operation == &operations::all_reduce && !step.attributes.flag("mean");
}

std::string describe(const Program& program) {
  std::string text;
  for (const Value& value : program.values)
    text += value.name + " " + to_string(value.type) + " " + std::to_string(static_cast<int>(value.storage)) + "\n";
  for (const Step& step : program.steps) {
    text += std::string(step.operation->name) + " " + step.name + " {" + step.attributes.to_string() + "}" +
            std::to_string(static_cast<int>(step.phase));
    for (const ValueId id : step.inputs)
      text += " " + std::to_string(id);
    text += " ->";
    for (const ValueId id : step.outputs)
      text += " " + std::to_string(id);
    text += "\n";
  }
  for (const ValueId id : program.results)
    text += " " + std::to_string(id);
  return text;
}

}  // namespace

TEST_CASE("distribute: one rank changes nothing") {
  const Program program = training_step(2, DataType::float32);
  for (const bool synchronize : {true, false})
    CHECK(describe(distributed(program, {.ranks = 1, .synchronize_statistics = synchronize})) == describe(program));
  CHECK(contains(error_message([&] { distributed(program, {.ranks = 0}); }), "at least 1 rank, got 0"));
}

TEST_CASE("distribute: statistics are shared between their two halves, each gradient is averaged once") {
  const Program before = training_step(2, DataType::float32);
  const Program program = distributed(before, {.ranks = 2});
  verify(program);
  CHECK(count_of(before, operations::batch_norm_statistics) == 3);
  CHECK(count_of(program, operations::batch_norm_statistics) == 0);
  CHECK(count_of(program, operations::batch_norm_partial) == 3);
  CHECK(count_of(program, operations::batch_norm_finish) == 3);
  const Uses uses(program);
  std::set<ValueId> shared;
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    INFO(i << " " << step.operation->name << " " << step.name);
    if (step.operation == &operations::batch_norm_finish) {
      const Step& sum = writer_of(program, step.inputs[0]);
      CHECK(is_sum(sum));
      CHECK(writer_of(program, sum.inputs[0]).operation == &operations::batch_norm_partial);
    }
    if (step.operation == &operations::batch_norm_backward_apply) {
      REQUIRE(step.inputs.size() == 9);
      for (const std::size_t place : {6, 7}) {
        const Step& sum = writer_of(program, step.inputs[place]);
        CHECK(is_sum(sum));
        CHECK(writer_of(program, sum.inputs[0]).operation == &operations::batch_norm_backward_reduce);
        shared.insert(sum.outputs[0]);
      }
      // The number of rows is that of the same batch norm's statistics.
      CHECK(writer_of(program, step.inputs[2]).inputs[0] == step.inputs[8]);
    }
    // As early as it can be: a later bucket may only be larger.
    if (step.operation == &operations::all_reduce) {
      const std::int32_t producer = uses.producer(step.inputs[0]);
      for (std::size_t between = static_cast<std::size_t>(producer) + 1; between < i; ++between) {
        CHECK(program.steps[between].operation == &operations::all_reduce);
      }
      CHECK(step.phase == program.steps[static_cast<std::size_t>(producer)].phase);
    }
  }
  CHECK(shared.size() == 6);
  // 3 convolutions, 3 scales, 3 shifts, the last layer's weights and bias; and the loss.
  const Step& search = *std::find_if(program.steps.begin(), program.steps.end(),
                                     [](const Step& step) { return step.operation == &operations::first_non_finite; });
  CHECK(search.inputs.size() == 12);
  const Step& sgd = *std::find_if(program.steps.begin(), program.steps.end(),
                                  [](const Step& step) { return step.operation == &operations::sgd; });
  std::set<ValueId> searched(search.inputs.begin(), search.inputs.end());
  std::set<ValueId> gradients;
  for (std::size_t i = 0; i < 11; ++i)
    gradients.insert(sgd.inputs[sgd_place(i, sgd_input::gradient)]);
  CHECK(gradients.size() == 11);
  for (const ValueId id : gradients)
    CHECK(searched.contains(id));
  for (const ValueId id : searched) {
    const Step& mean = writer_of(program, id);
    CHECK(is_mean(mean));
    CHECK(!is_sum(writer_of(program, mean.inputs[0])));  // averaged or summed, never both
  }
  CHECK(count_of(program, operations::all_reduce) == 12 + 3 + 6);
  CHECK(is_mean(writer_of(program, program.find("loss"))));
  CHECK(std::find(program.results.begin(), program.results.end(), program.find("loss")) != program.results.end());
}

TEST_CASE("distribute: without synchronized statistics each rank keeps its own, and gradients are averaged") {
  const Program program =
      distributed(training_step(2, DataType::float32), {.ranks = 2, .synchronize_statistics = false});
  CHECK(count_of(program, operations::batch_norm_statistics) == 3);
  CHECK(count_of(program, operations::batch_norm_partial) == 0);
  CHECK(count_of(program, operations::all_reduce) == 12);
  for (const Step& step : program.steps) {
    if (step.operation != &operations::batch_norm_backward_apply) continue;
    CHECK(step.inputs.size() == 8);
    CHECK(writer_of(program, step.inputs[6]).operation == &operations::batch_norm_backward_reduce);
  }
}

TEST_CASE("distribute: the same fusions as on one rank, except a convolution with finished statistics") {
  Program one = training_step(2, DataType::float32);
  Program several = distributed(one, {.ranks = 2});
  Program one_everything = one, several_everything = several;
  CHECK(fuse(several) == fuse(one));
  CHECK(count_of(several, operations::all_reduce) == 21);
  CHECK(fuse(one_everything, {.everything = true}).contains("convolution + batch norm statistics"));
  CHECK_FALSE(fuse(several_everything, {.everything = true}).contains("convolution + batch norm statistics"));
  // Fused too early, the statistics could no longer be shared.
  CHECK(contains(error_message([&] { distributed(one_everything, {.ranks = 2}); }), "distribute the program first"));
}

TEST_CASE("distribute: only what a step writes is reduced") {
  Tracer tracer(Mode::training);
  const ValueId outside = tracer.input("outside", {3}, DataType::float32);
  ops::first_non_finite(tracer, {outside});
  CHECK(
      contains(error_message([&] { distributed(tracer.program(), {.ranks = 2}); }), "'outside' is written by no step"));
}

// On the only rank of a world of one the exchange changes nothing, so what differs is the form.
TEST_CASE("distribute: the form for several ranks trains to the numbers of the form for one") {
  for (const auto& [device, element, tolerance] :
       {std::tuple{"cpu", DataType::float64, 1e-12}, std::tuple{"cpu", DataType::float32, 2e-5},
        std::tuple{"simt", DataType::float32, 2e-5}}) {
    for (const bool fused : {true, false}) {
      INFO(device << " " << name_of(element) << (fused ? " fused" : " unfused"));
      const Program program = training_step(whole_batch, element);
      Context one(device, 1), split(device, 1);
      const Trial expected = train(program, one, 0, 3, fused);
      const Trial found = train(distributed(program, {.ranks = 2}), split, 0, 3, fused);
      CHECK(compare(found, expected, tolerance) == "");
      CHECK(found.fusions == expected.fusions);
    }
  }
}

TEST_CASE("distribute: ranks on slices equal one rank on the whole batch") {
  for (const auto& [device, element, tolerance] :
       {std::tuple{"cpu", DataType::float64, 1e-12}, std::tuple{"cpu", DataType::float32, 2e-5},
        std::tuple{"simt", DataType::float32, 2e-5}}) {
    for (const int size : {2, 3}) {
      INFO(device << " " << name_of(element) << ", " << size << " ranks");
      constexpr int steps = 3;
      Context context(device, 1);
      Trial whole = train(training_step(whole_batch, element), context, 0, steps);
      RanksRun run = train_on_ranks(size, device, element, steps);
      CHECK(run.collectives == steps * 21);

      // The slices' logits, step by step and rank by rank, are those of the whole batch.
      Trial whole_logits, slices_logits;
      whole_logits.values["logits"] = take(whole, "logits");
      Numbers& logits = slices_logits.values["logits"];
      std::vector<Numbers> of_rank;
      for (Trial& rank : run.ranks)
        of_rank.push_back(take(rank, "logits"));
      const std::int64_t slice = whole_batch / size * classes;
      for (int step = 0; step < steps; ++step) {
        for (const Numbers& numbers : of_rank)
          logits.insert(logits.end(), numbers.begin() + step * slice, numbers.begin() + (step + 1) * slice);
      }
      CHECK(compare(slices_logits, whole_logits, tolerance) == "");

      // Loss, parameters, momentum and running statistics too, and they are the same bits on every rank.
      for (const Trial& rank : run.ranks) {
        CHECK(compare(rank, whole, tolerance) == "");
        CHECK(rank.values == run.ranks.front().values);
      }
      CHECK(whole.values.at("bn1.running_var").size() == 32);
    }
  }
}

TEST_CASE("distribute: without synchronized statistics ranks still hold the same parameters") {
  RanksRun run = train_on_ranks(2, "cpu", DataType::float64, 2, -1, false);
  CHECK(run.ranks[0].values.at("bn1.weight") == run.ranks[1].values.at("bn1.weight"));
  CHECK(run.ranks[0].values.at("conv2.weight") == run.ranks[1].values.at("conv2.weight"));
  CHECK(run.ranks[0].values.at("bn1.running_mean") != run.ranks[1].values.at("bn1.running_mean"));
}

TEST_CASE("distribute: slices of different sizes have the statistics of all rows") {
  const auto normalized = [](std::int64_t batch) {
    Tracer tracer(Mode::training, DataType::float64);
    const ValueId x = tracer.input("images", {batch, height, width, channels}, DataType::float64);
    tracer.result(norm(tracer, "bn", x), "z");
    tracer.phase = Phase::update;
    ops::running_statistics(tracer);
    return std::move(tracer.program());
  };
  const auto run = [](const Program& program, Context& context, std::int64_t first) {
    Executable executable(program, context);
    fill_parameters(executable, context.device);
    Numbers images;
    for (std::int64_t i = 0; i < program.value(program.find("images")).type.count(); ++i)
      images.push_back(image_number(0, first + i) + 1000.0);
    executable.bind("images", images.data());
    executable.run();
    Trial trial;
    for (const char* name : {"z", "bn.running_mean", "bn.running_var"})
      trial.values[name] = read(executable, context.device, executable.program().find(name));
    return trial;
  };
  Context context("cpu", 1);
  const Trial whole = run(normalized(7), context, 0);
  const std::array<std::int64_t, 3> slices = {4, 1, 2};
  std::array<Trial, 3> parts;
  run_ranks(3, [&](std::unique_ptr<Communicator> communicator) {
    const int rank = communicator->rank();
    Context own("cpu", 1);
    own.communicator = std::move(communicator);
    const std::int64_t first = rank == 0 ? 0 : rank == 1 ? slices[0] : slices[0] + slices[1];
    parts[rank] = run(distributed(normalized(slices[rank]), {.ranks = 3}), own, first * height * width * channels);
  });
  Trial joined;
  for (Trial& part : parts) {
    const Numbers z = take(part, "z");
    joined.values["z"].insert(joined.values["z"].end(), z.begin(), z.end());
  }
  for (const Trial& part : parts) {
    joined.values["bn.running_mean"] = part.values.at("bn.running_mean");
    joined.values["bn.running_var"] = part.values.at("bn.running_var");
    CHECK(compare(joined, whole, 1e-8) == "");
  }
}

// Without synchronized statistics, so that nothing else tells rank 0 of the bad image on rank 1.
TEST_CASE("distribute: a number that is not finite on one rank stops the step on all of them") {
  const RanksRun good = train_on_ranks(2, "cpu", DataType::float64, 0, -1, false);
  const RanksRun bad = train_on_ranks(2, "cpu", DataType::float64, 1, whole_batch - 1, false);
  for (std::size_t rank = 0; rank < 2; ++rank) {
    INFO("rank " << rank);
    CHECK(bad.ranks[rank].values.at("bad") == Numbers{0.0});  // the loss comes first
    CHECK(!std::isfinite(bad.ranks[rank].values.at("losses")[0]));
    for (const auto& [name, numbers] : good.ranks[rank].values) {
      INFO(name);
      CHECK(bad.ranks[rank].values.at(name) == numbers);
    }
  }
}

}  // namespace sleight::test
