#include "engine/train/loss_scale.h"

#include "catch2_adapter.h"
#include "tests/base/error_message.h"

namespace sleight::test {

TEST_CASE("loss scale: halved by a skipped step, doubled after many good ones, within its limits") {
  LossScale scale;
  CHECK(scale.scale() == 65536.0);
  scale.count_skipped();
  CHECK(scale.scale() == 32768.0);
  for (std::int64_t i = 1; i < LossScale::steps_until_doubled; ++i)
    scale.count_good();
  CHECK(scale.scale() == 32768.0);
  scale.count_good();
  CHECK(scale.scale() == 65536.0);
  // A skipped step starts the count again.
  for (std::int64_t i = 1; i < LossScale::steps_until_doubled; ++i)
    scale.count_good();
  scale.count_skipped();
  scale.count_good();
  CHECK(scale.scale() == 32768.0);
  CHECK(scale.skipped() == 2);
  for (int doubling = 0; doubling < 20; ++doubling) {
    for (std::int64_t i = 0; i < LossScale::steps_until_doubled; ++i)
      scale.count_good();
  }
  CHECK(scale.scale() == LossScale::largest);
}

TEST_CASE("loss scale: skipping does not go on for ever") {
  LossScale scale;
  for (int i = 0; i < 16; ++i) {
    REQUIRE(scale.may_skip());
    scale.count_skipped();
  }
  CHECK(scale.scale() == 1.0);
  CHECK_FALSE(scale.may_skip());
  CHECK(contains(error_message([&] { scale.count_skipped(); }), "scale of 1"));
}

TEST_CASE("loss scale: goes on from its state") {
  LossScale first;
  first.count_skipped();
  for (int i = 0; i < 7; ++i)
    first.count_good();
  CHECK(first.state() == "32768 7 1");
  LossScale second;
  second.restore(first.state());
  CHECK(second.state() == first.state());
  CHECK(second.scale() == 32768.0);
  for (const char* wrong :
       {"", "7", "32768 7", "3 0 0", "0 0 0", "-2 0 0", "33554432 0 0", "2 2000 0", "2 0 -1", "x 0 0"})
    CHECK(contains(error_message([&] { second.restore(wrong); }), "not the state of a loss scale"));
}

}  // namespace sleight::test
