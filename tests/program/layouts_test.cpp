// A device may choose its own layout inside a plan if the numbers are the same.
#include <algorithm>

#include "catch2_adapter.h"
#include "trial.h"

namespace sleight::test {
namespace {

ValueId convolution(Tracer& tracer, const std::string& name, ValueId x, std::int64_t channels, std::int64_t kernel,
                    std::int64_t stride) {
  const Shape shape = {channels, kernel, kernel, tracer.shape(x).back()};
  const ValueId weights = tracer.parameter(name, shape, ParameterRole::weight, Initializer::he_normal_fan_out);
  return ops::convolution(tracer, x, weights, stride, kernel / 2);
}

// Two stages of a network: 3 channels, blocked channels, odd channels, blocked again, a matrix at the end.
ValueId network(Tracer& tracer) {
  const ValueId images = tracer.parameter("images", {2, 9, 11, 3}, ParameterRole::weight, Initializer::zeros);
  ValueId x = ops::relu(tracer, norm(tracer, "norm1", convolution(tracer, "convolution1", images, 32, 3, 1)));
  x = ops::max_pool(tracer, x, {.kernel = 3, .stride = 2, .padding = 1});
  const ValueId shortcut = x;
  x = norm(tracer, "norm2", convolution(tracer, "convolution2", x, 32, 3, 1));
  x = ops::relu(tracer, ops::add(tracer, x, shortcut));
  x = ops::relu(tracer, norm(tracer, "norm3", convolution(tracer, "convolution3", x, 5, 1, 1)));
  x = ops::average_pool(tracer, convolution(tracer, "convolution4", x, 32, 3, 2),
                        {.kernel = 2, .stride = 2, .ceil_mode = true});
  const ValueId features = ops::global_average_pool(tracer, x);
  const ValueId weights = tracer.parameter("weights", {7, 32}, ParameterRole::weight, Initializer::zeros);
  return ops::linear(tracer, features, weights, no_value);
}

std::int64_t blocked_values(const Program& program) {
  return std::count_if(program.values.begin(), program.values.end(),
                       [](const Value& value) { return value.type.layout == Layout::blocked; });
}

template <class Model>
Program laid_out(Model&& model, const Device& device) {
  Tracer tracer(Mode::training);
  model(tracer);
  choose_layouts(tracer.program(), device);
  return tracer.program();
}

}  // namespace

TEST_CASE("a network in blocked layout gives the numbers and gradients of the plain one") {
  const Trial reference = run_trial(network, {.element = DataType::float64, .update = false});
  CHECK(compare(run_trial(network, {.element = DataType::float32, .update = false}), reference, 1e-4) == "");
  CHECK(compare(run_trial(network, {.element = DataType::float32, .fuse = false, .update = false}), reference, 1e-4) ==
        "");
  CHECK(compare(run_trial(network, {.device = "simt", .element = DataType::float32, .update = false}), reference,
                1e-4) == "");
}

TEST_CASE("weights that another step than a convolution writes, and gradients that one reads, are plain") {
  // 16 and 32 channels, which would be blocked if the weights came straight from a parameter.
  const auto model = [](Tracer& tracer) {
    const ValueId images = tracer.parameter("images", {2, 9, 11, 16}, ParameterRole::weight, Initializer::zeros);
    const ValueId narrow = tracer.parameter("weights", {32, 3, 3, 5}, ParameterRole::weight, Initializer::zeros);
    return ops::convolution(tracer, ops::relu(tracer, images), ops::resize_channels(tracer, narrow, 16), 1, 1);
  };
  const Trial reference = run_trial(model, {.element = DataType::float64, .update = false});
  CHECK(compare(run_trial(model, {.element = DataType::float32, .update = false}), reference, 1e-4) == "");
}

TEST_CASE("only the cpu chooses blocks, and only where channels fill them") {
  const Device cpu("cpu");
  if (cpu.preferred_lanes(16) == 16 && cpu.preferred_lanes(32) == 32) return;  // a processor without vectors
  CHECK(blocked_values(laid_out(network, Device("simt"))) == 0);
  const Program program = laid_out(network, cpu);
  CHECK(blocked_values(program) > 10);
  for (const Value& value : program.values) {
    INFO(value.name << " " << to_string(value.type));
    if (value.type.layout == Layout::plain) continue;
    const bool weights = value.storage == Storage::persistent;
    CHECK(value.type.shape.size() == 4);
    CHECK((weights || cpu.preferred_lanes(value.type.shape[3]) != value.type.shape[3]));
  }
}

// What comes from outside is plain, so what elementwise work makes of it must be plain too.
TEST_CASE("a batch of images that goes straight into a batch norm is read as the plain layout it has") {
  const auto model = [](Tracer& tracer) {
    const ValueId x = tracer.parameter("images", {2, 5, 7, 32}, ParameterRole::weight, Initializer::zeros);
    const ValueId y = ops::relu(tracer, norm(tracer, "norm", x));
    return ops::global_average_pool(tracer, convolution(tracer, "weights", y, 16, 3, 1));
  };
  const Trial reference = run_trial(model, {.element = DataType::float64, .update = false});
  CHECK(compare(run_trial(model, {.element = DataType::float32, .update = false}), reference, 1e-4) == "");
}

TEST_CASE("two convolutions may share their weights") {
  const auto model = [](Tracer& tracer) {
    const ValueId x = tracer.parameter("images", {2, 5, 7, 32}, ParameterRole::weight, Initializer::zeros);
    const ValueId weights = tracer.parameter("weights", {32, 3, 3, 32}, ParameterRole::weight, Initializer::zeros);
    return ops::convolution(tracer, ops::convolution(tracer, x, weights, 1, 1), weights, 1, 1);
  };
  const Trial reference = run_trial(model, {.element = DataType::float64, .update = false});
  CHECK(compare(run_trial(model, {.element = DataType::float32, .update = false}), reference, 1e-4) == "");
}

TEST_CASE("images that the host reads lie in the order of their shape") {
  Tracer tracer(Mode::training);
  const ValueId x = tracer.input("x", {1, 2, 3, 16}, DataType::float32);
  const ValueId weights = tracer.parameter("weights", {32, 1, 1, 16}, ParameterRole::weight, Initializer::zeros);
  tracer.result(ops::relu(tracer, ops::convolution(tracer, x, weights, 1, 0)), "y");
  Context context("cpu", 1);
  Executable executable(tracer.program(), context);
  // y = the first 16 channels of x, then zeros.
  Numbers identity(32 * 16);
  for (std::size_t i = 0; i < 16; ++i)
    identity[17 * i] = 1.0;
  write(executable, context.device, weights, identity);
  std::vector<float> images;
  for (int i = 0; i < 96; ++i)
    images.push_back(static_cast<float>(i));
  executable.bind("x", images.data());
  executable.run();
  const auto y = executable.result<float>("y");
  for (std::size_t pixel = 0; pixel < 6; ++pixel) {
    for (std::size_t c = 0; c < 32; ++c)
      CHECK(y[pixel * 32 + c] == (c < 16 ? images[pixel * 16 + c] : 0.0F));
  }
}

}  // namespace sleight::test
