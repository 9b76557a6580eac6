#include "kernels/exponential_moving_average.h"

#include "engine/value/random.h"
#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

struct Tensors {
  std::vector<std::vector<double>> average, weights;
};

Tensors random_tensors() {
  RandomStream random(9, RandomPurpose::test);
  Tensors tensors;
  for (const std::size_t count : {3, 0, 4096, 4099, 1}) {
    tensors.average.emplace_back();
    tensors.weights.emplace_back();
    for (std::size_t i = 0; i < count; ++i) {
      tensors.average.back().push_back(static_cast<double>(random.below(65) - 32) / 8);
      tensors.weights.back().push_back(static_cast<double>(random.below(65) - 32) / 8);
    }
  }
  return tensors;
}

template <class T, class Device>
std::vector<double> averaged(Device device, const Tensors& tensors, float decay,
                             const std::int64_t* first_non_finite = nullptr) {
  std::vector<GuardedBuffer<T>> averages, weights;
  std::vector<kernels::AveragedTensor> table;
  for (std::size_t i = 0; i < tensors.average.size(); ++i) {
    averages.push_back(guarded<T>(tensors.average[i], "average"));
    weights.push_back(guarded<T>(tensors.weights[i], "weights"));
    table.push_back({averages.back().data(), weights.back().data(), static_cast<std::int64_t>(averages.back().size())});
  }
  GuardedBuffer<float> live(kernels::LiveScalar::count, "live scalars");
  live[kernels::LiveScalar::ema_decay] = decay;
  kernels::ExponentialMovingAverage arguments;
  arguments.tensors.chunk_count = kernels::number_chunks(std::span(table));
  arguments.tensors.entries = table.data();
  arguments.tensors.tensor_count = static_cast<std::int32_t>(table.size());
  arguments.live_scalars = live.data();
  arguments.first_non_finite = first_non_finite;
  arguments.type = data_type_of<T>();
  exponential_moving_average(device, arguments);
  std::vector<double> result;
  for (GuardedBuffer<T>& average : averages) {
    const std::vector<double> part = numbers(average);
    result.insert(result.end(), part.begin(), part.end());
  }
  return result;
}

TEST_CASE("exponential_moving_average: many tensors in one launch") {
  const Tensors tensors = random_tensors();
  for (const float decay : {0.0F, 0.5F, 0.999F, 1.0F}) {
    std::vector<double> expected;
    for (std::size_t i = 0; i < tensors.average.size(); ++i)
      for (std::size_t j = 0; j < tensors.average[i].size(); ++j)
        expected.push_back(double{decay} * tensors.average[i][j] + (1 - double{decay}) * tensors.weights[i][j]);
    CAPTURE(decay);
    for (const DeviceResult& result :
         on_every_device<float>([&](auto device) { return averaged<float>(device, tensors, decay); }))
      require_close(result.values, expected, 2e-7, 5e-7);
    for (const DeviceResult& result :
         on_every_device<double>([&](auto device) { return averaged<double>(device, tensors, decay); }))
      require_close(result.values, expected, 1e-15, 1e-15);
  }
}

TEST_CASE("exponential_moving_average: a step in which something is not finite changes nothing") {
  const Tensors tensors = random_tensors();
  std::vector<double> before;
  for (const std::vector<double>& average : tensors.average)
    before.insert(before.end(), average.begin(), average.end());
  const std::int64_t found[2] = {0, 0}, nothing[2] = {-1, -1};
  const auto run = [&](const std::int64_t* guard) {
    return on_every_device<float>([&](auto device) { return averaged<float>(device, tensors, 0.5F, guard); });
  };
  const std::vector<DeviceResult> unguarded = run(nullptr), stopped = run(found), healthy = run(nothing);
  for (std::size_t i = 0; i < unguarded.size(); ++i) {
    CAPTURE(unguarded[i].device);
    CHECK(stopped[i].values == before);
    CHECK(healthy[i].values == unguarded[i].values);
    CHECK(unguarded[i].values != before);
  }
}

TEST_CASE("exponential_moving_average: refuses types that cannot hold an average") {
  kernels::ExponentialMovingAverage arguments;
  arguments.type = DataType::bfloat16;
  REQUIRE_THROWS_AS(exponential_moving_average(kernels::Cpu{}, arguments), std::invalid_argument);
  REQUIRE_THROWS_AS(exponential_moving_average(kernels::Simt{}, arguments), std::invalid_argument);
  arguments.type = DataType::float64;
  REQUIRE_THROWS_AS(exponential_moving_average(kernels::Simt{}, arguments), std::invalid_argument);
}

}  // namespace
}  // namespace sleight::test
