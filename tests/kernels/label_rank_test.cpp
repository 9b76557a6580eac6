#include "kernels/label_rank.h"

#include <algorithm>

#include "engine/value/random.h"
#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

template <class T, class Device>
std::vector<double> ranks(Device device, const std::vector<double>& logits, const std::vector<std::int32_t>& labels) {
  GuardedBuffer<T> logits_buffer = guarded<T>(logits, "logits");
  GuardedBuffer<std::int32_t> label_buffer(labels, "label");
  GuardedBuffer<std::int32_t> rank(labels.size(), "rank");
  kernels::LabelRank arguments;
  arguments.logits = logits_buffer.data();
  arguments.label = label_buffer.data();
  arguments.rows = static_cast<std::int64_t>(labels.size());
  arguments.classes = static_cast<std::int64_t>(logits.size() / labels.size());
  arguments.rank = rank.data();
  arguments.type = data_type_of<T>();
  label_rank(device, arguments);
  return numbers(rank);
}

// Every type, every device: exactly the expected ranks.
void require_ranks(const std::vector<double>& logits, const std::vector<std::int32_t>& labels,
                   const std::vector<double>& expected) {
  for_each_type([&]<class T>(TypeTag<T>) {
    for (const DeviceResult& result :
         on_every_device<T>([&](auto device) { return ranks<T>(device, logits, labels); })) {
      CAPTURE(result.device, name_of(data_type_of<T>()), labels.size());
      REQUIRE(result.values == expected);
    }
  });
}

TEST_CASE("label_rank: the label's place in a stable sort, with many ties") {
  for (const std::int64_t classes : {1, 2, 7, 10, 33, 257, 1000}) {
    RandomStream random(3, RandomPurpose::test, static_cast<std::uint64_t>(classes));
    const std::int64_t rows = 5;
    std::vector<double> logits, expected;
    std::vector<std::int32_t> labels;
    for (std::int64_t i = 0; i < rows * classes; ++i)
      logits.push_back(static_cast<double>(random.below(9) - 4));
    for (std::int64_t n = 0; n < rows; ++n) {
      const std::int64_t label = random.below(classes);
      labels.push_back(static_cast<std::int32_t>(label));
      std::vector<std::int64_t> order;
      for (std::int64_t k = 0; k < classes; ++k)
        order.push_back(k);
      const double* row = logits.data() + n * classes;
      std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return row[a] > row[b]; });
      expected.push_back(static_cast<double>(std::find(order.begin(), order.end(), label) - order.begin()));
    }
    require_ranks(logits, labels, expected);
  }
}

TEST_CASE("label_rank: equal logits rank by class") {
  require_ranks({2, 2, 2, 2, 2, 2, 2, 2, 2}, {0, 1, 2}, {0, 1, 2});
}

TEST_CASE("label_rank: a NaN anywhere is never right") {
  const double nan = std::nan("");
  require_ranks({nan, 1, 2, 9, 1, nan, 1, 5, 2}, {0, 0, 1}, {3, 3, 0});
}

TEST_CASE("label_rank: a label outside the classes") {
  for (const std::int32_t label : {-1, 3}) {
    const std::vector<double> logits = {1, 2, 3, 4, 5, 6};
    REQUIRE_THROWS_AS(ranks<float>(kernels::Cpu{}, logits, {2, label}), std::invalid_argument);
    const auto run = [&](auto device) { return ranks<float>(device, logits, {2, label}); };
    CHECK(simt::run_in_three_orders(run) == std::vector<double>{0, 3});
  }
}

}  // namespace
}  // namespace sleight::test
