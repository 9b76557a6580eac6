// The parameters of every network: names, shapes, counts, how they start, and which scales end a residual branch.
#include <algorithm>
#include <set>

#include "catch2_adapter.h"
#include "engine/program/persistent_store.h"
#include "tests/golden/golden.h"
#include "tests/models/traced_network.h"

namespace sleight::test {

namespace {

Program forward_program(const std::string& model, std::int64_t classes) {
  return trace_forward(model, {1, 33, 33}, classes, Mode::training).program();
}

std::int64_t marked_scales(const Program& program) {
  return std::count_if(program.parameters.begin(), program.parameters.end(),
                       [](const Parameter& parameter) { return parameter.ends_residual_branch; });
}

}  // namespace

TEST_CASE("resnet: names and checkpoint shapes are torchvision's") {
  int models = 0;
  for (const auto& golden : golden_cases("resnet")) {
    if (golden.at("kind") != "names") continue;
    ++models;
    const std::string model = golden.at("model");
    CAPTURE(model);
    std::map<std::string, Shape> ours;
    const Program program = forward_program(model, 1000);
    for (const Parameter& parameter : program.parameters) {
      const Value& value = program.value(parameter.value);
      ours[value.name] = PersistentStore::interface_shape(value.type);
    }
    CHECK(ours == golden.at("state").get<std::map<std::string, Shape>>());
  }
  CHECK(models == 2);
}

TEST_CASE("resnet: parameter counts are the published ones and those of the same networks in PyTorch") {
  // torchvision's documentation.
  const std::map<std::string, std::int64_t> published = {{"resnet18", 11'689'512},
                                                         {"resnet34", 21'797'672},
                                                         {"resnet50", 25'557'032},
                                                         {"resnet101", 44'549'160},
                                                         {"resnet152", 60'192'808}};
  for (const auto& [model, count] : published) {
    CAPTURE(model);
    CHECK(trainable_numbers(forward_program(model, 1000)) == count);
  }
  std::size_t models = 0;
  for (const auto& golden : golden_cases("resnet")) {
    if (golden.at("kind") != "counts") continue;
    for (const auto& [model, count] : golden.at("counts").get<std::map<std::string, std::int64_t>>()) {
      CAPTURE(model);
      CHECK(trainable_numbers(forward_program(model, model.starts_with("cifar") ? 10 : 1000)) == count);
      ++models;
    }
  }
  CHECK(models == 35);
}

TEST_CASE("resnet: the counts of the small networks follow their formula") {
  for (const std::int64_t depth : {20, 32, 44, 56, 110}) {
    CAPTURE(depth);
    const std::int64_t n = (depth - 2) / 6;
    // Per stage of width w: 2 n convolutions, the first of stages 2 and 3 from half the channels; those also project.
    std::int64_t convolutions = 3 * 16 * 9 + 2 * n * 16 * 16 * 9;
    for (const std::int64_t w : {32, 64})
      convolutions += (2 * n - 1) * w * w * 9 + w / 2 * w * 9 + w / 2 * w;
    const std::int64_t linear = 64 * 10 + 10;
    // v1: a scale and a shift behind every convolution.
    const std::int64_t v1_norms = 2 * (16 + 2 * n * (16 + 32 + 64) + 32 + 64);
    // v2: before every convolution of a block, on its input; and one at the end.
    const std::int64_t v2_norms = 2 * (2 * n * (16 + 32 + 64) - 16 - 32 + 64);
    const std::string name = "cifar_resnet" + std::to_string(depth);
    CHECK(trainable_numbers(forward_program(name, 10)) == convolutions + v1_norms + linear);
    CHECK(trainable_numbers(forward_program(name + "_v2", 10)) == convolutions + v2_norms + linear);
  }
}

TEST_CASE("resnet: exactly the last batch norm of each residual branch is marked") {
  struct Case {
    std::string model;
    std::int64_t marks;
    std::string layer;
  };
  for (const Case& c : {Case{"resnet18", 8, "bn2"}, Case{"resnet34_v1", 16, "bn2"}, Case{"resnet50", 16, "bn3"},
                        Case{"resnet50_v1d", 16, "bn3"}, Case{"resnet101_v1c", 33, "bn3"},
                        Case{"resnet152_v1", 50, "bn3"}, Case{"cifar_resnet20", 9, "bn2"}}) {
    CAPTURE(c.model);
    const Program program = forward_program(c.model, 10);
    CHECK(marked_scales(program) == c.marks);
    for (const Parameter& parameter : program.parameters) {
      if (!parameter.ends_residual_branch) continue;
      const std::string& name = program.value(parameter.value).name;
      CAPTURE(name);
      CHECK(parameter.role == ParameterRole::norm_scale);
      CHECK(name.ends_with("." + c.layer + ".weight"));
    }
  }
}

TEST_CASE("resnet: v2 marks no scale, because a ReLU follows each") {
  CHECK(marked_scales(forward_program("resnet50_v2", 10)) == 0);
  CHECK(marked_scales(forward_program("cifar_resnet20_v2", 10)) == 0);
}

TEST_CASE("resnet: every parameter starts as torchvision starts it") {
  for (const std::string model : {"resnet18", "resnet50_v1d", "resnet50_v2", "cifar_resnet20"}) {
    CAPTURE(model);
    const Program program = forward_program(model, 10);
    for (const Parameter& parameter : program.parameters) {
      const Value& value = program.value(parameter.value);
      CAPTURE(value.name);
      if (value.type.shape.size() == 4) {
        CHECK(parameter.role == ParameterRole::weight);
        CHECK(parameter.initializer == Initializer::he_normal_fan_out);
      } else if (value.name == "fc.weight") {
        CHECK(parameter.role == ParameterRole::weight);
        CHECK(parameter.initializer == Initializer::uniform_fan_in);
      } else if (value.name == "fc.bias") {
        CHECK(parameter.role == ParameterRole::bias);
        CHECK(parameter.initializer == Initializer::zeros);
      } else if (value.name.ends_with(".weight")) {
        CHECK(parameter.role == ParameterRole::norm_scale);
        CHECK(parameter.initializer == Initializer::ones);
      } else if (value.name.ends_with(".bias")) {
        CHECK(parameter.role == ParameterRole::norm_shift);
        CHECK(parameter.initializer == Initializer::zeros);
      } else {
        CHECK(parameter.role == ParameterRole::running_statistic);
        const bool variance = value.name.ends_with(".running_var");
        CHECK(variance != value.name.ends_with(".running_mean"));
        CHECK(parameter.initializer == (variance ? Initializer::ones : Initializer::zeros));
      }
    }
  }
}

}  // namespace sleight::test
