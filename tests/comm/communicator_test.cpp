#include "engine/comm/communicator.h"

#include <cstdint>
#include <memory>
#include <vector>

#include "catch2_adapter.h"
#include "engine/device/device.h"
#include "tests/base/error_message.h"
#include "thread_communicator.h"

namespace sleight::test {
namespace {

template <class T>
void check_sum_and_mean() {
  const int size = 3;
  run_ranks(size, [](std::unique_ptr<Communicator> communicator) {
    const float rank = static_cast<float>(communicator->rank());
    const std::vector<T> given = {T(1.0F + rank), T(-8.0F * rank), T(0.5F)};
    std::vector<T> sum(3), mean = given;
    communicator->all_reduce(given.data(), sum.data(), 3, data_type_of<T>(), Reduction::sum, Stream::compute);
    communicator->all_reduce(mean.data(), mean.data(), 3, data_type_of<T>(), Reduction::mean, Stream::compute);
    const float sums[] = {6.0F, -24.0F, 1.5F};
    for (std::size_t i = 0; i < 3; ++i) {
      // Catch2's assertions are for one thread.
      check(static_cast<float>(sum[i]) == sums[i], "sum ", static_cast<float>(sum[i]));
      check(static_cast<float>(mean[i]) == sums[i] / 3.0F, "mean ", static_cast<float>(mean[i]));
    }
  });
}

}  // namespace

TEST_CASE("a training of one rank reduces to itself, and copies where the output is other memory") {
  SelfCommunicator self(Device("cpu").runtime());
  CHECK(self.rank() == 0);
  CHECK(self.size() == 1);
  for (const Reduction reduction : {Reduction::sum, Reduction::mean}) {
    std::vector<float> in_place = {1.0F, -2.0F, 3.5F};
    self.all_reduce(in_place.data(), in_place.data(), 3, DataType::float32, reduction, Stream::compute);
    CHECK(in_place == std::vector<float>{1.0F, -2.0F, 3.5F});
    std::vector<float> other(4, 9.0F);
    self.all_reduce(in_place.data(), other.data(), 3, DataType::float32, reduction, Stream::compute);
    CHECK(other == std::vector<float>{1.0F, -2.0F, 3.5F, 9.0F});
  }
  std::vector<std::int32_t> whole = {4, 5}, gathered(3, 7);
  self.broadcast(whole.data(), 2, DataType::int32, 0, Stream::compute);
  CHECK(whole == std::vector<std::int32_t>{4, 5});
  self.all_gather(whole.data(), gathered.data(), 2, DataType::int32, Stream::compute);
  CHECK(gathered == std::vector<std::int32_t>{4, 5, 7});
  self.all_gather(nullptr, gathered.data(), 0, DataType::int32, Stream::compute);
  self.barrier();
}

TEST_CASE("what no communicator does is an error that says why") {
  SelfCommunicator self(Device("cpu").runtime());
  std::int32_t whole = 1;
  CHECK(contains(
      error_message([&] { self.all_reduce(&whole, &whole, 1, DataType::int32, Reduction::sum, Stream::compute); }),
      "not int32"));
  CHECK(contains(error_message([&] { self.broadcast(&whole, 1, DataType::int32, 1, Stream::compute); }),
                 "rank 1, but the ranks are 0 to 0"));
}

TEST_CASE("ranks as threads: sums and means in every type, the same on every rank") {
  check_sum_and_mean<float>();
  check_sum_and_mean<double>();
  check_sum_and_mean<bfloat16>();
  check_sum_and_mean<float16>();
}

TEST_CASE("ranks as threads: broadcast and all_gather") {
  run_ranks(3, [](std::unique_ptr<Communicator> communicator) {
    const int rank = communicator->rank();
    std::int32_t from_one[] = {10 * rank, 10 * rank + 1};
    communicator->broadcast(from_one, 2, DataType::int32, 1, Stream::compute);
    check(from_one[0] == 10 && from_one[1] == 11, "broadcast gave ", from_one[0], " ", from_one[1]);
    std::vector<std::uint8_t> all(6, 99);
    std::uint8_t* const own = all.data() + 2 * rank;
    own[0] = static_cast<std::uint8_t>(rank);
    own[1] = static_cast<std::uint8_t>(rank + 50);
    communicator->all_gather(own, all.data(), 2, DataType::uint8, Stream::compute);
    check(all == std::vector<std::uint8_t>{0, 50, 1, 51, 2, 52}, "all_gather put another order");
    communicator->barrier();
  });
}

TEST_CASE("ranks as threads: calls that do not match, and a rank that fails, are errors and no deadlock") {
  CHECK(contains(error_message([] {
                   run_ranks(2, [](std::unique_ptr<Communicator> communicator) {
                     std::vector<float> data(2);
                     communicator->all_reduce(data.data(), data.data(), 1 + communicator->rank(), DataType::float32,
                                              Reduction::sum, Stream::compute);
                   });
                 }),
                 "sum of"));
  CHECK(error_message([] {
          run_ranks(2, [](std::unique_ptr<Communicator> communicator) {
            if (communicator->rank() == 1) fail("this rank is gone");
            communicator->barrier();
          });
        }) == "this rank is gone");
}

}  // namespace sleight::test
