// No operation of the table may be left out of the cases: neither by its numbers nor by its gradient.
#include <set>

#include "catch2_adapter.h"
#include "engine/ops/ops.h"
#include "tests/cases/check_gradient.h"
#include "tests/cases/resnet50_tensors.h"
#include "tests/cases/run_case.h"

namespace sleight::cases {

TEST_CASE("every operation has small cases for tests and large ones for measurements") {
  std::set<const Operation*> small, large;
  std::set<std::string> names;
  for (const Case& description : all_cases()) {
    (description.size == Size::small ? small : large).insert(description.operation);
    INFO(description.name());
    CHECK(names.insert(description.name()).second);
  }
  for (const Operation* operation : operations::table()) {
    INFO(operation->name);
    CHECK(small.contains(operation));
    CHECK(large.contains(operation));
  }
}

TEST_CASE("on a GPU every operation is measured where memory takes longer than a launch, on no more than there is") {
  // Of these no network has more, or they read a small part of their input (yolo_loss), or do arithmetic.
  const std::set<std::string_view> small_by_nature = {"batch_norm_finish",
                                                      "batch_norm_inference_statistics",
                                                      "linear",
                                                      "linear_backward_data",
                                                      "linear_backward_weights",
                                                      "live_scalar",
                                                      "reduce_mean",
                                                      "reduce_mean_backward",
                                                      "running_statistics",
                                                      "yolo_assign",
                                                      "yolo_loss"};
  constexpr double counts = 32e6;  // as tools/gpu_check.sh has it
  constexpr double limit = 2e9;
  std::set<std::string_view> measured;
  for (const Case& description : all_cases()) {
    if (description.size == Size::small) continue;
    INFO(description.name());
    CHECK(cost_of(description, DataType::float32).bytes <= limit);
    if (cost_of(description, description.bfloat16 ? DataType::bfloat16 : DataType::float32).bytes >= counts)
      measured.insert(description.operation->name);
  }
  for (const Operation* operation : operations::table()) {
    INFO(operation->name);
    CHECK(measured.contains(operation->name) != small_by_nature.contains(operation->name));
  }
}

TEST_CASE("the tensors of a ResNet-50 are as many and as large as they are") {
  const auto total = [](const std::vector<Shape>& tensors) {
    std::int64_t count = 0;
    for (const Shape& shape : tensors)
      count += element_count(shape);
    return count;
  };
  CHECK(resnet50_parameters().size() == 161);
  CHECK(total(resnet50_parameters()) == 25'557'032);
  CHECK(resnet50_weights().size() == 54);
  CHECK(resnet50_running_statistics().size() == 106);
  CHECK(total(resnet50_running_statistics()) == 53'120);
}

TEST_CASE("the bytes of an update count what it reads and what it writes") {
  const double floats = 4.0 * 25'557'032;
  const double live_scalars = 4.0 * static_cast<double>(kernels::LiveScalar::count);
  const auto bytes_of = [](std::string_view name) {
    for (const Case& description : all_cases()) {
      if (description.name() == name) return cost_of(description, DataType::float32).bytes;
    }
    return 0.0;
  };
  CHECK(bytes_of("sgd/25557032 in 161 tensors nesterov") == 5.0 * floats + live_scalars);
  CHECK(bytes_of("sgd/25557032 in 161 tensors nesterov averages") == 7.0 * floats + live_scalars);
  CHECK(bytes_of("exponential_moving_average/25557032 in 161 tensors") == 3.0 * floats + live_scalars);
  CHECK(bytes_of("running_statistics/53120 in 106 tensors") == 3.0 * 4.0 * 53'120);
}

TEST_CASE("every operation with a gradient rule is differentiated by a case") {
  std::set<std::string_view> differentiated;
  std::set<std::string> names;
  for (const GradientCase& description : all_gradient_cases()) {
    differentiated.merge(differentiated_operations(description));
    INFO(description.name);
    CHECK(names.insert(description.name).second);
  }
  for (const Operation* operation : operations::table()) {
    if (operation->gradient == nullptr) continue;
    INFO(operation->name);
    CHECK(differentiated.contains(operation->name));
  }
}

TEST_CASE("cases reach odd extents, and the blocked layout wherever an operation of images takes it") {
  const Device cpu("cpu");
  std::set<std::string_view> blocked;
  for (const Case& description : all_cases()) {
    if (description.size != Size::small) continue;
    for (const Input& input : description.inputs) {
      if (input.shape.size() == 4 && cpu.preferred_lanes(input.shape[3]) != input.shape[3])
        blocked.insert(description.operation->name);
    }
  }
  for (const Case& description : all_cases()) {
    const bool images = !description.inputs.empty() && description.inputs.front().shape.size() == 4;
    if (!description.operation->any_layout || !images || cpu.preferred_lanes(64) == 64) continue;
    INFO(description.name());
    CHECK(blocked.contains(description.operation->name));
  }
}

}  // namespace sleight::cases
