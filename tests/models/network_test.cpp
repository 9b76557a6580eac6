// Whole networks against PyTorch in float64 (tests/golden/make_resnet.py, make_darknet.py): one step of training and
// one of inference. float64 says whether the network is right; float32 runs the layouts and libraries that training
// uses.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "catch2_adapter.h"
#include "engine/program/execute.h"
#include "models/resnet.h"
#include "models/yolov3.h"
#include "tests/golden/golden.h"
#include "tests/models/traced_detector.h"
#include "tests/models/traced_network.h"

namespace sleight::test {

namespace {

// As in make_resnet.py: offset + scale * cos(phase + 0.7 i).
std::vector<double> formula(std::int64_t count, double phase, double scale, double offset = 0.0) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i)
    values.push_back(offset + scale * std::cos(phase + 0.7 * static_cast<double>(i)));
  return values;
}

// Position in [N,C,H,W] or [O,I,height,width] of element i of the same numbers as [N,H,W,C].
std::size_t channels_first_place(const Shape& channels_last, std::int64_t i) {
  const std::int64_t height = channels_last[1], width = channels_last[2], channels = channels_last[3];
  const std::int64_t c = i % channels, w = i / channels % width, h = i / (channels * width) % height;
  const std::int64_t n = i / (channels * width * height);
  return static_cast<std::size_t>(((n * channels + c) * height + h) * width + w);
}

template <class T>
void fill_parameters(PersistentStore& store) {
  std::vector<std::string> names = store.names();
  std::sort(names.begin(), names.end());
  for (std::size_t k = 0; k < names.size(); ++k) {
    const ValueType& type = store.entry(names[k]).type;
    const std::int64_t count = type.count();
    const auto phase = static_cast<double>(k);
    std::vector<double> values;
    if (type.shape.size() > 1) {
      values = formula(count, phase, std::sqrt(2.0 / static_cast<double>(count / type.shape[0])));
    } else if (names[k].ends_with("running_var") || names[k].ends_with("weight")) {
      values = formula(count, phase, 0.25, 1.0);
    } else {
      values = formula(count, phase, 0.125);
    }
    const std::vector<T> converted(values.begin(), values.end());
    store.write(names[k], std::as_bytes(std::span(converted)));
  }
}

template <class T>
std::vector<T> formula_images(const Shape& shape) {
  const std::vector<double> channels_first = formula(element_count(shape), 0.3, 1.0);
  std::vector<T> images;
  for (std::int64_t i = 0; i < element_count(shape); ++i)
    images.push_back(static_cast<T>(channels_first[channels_first_place(shape, i)]));
  return images;
}

// Relative to the largest expected number, but at least to 1.
double difference(std::span<const double> expected, auto actual) {
  if (expected.size() != actual.size()) return std::numeric_limits<double>::infinity();
  double scale = 1.0;
  double largest = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    scale = std::max(scale, std::abs(expected[i]));
    const double gap = std::abs(expected[i] - static_cast<double>(actual[i]));
    if (std::isnan(gap)) return gap;
    largest = std::max(largest, gap);
  }
  return largest / scale;
}

// The two numbers that the golden file keeps of a tensor: its length, and its product with a formula.
template <class T>
std::vector<double> fingerprint(const Shape& shape, std::span<const T> values) {
  const std::vector<double> direction = formula(element_count(shape), 0.1, 1.0);
  double squares = 0.0;
  double product = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = static_cast<double>(values[i]);
    const std::size_t place = shape.size() == 4 ? channels_first_place(shape, static_cast<std::int64_t>(i)) : i;
    squares += value * value;
    product += value * direction[place];
  }
  return {std::sqrt(squares), product};
}

ResnetVersion version_of(const std::string& name) {
  const std::map<std::string, ResnetVersion> versions = {{"v1", ResnetVersion::v1},
                                                         {"v1b", ResnetVersion::v1b},
                                                         {"v1c", ResnetVersion::v1c},
                                                         {"v1d", ResnetVersion::v1d},
                                                         {"v2", ResnetVersion::v2}};
  return versions.at(name);
}

Network resnet_of(const nlohmann::json& golden) {
  const Resnet description{.version = version_of(golden.at("version")),
                           .bottleneck = golden.at("bottleneck"),
                           .small_images = golden.at("small_pictures"),
                           .width = golden.at("width"),
                           .blocks = golden.at("blocks").get<std::vector<std::int64_t>>()};
  return [description](Tracer& trace, ValueId images, std::int64_t count) {
    return resnet(trace, images, count, description);
  };
}

Network darknet_of(const nlohmann::json& golden) {
  Darknet backbone{.stem_channels = golden.at("stem"), .stages = {}};
  for (const auto& stage : golden.at("stages"))
    backbone.stages.push_back({stage[0], stage[1]});
  if (golden.at("family") == "darknet") {
    return [backbone](Tracer& trace, ValueId images, std::int64_t count) {
      return darknet_classifier(trace, images, count, backbone);
    };
  }
  const Yolov3 description{.backbone = backbone, .head_pairs = golden.at("head_pairs")};
  const std::int64_t classes = golden.at("detector_classes");
  return [description, classes](Tracer& trace, ValueId images, std::int64_t) {
    return mean_predictions(trace, yolov3(trace, images, classes, description));
  };
}

struct NetworkCase {
  NetworkCase(std::string of, Network written, const nlohmann::json& golden)
      : name(std::move(of)),
        network(std::move(written)),
        classes(golden.at("classes")),
        labels(golden.at("labels").get<std::vector<std::int32_t>>()),
        logits(golden.at("logits").get<std::vector<double>>()),
        inference_logits(golden.at("inference_logits").get<std::vector<double>>()),
        loss(golden.at("loss")),
        gradients(golden.at("gradients")),
        running(golden.at("running")) {
    const auto shape = golden.at("shape").get<Shape>();
    batch = {shape[0], shape[2], shape[3]};
  }
  Shape images_shape() const { return {batch.count, batch.height, batch.width, 3}; }

  std::string name;
  Network network;
  std::int64_t classes;
  ImageBatch batch;
  std::vector<std::int32_t> labels;
  std::vector<double> logits, inference_logits;
  double loss;
  std::map<std::string, std::vector<double>> gradients, running;
};

std::vector<NetworkCase> network_cases() {
  std::vector<NetworkCase> cases;
  for (const auto& golden : golden_cases("resnet")) {
    if (golden.at("kind") != "network") continue;
    const std::string name = golden.at("version").get<std::string>() +
                             (golden.at("bottleneck") ? " bottleneck" : " basic") +
                             (golden.at("small_pictures") ? " small" : "");
    cases.emplace_back(name, resnet_of(golden), golden);
  }
  for (const auto& golden : golden_cases("darknet")) {
    if (golden.at("kind") != "network") continue;
    cases.emplace_back(golden.at("family").get<std::string>() + " stem " + golden.at("stem").dump(), darknet_of(golden),
                       golden);
  }
  return cases;
}

template <class T>
double inference_difference(const NetworkCase& c, bool fuse) {
  Context context("cpu", 1);
  Tracer trace = trace_forward(c.network, c.batch, c.classes, Mode::inference, data_type_of<T>());
  Executable executable(trace.program(), context, {.fuse = fuse, .parameter_prefix = ""});
  fill_parameters<T>(context.store);
  const std::vector<T> images = formula_images<T>(c.images_shape());
  executable.bind("images", images.data());
  context.arena.poison();
  executable.run();
  return difference(c.inference_logits, executable.result<T>("logits"));
}

template <class T>
struct TrainingStep {
  TrainingStep(const NetworkCase& c, bool fuse)
      : context("cpu", 1),
        executable(trace_step(c.network, c.batch, c.classes, data_type_of<T>()), context,
                   {.fuse = fuse, .parameter_prefix = ""}),
        images(formula_images<T>(c.images_shape())) {
    fill_parameters<T>(context.store);
    executable.bind("images", images.data());
    executable.bind("labels", c.labels.data());
    context.arena.poison();
    executable.run();
  }

  Context context;
  Executable executable;
  std::vector<T> images;
};

}  // namespace

TEST_CASE("network: float64 equals PyTorch in logits, loss, every gradient and every running statistic") {
  const std::vector<NetworkCase> cases = network_cases();
  REQUIRE(cases.size() == 13);
  for (const NetworkCase& c : cases) {
    for (const bool fuse : {false, true}) {
      CAPTURE(c.name, fuse);
      CHECK(inference_difference<double>(c, fuse) <= 1e-9);

      const TrainingStep<double> step(c, fuse);
      CHECK(difference(c.logits, step.executable.result<double>("logits")) <= 1e-9);
      CHECK(std::abs(step.executable.result<double>("loss")[0] - c.loss) <= 1e-9);

      const Program& program = step.executable.program();
      std::size_t trainable = 0;
      for (const Parameter& parameter : program.parameters) {
        const Value& value = program.value(parameter.value);
        CAPTURE(value.name);
        if (parameter.trainable()) {
          ++trainable;
          REQUIRE(c.gradients.contains(value.name));
          const std::vector<double>& expected = c.gradients.at(value.name);
          const auto gradient = step.executable.result<double>("gradient of " + value.name);
          const std::vector<double> actual = fingerprint(value.type.shape, gradient);
          CHECK(expected[0] > 0.0);
          CHECK(difference(expected, actual) <= 1e-8 * (1.0 + expected[0]));
        } else {
          REQUIRE(c.running.contains(value.name));
          const std::vector<double>& expected = c.running.at(value.name);
          const std::vector<std::byte> bytes = step.context.store.read(value.name);
          std::vector<double> numbers(bytes.size() / sizeof(double));
          std::memcpy(numbers.data(), bytes.data(), bytes.size());
          // The kernels keep the momentum, 0.1, in float32.
          const std::vector<double> actual = fingerprint<double>(value.type.shape, numbers);
          CHECK(difference(expected, actual) <= 1e-6 * (1.0 + expected[0]));
        }
      }
      CHECK(trainable == c.gradients.size());
      CHECK(program.parameters.size() == c.gradients.size() + c.running.size());
    }
  }
}

TEST_CASE("network: float32 in the device's layouts stays near PyTorch's float64") {
  for (const NetworkCase& c : network_cases()) {
    CAPTURE(c.name);
    CHECK(inference_difference<float>(c, true) <= 1e-4);
    const TrainingStep<float> step(c, true);
    CHECK(difference(c.logits, step.executable.result<float>("logits")) <= 1e-4);
    CHECK(std::abs(static_cast<double>(step.executable.result<float>("loss")[0]) - c.loss) <= 1e-4);
  }
}

TEST_CASE("network: a batch norm whose scale starts at zero still learns") {
  // The marked scales are zero: the branches give nothing, their scales get a gradient all the same. (v2 marks none:
  // there the same zero would stop both.)
  const NetworkCase c = network_cases().front();
  Program program = trace_step(c.network, c.batch, c.classes);
  std::vector<std::string> marked;
  for (Parameter& parameter : program.parameters) {
    if (!parameter.ends_residual_branch) continue;
    parameter.initializer = Initializer::zeros;
    marked.push_back(program.value(parameter.value).name);
  }
  REQUIRE(marked.size() == 9);
  Context context("cpu", 1);
  Executable executable(std::move(program), context);
  const std::vector<float> images = formula_images<float>(c.images_shape());
  executable.bind("images", images.data());
  executable.bind("labels", c.labels.data());
  context.arena.poison();
  executable.run();
  for (const std::string& name : marked) {
    CAPTURE(name);
    double squares = 0.0;
    for (const float value : executable.result<float>("gradient of " + name))
      squares += static_cast<double>(value) * static_cast<double>(value);
    CHECK(squares > 0.0);
  }
}

}  // namespace sleight::test
