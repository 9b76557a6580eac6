#include "engine/program/print.h"
#include "engine/base/format_bytes.h"

#include "catch2_adapter.h"
#include "trial.h"

namespace sleight::test {
namespace {

Program example() {
  Tracer tracer(Mode::training);
  const auto scope = tracer.scope("stem");
  const ValueId x = tracer.input("images", {2, 6, 6, 3}, DataType::float32);
  const ValueId weights =
      tracer.parameter("weight", {4, 3, 3, 3}, ParameterRole::weight, Initializer::he_normal_fan_out);
  tracer.result(ops::relu(tracer, ops::convolution(tracer, x, weights, 2, 1)), "features");
  return tracer.program();
}

bool holds(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

std::size_t count(const std::string& text, const std::string& words) {
  std::size_t found = 0;
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1))
    ++found;
  return found;
}

}  // namespace

TEST_CASE("a program prints its steps with layer, operation, types and attributes") {
  const std::string text = to_text(example());
  INFO(text);
  CHECK(holds(text, "convolution"));
  CHECK(holds(text, "stem"));
  CHECK(holds(text, "stride=2"));
  CHECK(holds(text, "2x3x3x4"));
  CHECK(text.find("convolution") < text.find("activation"));
}

TEST_CASE("a program draws itself as a graph") {
  const std::string dot = to_dot(example());
  INFO(dot);
  CHECK(holds(dot, "digraph"));
  CHECK(holds(dot, "stem.weight"));
  CHECK(count(dot, "->") >= 3);
  CHECK(count(dot, "{") == count(dot, "}"));
}

TEST_CASE("the arena is drawn with one rectangle for each block") {
  const Program program = example();
  const std::vector<std::int64_t> workspaces(program.steps.size());
  const MemoryPlan plan = plan_memory(program, workspaces);
  const std::string svg = arena_to_svg(program, plan);
  CHECK(holds(svg, "<svg"));
  CHECK(holds(svg, "</svg>"));
  CHECK(count(svg, "<rect") >= plan.blocks.size());
}

TEST_CASE("sizes in words") {
  CHECK(format_bytes(17) == "17 bytes");
  CHECK(format_bytes(std::int64_t{3} << 29) == "1.50 GiB");
}

}  // namespace sleight::test
