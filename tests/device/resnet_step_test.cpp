// Steps of a whole network on the GPU against the host's.
#include <cmath>
#include <optional>

#include "catch2_adapter.h"
#include "engine/program/execute.h"
#include "engine/train/classifier_program.h"
#include "engine/value/random.h"
#include "models/classifier.h"
#include "tests/base/temporary_folder.h"
#include "tests/kernels/on_gpu.h"

namespace sleight::test {
namespace {

constexpr std::int64_t batch_size = 16;
constexpr int steps = 4;

// The losses of some steps of cifar_resnet20 on one batch of noise, which it begins to learn by heart.
std::vector<double> train_resnet(const Device& device, bool graphs, DataType element = DataType::float32) {
  const ClassifierModel& model = find_classifier("cifar_resnet20");
  Context context(device, 5);
  ClassifierProgramOptions options;
  options.batch_size = batch_size;
  options.height = options.width = model.image_size;
  options.classes = 10;
  options.element = element;
  Executable executable(training_program(model.trace, options), context,
                        {.fuse = true, .graphs = graphs, .parameter_prefix = ""});
  context.arena.poison();
  context.set_live_scalar(kernels::LiveScalar::learning_rate, 0.02);
  context.set_live_scalar(kernels::LiveScalar::momentum, 0.9);
  context.set_live_scalar(kernels::LiveScalar::weight_decay, 1e-4);
  const double loss_scale = element == DataType::float16 ? 1024.0 : 1.0;
  context.set_live_scalar(kernels::LiveScalar::loss_scale, loss_scale);
  context.set_live_scalar(kernels::LiveScalar::gradient_scale, 1.0 / loss_scale);

  RandomStream random(7, RandomPurpose::test);
  std::vector<std::uint8_t> images(static_cast<std::size_t>(batch_size * options.height * options.width * 3));
  for (std::uint8_t& byte : images)
    byte = static_cast<std::uint8_t>(random.below(256));
  const std::vector<std::int32_t> flips(static_cast<std::size_t>(batch_size));
  std::vector<std::int32_t> labels;
  for (std::int64_t i = 0; i < batch_size; ++i)
    labels.push_back(static_cast<std::int32_t>(i % 10));
  std::vector<Buffer> inputs;
  const auto bind = [&](const char* name, const auto& values) {
    const auto bytes = std::as_bytes(std::span(values));
    inputs.push_back(device.allocate(static_cast<std::int64_t>(bytes.size())));
    device.upload(inputs.back().data(), bytes);
    executable.bind(name, inputs.back().data());
  };
  bind(classifier_value_names::images, images);
  bind(classifier_value_names::flips, flips);
  bind(classifier_value_names::labels, labels);

  std::vector<double> losses;
  for (int step = 0; step < steps; ++step) {
    executable.run();
    losses.push_back(static_cast<double>(executable.result<float>(training_names::loss).front()));
  }
  return losses;
}

}  // namespace

TEST_CASE("cifar_resnet20 on the GPU: its losses are the host's, captured or not", "[gpu]") {
  const TemporaryFolder folder;
  const std::optional<Device> gpu =
      tests::find_gpu({.deterministic = true, .allow_tf32 = false, .tuning_cache = folder / "tuning.txt"});
  if (!gpu) return;
  const std::vector<double> expected = train_resnet(Device("cpu"), true);
  CHECK(expected.back() < expected.front());
  const std::vector<double> captured = train_resnet(*gpu, true);
  for (int step = 0; step < steps; ++step) {
    CAPTURE(step);
    // The first loss has passed through 20 layers and no update: 1e-4 is two orders above their rounding. Each step
    // amplifies what is there, through gradients divided by the deviations of small batches.
    const double allowed = 1e-4 * std::pow(5.0, step);
    CHECK(std::abs(captured[step] - expected[step]) <= allowed);
  }
  CHECK((train_resnet(*gpu, false) == captured));

  // In 16 bits, whose numbers have three digits: near those of float32, and the same whether captured or not.
  for (const DataType element : {DataType::bfloat16, DataType::float16}) {
    CAPTURE(name_of(element));
    const std::vector<double> narrow = train_resnet(*gpu, true, element);
    for (int step = 0; step < steps; ++step) {
      CAPTURE(step);
      CHECK(std::abs(narrow[step] - expected[step]) <= 0.1 * (1 + step));
    }
    CHECK((train_resnet(*gpu, false, element) == narrow));
  }
}

}  // namespace sleight::test
