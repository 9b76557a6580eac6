// Whole programs on the fake GPU, from inside: which kernels ran, how often a graph was recorded, what happens
// where memory ends, and on another GPU than the first.
#include <cmath>
#include <utility>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/program/execute.h"
#include "engine/train/classifier_program.h"
#include "kernels/convolution_with_statistics.h"
#include "kernels/lib/cuda_libraries.h"
#include "models/classifier.h"
#include "tests/base/temporary_folder.h"
#include "tests/fake_gpu/machine.h"

namespace sleight::test {

namespace {

using fake::Machine;

Program small_network(std::int64_t batch_size, DataType element = DataType::float32) {
  ClassifierProgramOptions options;
  options.batch_size = batch_size;
  options.height = options.width = 16;
  options.classes = 10;
  options.element = element;
  return training_program(find_classifier("cifar_resnet20").trace, options);
}

// The last loss of some steps on images of one color each.
double train(const Device& device, DataType element, bool graphs = true, int steps = 3) {
  constexpr std::int64_t batch_size = 4;
  Context context(device, 5);
  Executable executable(small_network(batch_size, element), context,
                        {.fuse = true, .graphs = graphs, .parameter_prefix = ""});
  context.arena.poison();
  context.set_live_scalar(kernels::LiveScalar::learning_rate, 0.02);
  context.set_live_scalar(kernels::LiveScalar::momentum, 0.9);
  const double loss_scale = element == DataType::float16 ? 1024.0 : 1.0;
  context.set_live_scalar(kernels::LiveScalar::loss_scale, loss_scale);
  context.set_live_scalar(kernels::LiveScalar::gradient_scale, 1.0 / loss_scale);
  std::vector<std::uint8_t> images(static_cast<std::size_t>(batch_size * 16 * 16 * 3));
  for (std::size_t i = 0; i < images.size(); ++i)
    images[i] = static_cast<std::uint8_t>(i * 37 % 251);
  const std::vector<std::int32_t> flips(batch_size), labels = {0, 3, 5, 9};
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
  for (int step = 0; step < steps; ++step)
    executable.run();
  return static_cast<double>(executable.result<float>(training_names::loss).front());
}

DeviceOptions options_in(const TemporaryFolder& folder) {
  return {.deterministic = true, .tuning_cache = folder / "tuning.txt"};
}

std::int64_t ran(const std::string& name) {
  const auto& counts = Machine::instance().counts().work_by_name;
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

// Operation graphs by the numbers of their descriptors.
const std::string with_statistics = "cudnn 10 14";
const std::string normalized = "cudnn 13 13 13 10 14";
const std::string normalized_weights = "cudnn 13 13 13 11";

}  // namespace

TEST_CASE("cuDNN's fused kernels run in the training itself, of each type what cuDNN offers", "[fake]") {
  struct Offered {
    DataType element;
    bool allow_tf32;
    bool statistics, normalized;
    double allowed;  // of the second loss, which has seen all gradients once; bfloat16 rounds eight times as coarsely
  };
  const TemporaryFolder folder;
  for (const Offered& offered :
       {Offered{DataType::float16, false, true, true, 0.02}, Offered{DataType::bfloat16, false, true, false, 0.16},
        Offered{DataType::float32, true, true, false, 0.02}, Offered{DataType::float32, false, false, false, 1e-4}}) {
    CAPTURE(name_of(offered.element), offered.allow_tf32);
    Machine::instance().replace();
    {
      DeviceOptions options = options_in(folder);
      options.allow_tf32 = offered.allow_tf32;
      const Device device("cuda", options);
      const DataType element = offered.element;
      train(device, element, true, 1);  // measures
      const std::int64_t before[] = {ran(with_statistics), ran(normalized), ran(normalized_weights)};
      const double loss = train(device, element, true, 2);
      CHECK(std::abs(loss - train(Device("simt"), element, true, 2)) <= offered.allowed);
      CHECK((ran(normalized) > before[1]) == offered.normalized);
      CHECK((ran(normalized_weights) > before[2]) == offered.normalized);
      CHECK((ran(with_statistics) > before[0]) == offered.statistics);
    }
    CHECK(Machine::instance().left_over() == "");
  }
}

TEST_CASE("the second run compiles only the kernels that it uses", "[fake]") {
  const TemporaryFolder folder;
  const auto compilations = [&](DataType element) {
    Machine::instance().replace();
    const Device device("cuda", options_in(folder));
    train(device, element, true, 1);
    return Machine::instance().counts().compilations;
  };
  const std::int64_t first = compilations(DataType::float16);
  const std::int64_t second = compilations(DataType::float16);
  CHECK(second > 0);
  CHECK(second * 2 < first);
  CHECK(compilations(DataType::float32) == 0);
}

TEST_CASE("a compiler that fails is told once for each kernel, and the training goes on without them", "[fake]") {
  const TemporaryFolder folder;
  Machine::instance().replace({.compiler_works = false});
  {
    const Device device("cuda", options_in(folder));
    const double loss = train(device, DataType::float16, true, 2);
    CHECK(std::abs(loss - train(Device("simt"), DataType::float16, true, 2)) <= 0.02);
    CHECK(ran(with_statistics) == 0);
    const std::int64_t asked = Machine::instance().counts().compilations;
    CHECK(asked > 0);
    train(device, DataType::float16, true, 1);
    CHECK(Machine::instance().counts().compilations == asked);
  }
  CHECK(Machine::instance().left_over() == "");
  Machine::instance().replace();
}

TEST_CASE("a step is recorded once and then launched whole", "[fake]") {
  const TemporaryFolder folder;
  Machine::instance().replace();
  {
    const Device device("cuda", options_in(folder));
    train(device, DataType::float32, true, 6);
    CHECK(Machine::instance().counts().captures == 1);
    CHECK(Machine::instance().counts().graph_launches == 5);
    train(device, DataType::float32, false, 6);
    CHECK(Machine::instance().counts().captures == 1);
  }
  CHECK(Machine::instance().left_over() == "");
}

TEST_CASE("a step that fails while it is recorded names its kernel, and the next one trains on", "[fake]") {
  const TemporaryFolder folder;
  Machine::instance().replace();
  {
    const Device device("cuda", options_in(folder));
    Context context(device, 5);
    Executable executable(small_network(4), context);
    std::vector<Buffer> inputs;
    for (const auto& [name, size] : {std::pair{classifier_value_names::images, std::int64_t{4 * 16 * 16 * 3}},
                                     std::pair{classifier_value_names::flips, std::int64_t{16}},
                                     std::pair{classifier_value_names::labels, std::int64_t{16}}}) {
      inputs.push_back(device.allocate(size));
      executable.bind(name, inputs.back().data());
    }
    executable.run();
    fake::Settings settings;
    settings.refused_kernel = "sgd";
    Machine::instance().set(settings);
    std::string message;
    try {
      executable.run();
    } catch (const Error& error) {
      message = error.what();
    }
    CAPTURE(message);
    CHECK(message.find("launch of kernel sgd failed") != std::string::npos);
    Machine::instance().set({});
    CHECK_NOTHROW(executable.run());
    CHECK(executable.result<float>(training_names::loss).front() > 0.0F);
    CHECK(Machine::instance().counts().graph_launches == 1);
  }
  CHECK(Machine::instance().left_over() == "");
}

TEST_CASE("a kernel that fails in the middle of a training ends it with an error, and nothing else", "[fake]") {
  const TemporaryFolder folder;
  Machine::instance().replace({.failing_kernel = "sgd"});
  std::string message;
  try {
    train(Device("cuda", options_in(folder)), DataType::float32);
  } catch (const Error& error) {
    message = error.what();
  }
  CAPTURE(message);
  CHECK(message.find("cudaErrorLaunchFailure") != std::string::npos);
  CHECK(message.find("queued earlier") != std::string::npos);
  Machine::instance().replace();
}

TEST_CASE("a GPU with too little memory says so before the first step, with a table of what is needed", "[fake]") {
  const TemporaryFolder folder;
  Machine::instance().replace({.total_bytes = 48 << 20});
  {
    const Device device("cuda", options_in(folder));
    Context context(device, 5);
    std::string message;
    try {
      Executable executable(small_network(64), context);
    } catch (const Error& error) {
      message = error.what();
    }
    CAPTURE(message);
    CHECK(message.find("has not enough memory for another") != std::string::npos);
    CHECK(message.find("in use at once in step") != std::string::npos);
    CHECK(message.find("64x16x16x16") != std::string::npos);
    // A smaller batch still finds its place.
    CHECK_NOTHROW(Executable(small_network(4), context));
  }
  CHECK(Machine::instance().left_over() == "");
  Machine::instance().replace();
}

TEST_CASE("the second GPU of a machine trains as the first does, in memory of its own", "[fake]") {
  const TemporaryFolder folder;
  Machine::instance().replace();
  const double first = train(Device("cuda", options_in(folder)), DataType::bfloat16);
  Machine::instance().replace({.gpus = 2});
  {
    const Device second("cuda:1", options_in(folder));
    CHECK(train(second, DataType::bfloat16) == first);
    const Buffer some = second.allocate(1 << 20);
    CHECK(Machine::instance().used_bytes(0) == 0);
    CHECK(Machine::instance().used_bytes(1) > 0);
  }
  Machine::instance().replace();
}

}  // namespace sleight::test
