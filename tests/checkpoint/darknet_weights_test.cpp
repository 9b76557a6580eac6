// The file format alone, on a network of two convolutions; whole networks are in tests/models/darknet_weights_test.cpp.
#include "engine/checkpoint/darknet_weights.h"

#include <array>
#include <cstring>
#include <numeric>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/program/trace.h"
#include "models/layers.h"
#include "models/resnet.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"

namespace sleight {

namespace {

// "first": 3 -> 2 channels, 3x3, with a batch norm; "second": 2 -> 5 channels, 1x1, with a bias.
void write_network(Tracer& trace) {
  ValueId x = trace.input("images", {1, 4, 4, 3}, DataType::float32);
  x = layers::batch_norm(trace, "first.norm", layers::convolution(trace, "first", x, 2, 3));
  layers::convolution_with_bias(trace, "second", x, 5, 1);
}

constexpr std::int64_t first_numbers = 4 * 2 + 2 * 3 * 9;
constexpr std::int64_t second_numbers = 5 + 5 * 2;

struct Model {
  explicit Model(const std::function<void(Tracer&)>& write = write_network, DataType element = DataType::float32) {
    Tracer trace(Mode::training, element);
    write(trace);
    for (const Parameter& parameter : trace.program().parameters) {
      const Value& value = trace.program().value(parameter.value);
      store.ensure(value.name, value.type, parameter);
    }
  }

  std::vector<float> read(const std::string& name) const {
    const std::vector<std::byte> bytes = store.read(name);
    std::vector<float> numbers(bytes.size() / sizeof(float));
    std::memcpy(numbers.data(), bytes.data(), bytes.size());
    return numbers;
  }

  Device cpu{"cpu"};
  PersistentStore store{cpu, 1};
};

template <class T>
void append(std::vector<std::byte>& bytes, const T& value) {
  const auto* first = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), first, first + sizeof(T));
}

std::vector<std::byte> header_bytes(std::int32_t major, std::int32_t minor, std::int32_t revision) {
  std::vector<std::byte> bytes;
  append(bytes, major);
  append(bytes, minor);
  append(bytes, revision);
  return bytes;
}

// first, first + 1, ...
std::vector<float> counted(std::int64_t first, std::int64_t count) {
  std::vector<float> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), static_cast<float>(first));
  return numbers;
}

// Version 0.2, then the numbers 0, 1, 2, ...
std::vector<std::byte> file_bytes(std::int64_t count = first_numbers + second_numbers) {
  std::vector<std::byte> bytes = header_bytes(0, 2, 0);
  append(bytes, std::uint64_t{6'000'000'000});
  for (const float number : counted(0, count))
    append(bytes, number);
  return bytes;
}

void set_number(std::vector<std::byte>& file, std::int64_t index, float number) {
  std::memcpy(file.data() + 20 + static_cast<std::size_t>(index) * sizeof(float), &number, sizeof number);
}

std::string refusal(const std::vector<std::byte>& file, LeftoverBytes leftover = LeftoverBytes::refused) {
  const Model model;
  const std::vector<DarknetConvolution> convolutions = darknet_convolutions(model.store);
  return error_message([&] { read_darknet_content(file, "some.weights", convolutions, leftover); });
}

}  // namespace

TEST_CASE("darknet weights: shift, scale, mean, variance, weights, and bias, weights") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "two.weights", file_bytes());
  Model model;
  const DarknetHeader header = load_darknet_weights(folder / "two.weights", model.store);
  CHECK(header == DarknetHeader{.major = 0, .minor = 2, .revision = 0, .seen = 6'000'000'000});
  CHECK(model.read("first.norm.bias") == counted(0, 2));
  CHECK(model.read("first.norm.weight") == counted(2, 2));
  CHECK(model.read("first.norm.running_mean") == counted(4, 2));
  CHECK(model.read("first.norm.running_var") == counted(6, 2));
  CHECK(model.read("first.weight") == counted(8, 54));  // [output, input, height, width], as in a checkpoint
  CHECK(model.read("second.bias") == counted(62, 5));
  CHECK(model.read("second.weight") == counted(67, 10));
}

TEST_CASE("darknet weights: both widths of the counter come back bit for bit") {
  const TemporaryFolder folder;
  struct Version {
    std::int32_t major, minor, revision;
    bool wide;
  };
  for (const Version& version : {Version{0, 1, 0, false}, Version{0, 0, 7, false}, Version{0, 2, 0, true},
                                 Version{0, 2, 5, true}, Version{1, 0, 0, true}, Version{999, 999, 1, true}}) {
    CAPTURE(version.major, version.minor, version.revision);
    std::vector<std::byte> bytes = header_bytes(version.major, version.minor, version.revision);
    if (version.wide) {
      append(bytes, std::uint64_t{0x0123456789abcdef});
    } else {
      append(bytes, std::uint32_t{0xfedcba98});
    }
    for (const float number : counted(1, first_numbers + second_numbers))
      append(bytes, number);
    write_file_atomically(folder / "given.weights", bytes);
    Model model;
    const DarknetHeader header = load_darknet_weights(folder / "given.weights", model.store);
    CHECK(header.seen == (version.wide ? 0x0123456789abcdefU : 0xfedcba98U));
    CHECK(model.read("second.weight") == counted(68, 10));
    save_darknet_weights(folder / "again.weights", model.store, header);
    CHECK(read_file(folder / "again.weights") == bytes);
  }
}

TEST_CASE("darknet weights: a short or absurd header is refused") {
  for (const std::size_t size : {0U, 1U, 11U}) {
    CAPTURE(size);
    std::vector<std::byte> file = file_bytes();
    file.resize(size);
    CHECK(contains(refusal(file), "some.weights is " + std::to_string(size) + " bytes long, too short"));
  }
  for (const std::size_t size : {12U, 16U, 19U}) {
    CAPTURE(size);
    std::vector<std::byte> file = file_bytes();
    file.resize(size);
    CHECK(contains(refusal(file), "its header of version 0.2 takes 20"));
  }
  for (const auto& [major, minor, revision] : std::vector<std::array<std::int32_t, 3>>{
           {-1, 2, 0}, {0, -2, 0}, {0, 2, -1}, {1000, 0, 0}, {0, 1000, 0}, {2147483647, 2147483647, 0}}) {
    CAPTURE(major, minor, revision);
    std::vector<std::byte> file = header_bytes(major, minor, revision);
    const std::vector<std::byte> rest = file_bytes();
    file.insert(file.end(), rest.begin() + 12, rest.end());
    CHECK(contains(refusal(file), "version " + std::to_string(major) + "." + std::to_string(minor)));
  }
}

TEST_CASE("darknet weights: a file that is cut or too long is refused with both counts and the place") {
  CHECK(refusal(file_bytes()) == "");
  CHECK(contains(refusal(file_bytes(76)),
                 "holds 76 numbers, but 2 convolutions take 77: it ends inside convolution 2 "
                 "of 2 ('second.weight')"));
  CHECK(contains(refusal(file_bytes(62)), "right before convolution 2 of 2 ('second.weight')"));
  CHECK(contains(refusal(file_bytes(61)), "inside convolution 1 of 2 ('first.weight')"));
  CHECK(contains(refusal(file_bytes(0)), "holds 0 numbers"));
  CHECK(contains(refusal(file_bytes(78)), "goes on for 4 bytes behind the 77 numbers"));
  std::vector<std::byte> odd = file_bytes();
  odd.push_back(std::byte{1});
  CHECK(contains(refusal(odd), "goes on for 1 byte behind"));
  CHECK(refusal(odd, LeftoverBytes::ignored) == "");
  odd.resize(odd.size() - 2);
  CHECK(contains(refusal(odd), "holds 76 numbers"));
  CHECK(contains(refusal(odd, LeftoverBytes::ignored), "holds 76 numbers"));
}

TEST_CASE("darknet weights: numbers that no training wrote are refused, and the store stays as it was") {
  const auto with = [](std::int64_t index, float number) {
    std::vector<std::byte> file = file_bytes();
    set_number(file, index, number);
    return refusal(file);
  };
  CHECK(contains(with(76, std::numeric_limits<float>::quiet_NaN()), "number 9 of 'second.weight' is nan"));
  CHECK(contains(with(0, -std::numeric_limits<float>::infinity()), "number 0 of 'first.norm.bias' is -inf"));
  CHECK(contains(with(7, -1.0F), "number 1 of 'first.norm.running_var' is -1, and this is a variance"));
  CHECK(with(5, -1.0F) == "");  // a mean
  CHECK(with(7, 0.0F) == "");

  const TemporaryFolder folder;
  std::vector<std::byte> file = file_bytes();
  set_number(file, 76, std::numeric_limits<float>::quiet_NaN());
  write_file_atomically(folder / "bad.weights", file);
  Model model;
  const std::vector<float> before = model.read("first.weight");
  CHECK(error_message([&] { load_darknet_weights(folder / "bad.weights", model.store); }) != "");
  CHECK(model.read("first.weight") == before);
}

TEST_CASE("darknet weights: momentum and averages are not part of a file") {
  Model model;
  const std::size_t convolutions = darknet_convolutions(model.store).size();
  model.store.ensure("momentum.first.weight", {{2, 3, 3, 3}, DataType::float32},
                     {.role = ParameterRole::optimizer_state});
  model.store.ensure("average.first.weight", {{2, 3, 3, 3}, DataType::float32}, {.role = ParameterRole::average});
  REQUIRE(darknet_convolutions(model.store).size() == convolutions);
  CHECK(darknet_convolutions(model.store)[0].count() == first_numbers);
  CHECK(darknet_convolutions(model.store)[1].count() == second_numbers);
}

TEST_CASE("darknet weights: a model that the format has no place for is an error that names the layer") {
  const auto message = [](const std::function<void(Tracer&)>& write, DataType element = DataType::float32) {
    const Model model(write, element);
    return error_message([&] { darknet_convolutions(model.store); });
  };
  const auto images = [](Tracer& trace, DataType element = DataType::float32) {
    return trace.input("images", {1, 32, 32, 3}, element);
  };
  CHECK(message(write_network) == "");
  CHECK(contains(message([&](Tracer& trace) { layers::convolution(trace, "bare", images(trace), 4, 1); }),
                 "'bare.weight' has neither"));
  CHECK(contains(message([&](Tracer& trace) { layers::batch_norm(trace, "norm", images(trace)); }),
                 "'norm.weight' comes before any weight"));
  CHECK(contains(message([&](Tracer& trace) {
                   layers::batch_norm(trace, "norm", layers::convolution_with_bias(trace, "both", images(trace), 4, 1));
                 }),
                 "'both.weight' has neither"));
  CHECK(contains(
      message(
          [&](Tracer& trace) { layers::convolution_with_bias(trace, "wide", images(trace, DataType::float64), 4, 1); },
          DataType::float64),
      "hold float32"));
}

TEST_CASE("darknet weights: what cannot be asked for is an error") {
  const TemporaryFolder folder;
  Model model;
  for (const std::int64_t convolutions : {std::int64_t{0}, std::int64_t{3}}) {
    CHECK(contains(error_message([&] { save_darknet_weights(folder / "a.weights", model.store, {}, convolutions); }),
                   "the first " + std::to_string(convolutions) + " convolutions of a model that has 2"));
  }
  const DarknetHeader narrow{.major = 0, .minor = 1, .revision = 0, .seen = std::uint64_t{1} << 32};
  CHECK(contains(error_message([&] { save_darknet_weights(folder / "a.weights", model.store, narrow); }),
                 "counts images in 32 bits"));
  CHECK(contains(error_message([&] { save_darknet_weights(folder / "a.weights", model.store, {.major = 1000}); }),
                 "version 1000.2.0"));
  CHECK(folder.entries() == 0);
  CHECK(contains(error_message([&] { load_darknet_weights(folder / "none.weights", model.store); }), "none.weights"));
}

}  // namespace sleight
