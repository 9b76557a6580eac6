// The order in which a training visits its dataset, whole and shared by ranks.
#include "engine/data/loader/epoch_order.h"

#include <algorithm>
#include <set>
#include <vector>

#include "catch2_adapter.h"
#include "engine/value/random.h"
#include "tests/base/error_message.h"

using namespace sleight;

namespace {

using Samples = std::vector<std::int64_t>;

Samples samples_of(EpochOrder& order, std::int64_t step) {
  Samples samples = {-1, -2, -3};  // left over from an earlier batch
  order.fill(step, samples);
  return samples;
}

}  // namespace

TEST_CASE("epoch order: each epoch every sample at most once, in an order of its own") {
  for (const auto& [samples, batch_size] : {std::pair<std::int64_t, std::int64_t>{18, 4}, {1, 1}, {7, 7}, {101, 3}}) {
    CAPTURE(samples, batch_size);
    EpochOrder order(5, samples, batch_size);
    const std::int64_t steps = samples / batch_size;
    REQUIRE(order.steps_per_epoch() == steps);
    std::vector<Samples> epochs;
    for (std::int64_t epoch = 0; epoch < 4; ++epoch) {
      Samples visited;
      for (std::int64_t step = epoch * steps; step < (epoch + 1) * steps; ++step) {
        const Samples batch = samples_of(order, step);
        REQUIRE(static_cast<std::int64_t>(batch.size()) == batch_size);
        visited.insert(visited.end(), batch.begin(), batch.end());
      }
      const std::set<std::int64_t> distinct(visited.begin(), visited.end());
      CHECK(distinct.size() == visited.size());
      CHECK(*distinct.begin() >= 0);
      CHECK(*distinct.rbegin() < samples);
      // Trainings of earlier versions go on: the key of the permutation stays.
      const Samples permutation =
          RandomStream(5, RandomPurpose::sample_order, static_cast<std::uint64_t>(epoch)).permutation(samples);
      CHECK(std::equal(visited.begin(), visited.end(), permutation.begin()));
      if (samples > 10 && !epochs.empty()) CHECK(visited != epochs.back());
      epochs.push_back(visited);
    }
  }
}

TEST_CASE("epoch order: the samples of a step are a pure function of seed and step") {
  EpochOrder order(5, 103, 10);
  std::vector<Samples> forward;
  for (std::int64_t step = 0; step < 40; ++step)
    forward.push_back(samples_of(order, step));
  EpochOrder resumed(5, 103, 10);
  for (const std::int64_t step : {33, 2, 39, 9, 10, 0})
    CHECK(samples_of(resumed, step) == forward[static_cast<std::size_t>(step)]);
  EpochOrder other(6, 103, 10);
  CHECK(samples_of(other, 0) != forward[0]);
  const StepPlace place = order.place_of(27);
  CHECK((place.step == 27 && place.epoch == 2 && place.step_in_epoch == 7));
}

TEST_CASE("epoch order: the ranks' samples together are those of one rank with the same batch") {
  for (const std::int64_t ranks : {1, 2, 3, 5}) {
    for (const std::int64_t samples : {60, 61, 137}) {
      CAPTURE(ranks, samples);
      EpochOrder alone(9, samples, 30);
      std::vector<EpochOrder> shared;
      for (std::int64_t rank = 0; rank < ranks; ++rank)
        shared.emplace_back(9, samples, 30, rank, ranks);
      for (std::int64_t step = 0; step < 3 * alone.steps_per_epoch(); ++step) {
        Samples together;
        for (EpochOrder& order : shared) {
          REQUIRE(order.steps_per_epoch() == alone.steps_per_epoch());
          const Samples own = samples_of(order, step);
          REQUIRE(static_cast<std::int64_t>(own.size()) == 30 / ranks);
          together.insert(together.end(), own.begin(), own.end());
        }
        REQUIRE(together == samples_of(alone, step));
      }
    }
  }
}

TEST_CASE("epoch order: what cannot be shared or does not fill a batch is refused") {
  const auto refused = [](auto... numbers) { return error_message([&] { EpochOrder(1, numbers...); }); };
  CHECK(contains(refused(100, 30, 0, 4), "30 images cannot be shared equally by 4 ranks"));
  CHECK(contains(refused(100, 32, 0, 3), "32 images cannot be shared equally by 3 ranks"));
  CHECK(contains(refused(29, 30), "29 training images, fewer than one batch of 30"));
  CHECK(contains(refused(0, 1), "0 training images"));
  CHECK(contains(refused(10, 0), "at least one image, got 0"));
  CHECK(contains(refused(10, 2, 2, 2), "rank 2 of 2"));
  CHECK(contains(refused(10, 2, -1, 2), "rank -1"));
  CHECK(contains(refused(10, 2, 0, 0), "0 ranks"));
  CHECK(refused(30, 30, 1, 2).empty());
}
