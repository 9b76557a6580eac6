#include "kernels/running_statistics.h"

#include <limits>

#include "engine/value/random.h"
#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

struct Statistics {
  std::vector<std::vector<double>> running, batch;
  std::vector<float> momentum;
};

Statistics random_statistics() {
  RandomStream random(11, RandomPurpose::test);
  Statistics statistics;
  for (const std::size_t count : {3, 0, 4096, 4099, 1, 64}) {
    statistics.momentum.push_back(0.125F * static_cast<float>(statistics.momentum.size()));
    statistics.running.emplace_back();
    statistics.batch.emplace_back();
    for (std::size_t i = 0; i < count; ++i) {
      statistics.running.back().push_back(static_cast<double>(random.below(65) - 32) / 8);
      statistics.batch.back().push_back(static_cast<double>(random.below(65) - 32) / 8);
    }
  }
  return statistics;
}

template <class T, class Device>
std::vector<double> moved(Device device, const Statistics& statistics, const std::int64_t* first_non_finite = nullptr) {
  std::vector<GuardedBuffer<T>> running, batch;
  std::vector<kernels::RunningStatistic> table;
  for (std::size_t i = 0; i < statistics.running.size(); ++i) {
    running.push_back(guarded<T>(statistics.running[i], "running"));
    batch.push_back(guarded<T>(statistics.batch[i], "batch"));
    table.push_back({running.back().data(), batch.back().data(), static_cast<std::int64_t>(running.back().size()), 0,
                     statistics.momentum[i]});
  }
  const std::int64_t chunks = kernels::number_chunks(std::span(table));
  running_statistics(
      device, {{table.data(), static_cast<std::int32_t>(table.size()), chunks}, first_non_finite, data_type_of<T>()});
  std::vector<double> result;
  for (GuardedBuffer<T>& buffer : running) {
    const std::vector<double> part = numbers(buffer);
    result.insert(result.end(), part.begin(), part.end());
  }
  return result;
}

TEST_CASE("running_statistics: many layers in one launch, each with its momentum") {
  const Statistics statistics = random_statistics();
  std::vector<double> expected, before;
  for (std::size_t i = 0; i < statistics.running.size(); ++i) {
    const double share = double{statistics.momentum[i]};
    for (std::size_t j = 0; j < statistics.running[i].size(); ++j) {
      before.push_back(statistics.running[i][j]);
      expected.push_back((1 - share) * statistics.running[i][j] + share * statistics.batch[i][j]);
    }
  }
  for (const DeviceResult& result : on_every_device<float>([&](auto d) { return moved<float>(d, statistics); }))
    require_close(result.values, expected, 6e-8, 0);
  for (const DeviceResult& result : on_every_device<double>([&](auto d) { return moved<double>(d, statistics); }))
    require_close(result.values, expected, 1e-15, 1e-15);

  // A step in which something is not finite changes nothing.
  const std::int64_t found[2] = {3, 0}, nothing[2] = {-1, -1};
  for (const DeviceResult& result : on_every_device<float>([&](auto d) { return moved<float>(d, statistics, found); }))
    CHECK(result.values == before);
  for (const DeviceResult& result :
       on_every_device<float>([&](auto d) { return moved<float>(d, statistics, nothing); }))
    require_close(result.values, expected, 6e-8, 0);
}

TEST_CASE("running_statistics: refuses types that cannot hold an average") {
  kernels::RunningStatistics arguments;
  arguments.type = DataType::bfloat16;
  REQUIRE_THROWS_AS(running_statistics(kernels::Cpu{}, arguments), std::invalid_argument);
  REQUIRE_THROWS_AS(running_statistics(kernels::Simt{}, arguments), std::invalid_argument);
  arguments.type = DataType::float64;
  REQUIRE_THROWS_AS(running_statistics(kernels::Simt{}, arguments), std::invalid_argument);
}

}  // namespace
}  // namespace sleight::test
