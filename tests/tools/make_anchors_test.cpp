// make_anchors as a user runs it.
#include <cmath>

#include "catch2_adapter.h"
#include "tests/base/error_message.h"
#include "tests/tools/tool_process.h"

using namespace sleight;
using namespace sleight::test;

namespace {

ToolResult make_anchors(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--synthetic-pictures", "60"});
  return run_tool_process("make_anchors", arguments);
}

// What stands behind `name` in the output, as a number.
double number_behind(const std::string& output, const std::string& name) {
  const std::size_t place = output.find(name);
  REQUIRE(place != std::string::npos);
  return std::stod(output.substr(place + name.size()));
}

}  // namespace

TEST_CASE("make_anchors: finds anchors that fit better than those of another data set, the same ones again") {
  const std::vector<std::string> arguments = {"--data", "synthetic", "--format", "synthetic", "--image-size", "320"};
  const ToolResult result = make_anchors(arguments);
  INFO(result.output);
  REQUIRE(result.status == 0);
  CHECK(contains(result.output, "60 pictures, at 320 x 320 pixels"));
  const double found = number_behind(result.output, "best anchor: ");
  CHECK(found > number_behind(result.output, "default anchors: "));
  CHECK(found > 0.5);
  CHECK(found < 1.0);
  CHECK(make_anchors(arguments).output == result.output);
}

TEST_CASE("make_anchors: twice the pixels, twice the anchors") {
  const auto smallest = [](const std::string& image_size) {
    const ToolResult result =
        make_anchors({"--data", "synthetic", "--format", "synthetic", "--anchors", "3", "--image-size", image_size});
    INFO(result.output);
    REQUIRE(result.status == 0);
    return number_behind(result.output, "\nanchors: ");
  };
  // Printed to a tenth of a pixel.
  CHECK(std::abs(smallest("832") - 2.0 * smallest("416")) <= 0.2);
}

TEST_CASE("make_anchors: what cannot be done is one clear line") {
  const auto expect = [](const std::vector<std::string>& arguments, const std::string& part) {
    const ToolResult result = make_anchors(arguments);
    INFO(result.output);
    CHECK(result.status != 0);
    CHECK(result.status < 128);
    CHECK(contains(result.output, part));
  };
  expect({"--data", "synthetic", "--format", "pascal"}, "pascal");
  expect({"--data", "/nowhere/at/all"}, "/nowhere/at/all");
  expect({"--data", "synthetic", "--format", "synthetic", "--anchors", "0"}, "--anchors");
}
