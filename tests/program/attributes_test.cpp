#include "engine/program/attributes.h"

#include <array>
#include <vector>

#include "catch2_adapter.h"
#include "tests/base/error_message.h"

namespace sleight {

namespace {

enum class Color : std::uint8_t { red, green = 7 };

}  // namespace

TEST_CASE("attributes come back as the type they were given as") {
  const std::array<float, 2> mean = {0.5F, 0.1F};
  Attributes attributes = {
      {"color", Color::green}, {"stride", std::int64_t{3}}, {"epsilon", 1e-5}, {"slope", 0.1F}, {"mean", mean},
      {"flips", true},         {"sizes", {7, 9}},           {"one", {4.0}}};
  CHECK(attributes.get<Color>("color") == Color::green);
  CHECK(attributes.get<std::int64_t>("stride") == 3);
  CHECK(attributes.get<std::int32_t>("stride") == 3);
  CHECK(attributes.get<double>("epsilon") == 1e-5);
  CHECK(attributes.get<float>("slope") == 0.1F);
  CHECK(attributes.numbers("mean") == std::vector<double>{0.5, static_cast<double>(0.1F)});
  CHECK(attributes.flag("flips"));
  CHECK_FALSE(attributes.flag("mirrors"));
  CHECK(attributes.numbers("sizes") == std::vector<double>{7.0, 9.0});
  CHECK(attributes.get<int>("one") == 4);
  attributes.set("color", Color::red);
  CHECK(attributes.get<Color>("color") == Color::red);
  CHECK(attributes.to_string() == "color=0 epsilon=1e-05 flips=1 mean=0.5,0.1 one=4 sizes=7,9 slope=0.1 stride=3");
}

TEST_CASE("an attribute that does not fit what is asked for is an error that names it") {
  const Attributes attributes = {
      {"epsilon", 1e-5}, {"count", std::int64_t{1} << 40}, {"negative", -1}, {"list", {1, 2}}};
  CHECK(contains(error_message([&] { attributes.get<int>("epsilon"); }), "'epsilon' must be a whole number"));
  CHECK(contains(error_message([&] { attributes.get<std::int32_t>("count"); }), "'count' is 1099511627776"));
  CHECK(contains(error_message([&] { attributes.get<Color>("negative"); }), "'negative' is -1"));
  CHECK(contains(error_message([&] { attributes.get<double>("list"); }), "'list' holds 2 numbers"));
  CHECK(contains(error_message([&] { attributes.get<double>("size"); }), "'size' is missing"));
}

}  // namespace sleight
