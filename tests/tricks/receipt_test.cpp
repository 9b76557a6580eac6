#include "engine/train/receipt.h"

#include "catch2_adapter.h"
#include "tests/base/error_message.h"

using namespace sleight;

TEST_CASE("receipts: a run whose enabled tricks all fired passes, one that did nothing is named") {
  const std::vector<Receipt> good = {{"mixup", {{"images mixed", 12.0}}, 12}, {"warm-up", {{"iterations", 3.0}}, 3}};
  REQUIRE(error_message([&] { check_receipts(good); }).empty());
  REQUIRE(error_message([&] { check_receipts({}); }).empty());

  std::vector<Receipt> idle = good;
  idle.push_back({"zero gamma", {{"gammas zeroed", 0.0}}, 0});
  idle.push_back({"random shapes", {}, 0});
  const std::string message = error_message([&] { check_receipts(idle); });
  CAPTURE(message);
  CHECK(contains(message, "zero gamma: 0 gammas zeroed"));
  CHECK(contains(message, "random shapes"));
  CHECK_FALSE(contains(message, "mixup"));
  CHECK_FALSE(contains(message, "warm-up"));
}

TEST_CASE("receipts: a trick that cannot take effect in this run is no failure, and a checkpoint keeps why") {
  const std::vector<Receipt> receipts = {{"step decay", {{"iterations", 0.0}}, 0, "it begins after step 9"},
                                         {"mixup", {{"images mixed", 12.0}}, 12}};
  CHECK(error_message([&] { check_receipts(receipts); }).empty());
  CHECK(to_string(receipts[0]) == "step decay: 0 iterations, it begins after step 9");
  CHECK((receipts_from_json(receipts_to_json(receipts)) == receipts));
}

TEST_CASE("receipts: counts are found by name, and a missing one is an error that names it") {
  const std::vector<Receipt> receipts = {{"mixup", {{"images mixed", 12.0}, {"mean lambda", 0.5}}, 12}};
  CHECK(find_receipt(receipts, "mixup").count("mean lambda") == 0.5);
  CHECK(to_string(receipts[0]) == "mixup: 12 images mixed, 0.5 mean lambda");
  CHECK(to_string({"mixup", {{"images mixed", 12'345'678'901.0}, {"mean lambda", 0.452420299561}}, 12}) ==
        "mixup: 12345678901 images mixed, 0.45242 mean lambda");
  CHECK(contains(error_message([&] { find_receipt(receipts, "warm-up"); }), "warm-up"));
  CHECK(contains(error_message([&] { (void)receipts[0].count("updates"); }), "updates"));
}
