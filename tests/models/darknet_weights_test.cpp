// A file of weights as long as yolov3.weights, read, run, and compared with PyTorch, which read the same bytes
// (tests/golden/make_darknet.py).
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/darknet_weights.h"
#include "engine/program/execute.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"
#include "tests/golden/golden.h"
#include "tests/models/darknet_table.h"
#include "tests/models/traced_detector.h"

namespace sleight::test {

namespace {

// As in make_darknet.py: numbers in [0, 1) from the index, by the last steps of MurmurHash3 (fmix32).
double even(std::uint32_t index) {
  std::uint32_t h = index;
  h ^= h >> 16U;
  h *= 0x85ebca6bU;
  h ^= h >> 13U;
  h *= 0xc2b2ae35U;
  h ^= h >> 16U;
  return static_cast<double>(h) / 4294967296.0;
}

std::vector<float> file_numbers(std::span<const DarknetLayer> layers) {
  std::vector<float> numbers;
  const auto add = [&](std::int64_t count, auto formula) {
    for (std::int64_t i = 0; i < count; ++i)
      numbers.push_back(static_cast<float>(formula(even(static_cast<std::uint32_t>(numbers.size())))));
  };
  const auto around_zero = [](double number) { return -0.1 + 0.2 * number; };
  const auto around_one = [](double number) { return 0.75 + 0.5 * number; };
  for (const DarknetLayer& layer : layers) {
    add(layer.filters, around_zero);  // the shift, or the bias
    if (layer.batch_norm) {
      add(layer.filters, around_one);
      add(layer.filters, around_zero);
      add(layer.filters, around_one);
    }
    const double bound = std::sqrt(3.0 / static_cast<double>(layer.inputs * layer.size * layer.size));
    add(layer.weights(), [&](double number) { return (2.0 * number - 1.0) * bound; });
  }
  return numbers;
}

// The bytes of a file of version 0.2 that has seen as many images as the published yolov3.weights.
std::vector<std::byte> file_of(std::span<const float> numbers) {
  const std::int32_t version[] = {0, 2, 0};
  const std::uint64_t seen = 32013312;
  std::vector<std::byte> bytes(sizeof version + sizeof seen + numbers.size_bytes());
  std::memcpy(bytes.data(), version, sizeof version);
  std::memcpy(bytes.data() + sizeof version, &seen, sizeof seen);
  std::memcpy(bytes.data() + sizeof version + sizeof seen, numbers.data(), numbers.size_bytes());
  return bytes;
}

std::uint32_t sum_of_words(std::span<const std::byte> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(std::uint32_t)) {
    std::uint32_t word;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    sum += word;
  }
  return sum;
}

// Every parameter starts at zero: nothing is drawn that a file replaces.
Program with_zeros(Program program) {
  for (Parameter& parameter : program.parameters)
    parameter.initializer = Initializer::zeros;
  return program;
}

void declare(const Program& program, PersistentStore& store) {
  for (const Parameter& parameter : program.parameters) {
    const Value& value = program.value(parameter.value);
    store.ensure(value.name, value.type, parameter);
  }
}

double formula(std::int64_t i, double phase) {
  return std::cos(phase + 0.7 * static_cast<double>(i));
}

// Element i of [N,H,W,C] lies here in [N,C,H,W], the order of the golden file.
std::int64_t channels_first_place(const Shape& shape, std::int64_t i) {
  const std::int64_t channels = shape[3], pixels = shape[1] * shape[2];
  return (i / (channels * pixels) * channels + i % channels) * pixels + i / channels % pixels;
}

}  // namespace

TEST_CASE("darknet weights: the predictions of a whole YOLOv3 are PyTorch's from the same file") {
  const auto cases = golden_cases("darknet");
  const auto found = std::find_if(cases.begin(), cases.end(), [](const auto& c) { return c.at("kind") == "weights"; });
  REQUIRE(found != cases.end());
  const auto& golden = *found;

  const TemporaryFolder folder;
  {
    const std::vector<std::byte> bytes = file_of(file_numbers(yolov3_layers));
    REQUIRE(bytes.size() == golden.at("bytes").get<std::size_t>());
    REQUIRE(sum_of_words(bytes) == golden.at("sum_of_words").get<std::uint32_t>());
    write_file_atomically(folder / "yolov3.weights", bytes);
  }

  const auto shape = golden.at("shape").get<Shape>();
  Context context("cpu", 1);
  Tracer trace = trace_detector("yolov3", {shape[0], shape[2], shape[3]}, golden.at("classes"), Mode::inference);
  Executable executable(with_zeros(trace.program()), context);
  const DarknetHeader header = load_darknet_weights(folder / "yolov3.weights", context.store);
  CHECK(header == DarknetHeader{.major = 0, .minor = 2, .revision = 0, .seen = 32013312});

  const Shape channels_last = {shape[0], shape[2], shape[3], 3};
  std::vector<float> images;
  for (std::int64_t i = 0; i < element_count(channels_last); ++i)
    images.push_back(static_cast<float>(formula(channels_first_place(channels_last, i), 0.3)));
  executable.bind("images", images.data());
  context.arena.poison();
  executable.run();
  for (const auto& [stride, expected] : golden.at("predictions").items()) {
    CAPTURE(stride);
    const auto predictions = executable.result<float>("stride" + stride);
    const auto planes = expected.at("shape").get<Shape>();
    const Shape prediction_shape = {planes[0], planes[2], planes[3], planes[1]};
    REQUIRE(static_cast<std::int64_t>(predictions.size()) == element_count(prediction_shape));
    std::vector<double> in_planes(predictions.size());
    double squares = 0.0, product = 0.0;
    for (std::size_t i = 0; i < predictions.size(); ++i) {
      const std::int64_t place = channels_first_place(prediction_shape, static_cast<std::int64_t>(i));
      const auto value = static_cast<double>(predictions[i]);
      in_planes[static_cast<std::size_t>(place)] = value;
      squares += value * value;
      product += value * formula(place, 0.1);
    }
    const double length = expected.at("length");
    // float32 through 75 layers, against float64.
    CHECK(std::abs(std::sqrt(squares) - length) <= 1e-5 * length);
    CHECK(std::abs(product - expected.at("product").get<double>()) <= 1e-5 * length);
    const auto values = expected.at("values").get<std::vector<double>>();
    const auto step = expected.at("step").get<std::size_t>();
    REQUIRE(values.size() >= 24);
    for (std::size_t i = 0; i < values.size(); ++i) {
      CAPTURE(i);
      CHECK(std::abs(in_planes[i * step] - values[i]) <= 1e-4);
    }
  }
}

TEST_CASE("darknet weights: read and written, a file is the same bit for bit, so is one that was safetensors between") {
  const TemporaryFolder folder;
  const Device cpu("cpu");
  const auto declared = [&](Program program) {
    auto store = std::make_unique<PersistentStore>(cpu, 1);
    declare(with_zeros(std::move(program)), *store);
    return store;
  };
  for (const std::string& model : {std::string("yolov3_small"), std::string("darknet_small")}) {
    CAPTURE(model);
    const auto fresh = [&] {
      return declared(model == "yolov3_small" ? trace_detector(model, {1, 32, 32}, 3, Mode::training).program()
                                              : trace_forward(model, {1, 32, 32}, 7, Mode::training).program());
    };
    const auto store = fresh();
    std::int64_t count = 0;
    for (const DarknetConvolution& convolution : darknet_convolutions(*store))
      count += convolution.count();
    // One "layer" without a batch norm: numbers of any kind, positive, as variances have to be.
    std::vector<float> numbers;
    for (std::int64_t i = 0; i < count; ++i)
      numbers.push_back(static_cast<float>(even(static_cast<std::uint32_t>(i))));
    const std::vector<std::byte> bytes = file_of(numbers);
    write_file_atomically(folder / "given.weights", bytes);
    const DarknetHeader header = load_darknet_weights(folder / "given.weights", *store);
    save_darknet_weights(folder / "again.weights", *store, header);
    CHECK(read_file(folder / "again.weights") == bytes);

    save_weights(folder / "between.safetensors", *store, "", {});
    const auto second = fresh();
    load_weights(folder / "between.safetensors", *second);
    save_darknet_weights(folder / "third.weights", *second, header);
    CHECK(read_file(folder / "third.weights") == bytes);
  }
}

TEST_CASE("darknet weights: a file of the backbone fills the backbone and nothing else") {
  const TemporaryFolder folder;
  const Device cpu("cpu");
  const Program program = with_zeros(trace_detector("yolov3_small", {1, 32, 32}, 3, Mode::training).program());
  const std::int64_t backbone = find_detector("yolov3_small").darknet_backbone.value();
  PersistentStore store(cpu, 1);
  declare(program, store);
  const std::vector<DarknetConvolution> convolutions = darknet_convolutions(store);
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < backbone; ++i)
    count += convolutions[static_cast<std::size_t>(i)].count();
  const std::vector<std::byte> bytes = file_of(std::vector<float>(static_cast<std::size_t>(count), 0.5F));
  write_file_atomically(folder / "backbone.weights", bytes);

  // The whole network does not fit; the message says where the file ends.
  const std::string message = error_message([&] { load_darknet_weights(folder / "backbone.weights", store); });
  CHECK(contains(message, "holds " + std::to_string(count) + " numbers"));
  CHECK(contains(message, "right before convolution 15 of 25 ('heads.stride32.conv1.conv.weight')"));

  const DarknetHeader header = load_darknet_weights(folder / "backbone.weights", store, backbone);
  const std::vector<std::string> names = backbone_parameter_names(find_detector("yolov3_small"));
  for (const std::string& name : store.names()) {
    CAPTURE(name);
    const bool in_backbone = std::find(names.begin(), names.end(), name) != names.end();
    const std::vector<std::byte> stored = store.read(name);
    const float expected = in_backbone ? 0.5F : 0.0F;
    for (std::size_t i = 0; i < stored.size(); i += sizeof(float)) {
      float value;
      std::memcpy(&value, stored.data() + i, sizeof value);
      REQUIRE(value == expected);
    }
  }
  save_darknet_weights(folder / "again.weights", store, header, backbone);
  CHECK(read_file(folder / "again.weights") == bytes);

  // A detector's file has the backbone in front; what follows must be allowed to be there.
  save_darknet_weights(folder / "whole.weights", store, header);
  CHECK(
      contains(error_message([&] { load_darknet_weights(folder / "whole.weights", store, backbone); }), "goes on for"));
  CHECK(load_darknet_weights(folder / "whole.weights", store, backbone, LeftoverBytes::ignored) == header);
}

TEST_CASE("a detector starts from the backbone of a classifier's weights, and says what is missing") {
  const TemporaryFolder folder;
  const Device cpu("cpu");
  PersistentStore classifier(cpu, 1), detector(cpu, 2);
  declare(with_zeros(trace_forward("darknet_small", {1, 32, 32}, 7, Mode::training).program()), classifier);
  declare(with_zeros(trace_detector("yolov3_small", {1, 32, 32}, 3, Mode::training).program()), detector);
  const std::vector<std::string> names = backbone_parameter_names(find_detector("yolov3_small"));
  // Nothing in it is zero, as everything in the detector is.
  for (const std::string& name : classifier.names()) {
    const auto count = static_cast<std::size_t>(classifier.entry(name).type.count());
    const std::vector<float> numbers(count, 0.25F);
    classifier.write(name, std::as_bytes(std::span(numbers)));
  }
  save_weights(folder / "classifier.safetensors", classifier, "", {});
  load_weights(folder / "classifier.safetensors", detector, names);
  for (const std::string& name : detector.names()) {
    CAPTURE(name);
    if (classifier.contains(name)) {
      CHECK(detector.read(name) == classifier.read(name));
    } else {
      CHECK(detector.read(name) == std::vector<std::byte>(detector.read(name).size()));
    }
  }
  CHECK(contains(error_message([&] { load_weights(folder / "classifier.safetensors", detector); }),
                 "not in the file: heads."));
  const std::vector<std::string> more = {"stem.conv1.conv.weight", "heads.stride8.prediction.bias"};
  CHECK(contains(error_message([&] { load_weights(folder / "classifier.safetensors", detector, more); }),
                 "not in the file: heads.stride8.prediction.bias"));
  const std::vector<std::string> unknown = {"stages.7.weight"};
  CHECK(contains(error_message([&] { load_weights(folder / "classifier.safetensors", detector, unknown); }),
                 "'stages.7.weight' is to be read from"));
}

}  // namespace sleight::test
