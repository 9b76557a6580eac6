#include "kernels/first_non_finite.h"

#include <limits>

#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

struct Place {
  std::size_t tensor, element;
  double value;
};

// A list of float32, bfloat16, float64 and float16 tensors with bad values at the given places; returns the two
// results.
template <class Device>
std::vector<double> search(Device device, const std::vector<Place>& places) {
  const std::size_t counts[6] = {5, 4097, 0, 9003, 3, 4099};
  std::vector<double> contents[6];
  // Finite in the tensor's type; a sum of two would not be.
  for (std::size_t i = 0; i < 6; ++i)
    contents[i].assign(counts[i], i == 5 ? 65504.0 : 3.0e38);
  for (const Place& place : places)
    contents[place.tensor].at(place.element) = place.value;
  contents[3].at(17) = contents[3].at(17) == 3.0e38 ? 1e300 : contents[3].at(17);  // finite in float64 only

  GuardedBuffer<float> first = guarded<float>(contents[0]);
  GuardedBuffer<bfloat16> second = guarded<bfloat16>(contents[1]);
  GuardedBuffer<float> empty = guarded<float>(contents[2]);
  GuardedBuffer<double> third = guarded<double>(contents[3]);
  GuardedBuffer<bfloat16> fourth = guarded<bfloat16>(contents[4]);
  GuardedBuffer<float16> fifth = guarded<float16>(contents[5]);
  using kernels::checked_tensor;
  std::vector<kernels::CheckedTensor> table = {
      checked_tensor(first.data(), 5, DataType::float32),   checked_tensor(second.data(), 4097, DataType::bfloat16),
      checked_tensor(empty.data(), 0, DataType::float32),   checked_tensor(third.data(), 9003, DataType::float64),
      checked_tensor(fourth.data(), 3, DataType::bfloat16), checked_tensor(fifth.data(), 4099, DataType::float16)};
  kernels::FirstNonFinite arguments;
  arguments.tensors.chunk_count = kernels::number_chunks(std::span(table));
  arguments.tensors.entries = table.data();
  arguments.tensors.tensor_count = static_cast<std::int32_t>(table.size());
  GuardedBuffer<std::int32_t> workspace(static_cast<std::size_t>(arguments.tensors.chunk_count), "workspace");
  GuardedBuffer<std::int64_t> result(2, "result");
  arguments.workspace = workspace.data();
  arguments.result = result.data();
  first_non_finite(device, arguments);
  workspace.check();
  return numbers(result);
}

void require_found(const std::vector<Place>& places, double tensor, double element) {
  for (const DeviceResult& result : on_every_device<float>([&](auto device) { return search(device, places); })) {
    CAPTURE(result.device, places.size(), tensor, element);
    REQUIRE(result.values == std::vector<double>{tensor, element});
  }
}

TEST_CASE("first_non_finite: names the first tensor and element") {
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  require_found({}, -1, -1);
  require_found({{0, 0, nan}}, 0, 0);
  require_found({{0, 4, infinity}}, 0, 4);
  require_found({{1, 4096, -infinity}}, 1, 4096);
  require_found({{3, 9002, nan}}, 3, 9002);
  require_found({{4, 2, -nan}}, 4, 2);
  require_found({{5, 4098, nan}}, 5, 4098);
  require_found({{5, 4096, -infinity}}, 5, 4096);
  require_found({{5, 9, 65520.0}}, 5, 9);  // infinity by rounding
  require_found({{4, 0, nan}, {3, 9002, nan}, {3, 4096, infinity}, {3, 4097, nan}}, 3, 4096);
  require_found({{1, 700, nan}, {1, 699, nan}, {1, 3000, nan}, {4, 1, nan}}, 1, 699);
}

TEST_CASE("first_non_finite: an empty list holds nothing bad") {
  const auto run = [](auto device) {
    GuardedBuffer<std::int64_t> result(2, "result");
    kernels::FirstNonFinite arguments;
    arguments.result = result.data();
    first_non_finite(device, arguments);
    return numbers(result);
  };
  for (const DeviceResult& result : on_every_device<float>(run))
    CHECK(result.values == std::vector<double>{-1, -1});
}

TEST_CASE("first_non_finite: integers cannot be checked") {
  REQUIRE_THROWS_AS(kernels::checked_tensor(nullptr, 1, DataType::int32), std::invalid_argument);
}

}  // namespace
}  // namespace sleight::test
