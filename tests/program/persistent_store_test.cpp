#include "engine/program/persistent_store.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "catch2_adapter.h"
#include "engine/base/error.h"

namespace sleight::test {
namespace {

std::span<const std::byte> bytes_of(const std::vector<float>& values) {
  return std::as_bytes(std::span(values));
}

std::vector<float> floats(const std::vector<std::byte>& bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

std::vector<float> counted(std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), 1.0F);
  return values;
}

const Parameter zeros{.role = ParameterRole::weight, .initializer = Initializer::zeros};

}  // namespace

TEST_CASE("weights come back as they were written, in whatever layout the device keeps them") {
  for (const char* name : {"cpu", "simt"}) {
    const Device device(name);
    for (const Shape& shape : {Shape{32, 3, 3, 16}, Shape{16, 7, 7, 3}, Shape{5, 1, 1, 7}, Shape{64, 1, 1, 32}}) {
      for (const Layout layout : {Layout::plain, Layout::blocked}) {
        INFO(name << " " << to_string(shape) << (layout == Layout::blocked ? " blocked" : ""));
        PersistentStore store(device, 1);
        const ValueType type{shape, DataType::float32, layout};
        store.ensure("weight", type, zeros);
        const std::vector<float> values = counted(type.count());
        store.write("weight", bytes_of(values));
        CHECK(floats(store.read("weight")) == values);
      }
    }
  }
}

TEST_CASE("the interface order is PyTorch's, the plain layout channels last") {
  const Device cpu("cpu");
  PersistentStore store(cpu, 1);
  const Shape shape = {2, 2, 1, 3};  // [O, height, width, I]
  PersistentStore::Entry& entry = store.ensure("weight", {shape, DataType::float32}, zeros);
  CHECK(PersistentStore::interface_shape(entry.type) == Shape{2, 3, 2, 1});
  store.write("weight", bytes_of(counted(12)));
  const auto* stored = reinterpret_cast<const float*>(entry.buffer.data());
  // [o][i][h] = 6 o + 2 i + h + 1 lies at [o][h][i].
  for (int o = 0; o < 2; ++o)
    for (int h = 0; h < 2; ++h)
      for (int i = 0; i < 3; ++i)
        CHECK(stored[6 * o + 3 * h + i] == static_cast<float>(6 * o + 2 * i + h + 1));
}

TEST_CASE("blocked weights lie where the device's convolution looks for them") {
  const Device cpu("cpu");
  PersistentStore store(cpu, 1);
  const Shape shape = {32, 3, 1, 64};  // [O, height, width, I]
  const kernels::WeightView view{32, 64, 3, 1, cpu.preferred_weight_layout(64, 32)};
  PersistentStore::Entry& entry = store.ensure("weight", {shape, DataType::float32, Layout::blocked}, zeros);
  const std::vector<float> values = counted(view.size());
  store.write("weight", bytes_of(values));
  const auto* stored = reinterpret_cast<const float*>(entry.buffer.data());
  std::size_t next = 0;
  int wrong = 0;
  for (std::int64_t o = 0; o < 32; ++o)
    for (std::int64_t i = 0; i < 64; ++i)
      for (std::int64_t h = 0; h < 3; ++h)
        wrong += stored[view.offset(o, i, h, 0)] == values[next++] ? 0 : 1;
  CHECK(wrong == 0);
}

TEST_CASE("initial numbers depend on the seed and the name, not on the layout, the device or the order of making") {
  const Device cpu("cpu");
  const Device simt("simt");
  const Parameter parameter{.role = ParameterRole::weight, .initializer = Initializer::he_normal_fan_out};
  const ValueType plain{{32, 3, 3, 16}, DataType::float32};
  const ValueType blocked{{32, 3, 3, 16}, DataType::float32, Layout::blocked};
  PersistentStore first(cpu, 5), second(simt, 5), other_seed(cpu, 6);
  first.ensure("other", plain, parameter);
  first.ensure("weight", blocked, parameter);
  second.ensure("weight", plain, parameter);
  other_seed.ensure("weight", blocked, parameter);
  CHECK(first.read("weight") == second.read("weight"));
  CHECK(first.read("weight") != first.read("other"));
  CHECK(first.read("weight") != other_seed.read("weight"));
  double squares = 0.0;
  for (const float value : floats(first.read("weight")))
    squares += static_cast<double>(value) * static_cast<double>(value);
  // The variance is 2 / (output channels * kernel pixels).
  CHECK(squares / static_cast<double>(plain.count()) == Approx(2.0 / (32.0 * 9.0)).epsilon(0.1));
}

TEST_CASE("the other initializers") {
  const Device cpu("cpu");
  PersistentStore store(cpu, 5);
  store.ensure("ones", {{7}, DataType::float32}, {.role = ParameterRole::norm_scale, .initializer = Initializer::ones});
  CHECK(floats(store.read("ones")) == std::vector<float>(7, 1.0F));
  store.ensure("zeros", {{7}, DataType::float32}, zeros);
  CHECK(floats(store.read("zeros")) == std::vector<float>(7, 0.0F));
  store.ensure("uniform", {{50, 16}, DataType::float32},
               {.role = ParameterRole::weight, .initializer = Initializer::uniform_fan_in});
  float largest = 0.0F;
  for (const float value : floats(store.read("uniform")))
    largest = std::max(largest, std::abs(value));
  CHECK(largest <= 0.25F);
  CHECK(largest > 0.24F);
  const Parameter pattern{.role = ParameterRole::bias,
                          .initializer = Initializer::repeated_values,
                          .repeated_values = {0.0F, -4.5F, 1.25F}};
  store.ensure("repeated", {{6}, DataType::float32}, pattern);
  CHECK(floats(store.read("repeated")) == std::vector<float>{0.0F, -4.5F, 1.25F, 0.0F, -4.5F, 1.25F});
  // What is there already stays.
  store.write("repeated", bytes_of(counted(6)));
  store.ensure("repeated", {{6}, DataType::float32}, pattern);
  CHECK(floats(store.read("repeated")) == counted(6));
  REQUIRE_THROWS_AS(store.ensure("torn", {{7}, DataType::float32}, pattern), Error);
  REQUIRE_THROWS_AS(store.ensure("none", {{6}, DataType::float32},
                                 {.role = ParameterRole::bias, .initializer = Initializer::repeated_values}),
                    Error);
}

TEST_CASE("the store refuses what does not fit") {
  const Device cpu("cpu");
  PersistentStore store(cpu, 5);
  store.ensure("weight", {{7}, DataType::float32}, zeros);
  store.ensure("weight", {{7}, DataType::float32}, zeros);
  CHECK(store.names().size() == 1);
  CHECK(store.bytes() == 28);
  REQUIRE_THROWS_AS(store.ensure("weight", {{8}, DataType::float32}, zeros), Error);
  REQUIRE_THROWS_AS(store.ensure("weight", {{7}, DataType::float64}, zeros), Error);
  REQUIRE_THROWS_AS(store.write("weight", bytes_of(counted(6))), Error);
  REQUIRE_THROWS_AS(store.write("nonsense", bytes_of(counted(7))), Error);
  REQUIRE_THROWS_AS(store.read("nonsense"), Error);
}

}  // namespace sleight::test
