#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/ops/ops.h"

namespace sleight::test {
namespace {

Tracer small_program() {
  Tracer tracer(Mode::training);
  const ValueId x = tracer.input("x", {4}, DataType::float32);
  tracer.result(ops::add(tracer, ops::add(tracer, x, x), x), "sum");
  return tracer;
}

std::string complaint(const Program& program) {
  try {
    verify(program);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool complains(const Program& program, const std::string& words) {
  const std::string message = complaint(program);
  INFO(message);
  CHECK(message.find(words) != std::string::npos);
  return message.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("verify accepts a traced program") {
  Tracer tracer = small_program();
  CHECK(complaint(tracer.program()) == "");
}

TEST_CASE("verify names the step that reads a value before it is written") {
  Tracer tracer = small_program();
  std::swap(tracer.program().steps[0], tracer.program().steps[1]);
  CHECK(complains(tracer.program(), "before any step has written it"));
}

TEST_CASE("verify wants steps in the order of their phases") {
  Tracer tracer = small_program();
  tracer.program().steps[0].phase = Phase::backward;
  CHECK(complains(tracer.program(), "follows a step of a later phase"));
  tracer.program().steps[1].phase = Phase::update;
  CHECK(complaint(tracer.program()) == "");
}

TEST_CASE("verify finds a value written twice") {
  Tracer tracer = small_program();
  tracer.program().steps[1].outputs = tracer.program().steps[0].outputs;
  CHECK(complains(tracer.program(), "a second time"));
}

TEST_CASE("verify finds unknown values on both sides") {
  for (const ValueId unknown : {ValueId{-2}, ValueId{99}}) {
    Tracer reads = small_program();
    reads.program().steps[0].inputs[1] = unknown;
    CHECK(complains(reads.program(), "names the unknown value"));
    Tracer writes = small_program();
    writes.program().steps[0].outputs[0] = unknown;
    CHECK(complains(writes.program(), "names the unknown value"));
  }
}

TEST_CASE("verify forbids writing what comes from outside") {
  Tracer tracer = small_program();
  tracer.program().steps[0].outputs[0] = tracer.program().find("x");
  CHECK(complains(tracer.program(), "comes from outside"));
}

TEST_CASE("verify forbids updating in place what is not persistent") {
  Tracer tracer(Mode::training);
  const ValueId statistic = tracer.input("statistic", {4}, DataType::float32);
  tracer.running_statistics.push_back({statistic, statistic, 0.1});
  ops::running_statistics(tracer);
  CHECK(complains(tracer.program(), "not persistent"));
}

TEST_CASE("verify finds a result that no step writes") {
  Tracer tracer = small_program();
  tracer.program().steps.pop_back();
  CHECK(complains(tracer.program(), "no step writes the result 'sum'"));
}

TEST_CASE("tracing says which operation refuses its inputs, and where") {
  Tracer tracer(Mode::training);
  const auto scope = tracer.scope("layer1");
  const ValueId a = tracer.input("a", {4}, DataType::float32);
  const ValueId b = tracer.input("b", {5}, DataType::float32);
  try {
    ops::add(tracer, a, b);
    CHECK(false);
  } catch (const Error& error) {
    const std::string message = error.what();
    INFO(message);
    CHECK(message.find("add 'layer1'") != std::string::npos);
    CHECK(message.find("float32[5]") != std::string::npos);
  }
}

TEST_CASE("two parameters may not share a name") {
  Tracer tracer(Mode::training);
  tracer.parameter("weight", {3}, ParameterRole::weight, Initializer::zeros);
  REQUIRE_THROWS_AS(tracer.parameter("weight", {3}, ParameterRole::weight, Initializer::zeros), Error);
  const auto scope = tracer.scope("other");
  tracer.parameter("weight", {3}, ParameterRole::weight, Initializer::zeros);
  CHECK(tracer.program().find("other.weight") == 1);
}

}  // namespace sleight::test
