// Every case on the cpu and on simt against its own run in float64. (That float64 is right is the business of the
// kernels' own tests: independent loops, golden values.) One section per operation: test_kernels -c <operation>.
#include "catch2_adapter.h"
#include "engine/device/host_runtime.h"
#include "engine/ops/ops.h"
#include "tests/cases/run_case.h"
#include "tests/kernels/on_gpu.h"

namespace sleight::cases {
namespace {

template <class Function>
void for_each_small_case(Function&& function) {
  for (const Operation* operation : operations::table()) {
    SECTION(std::string(operation->name)) {
      for (const Case& description : all_cases()) {
        if (description.operation != operation || description.size != Size::small) continue;
        INFO(description.name());
        function(description);
      }
    }
  }
}

std::vector<DataType> stored_types(const Case& description) {
  if (!description.bfloat16) return {DataType::float32};
  return {DataType::float32, DataType::bfloat16, DataType::float16};
}

// Memory that only kernels may touch, as far as its user knows.
class FarRuntime : public HostRuntime {
 public:
  FarRuntime() : HostRuntime("far") {}
  bool is_host() const override { return false; }
};

void compare_with_float64(const Device& device) {
  const Device cpu("cpu");
  for_each_small_case([&](const Case& description) {
    const auto reference = run_case(description, cpu, {.element = DataType::float64});
    for (const DataType element : stored_types(description)) {
      INFO(name_of(element));
      CHECK(compare(description, run_case(description, device, {.element = element}), reference) == "");
    }
  });
}

}  // namespace

TEST_CASE("cases on the GPU: every storage type against float64", "[gpu]") {
  const std::optional<Device> gpu = tests::find_gpu({.deterministic = true, .allow_tf32 = false});
  if (gpu) compare_with_float64(*gpu);
}

TEST_CASE("cases on simt in memory of a device: copied there and back, the same numbers") {
  compare_with_float64(Device(kernels::Simt{}, std::make_shared<FarRuntime>()));
}

TEST_CASE("cases in several sets of a device's memory: each set gets the same numbers") {
  const Device far(kernels::Simt{}, std::make_shared<FarRuntime>());
  // With a table of addresses, and without.
  for (const Operation* operation : {&operations::sgd, &operations::add}) {
    for (const Case& description : all_cases()) {
      if (description.operation != operation || description.size != Size::small) continue;
      INFO(description.name());
      PreparedCase prepared(description, far, {});
      prepared.make_sets(3);
      prepared.run(2);
      prepared.run(0);
      CHECK(compare_bits(prepared.outputs(2), run_case(description, far, {})) == "");
      CHECK(compare_bits(prepared.outputs(0), prepared.outputs(2)) == "");
      CHECK(compare_bits(prepared.outputs(1), prepared.outputs(2)) != "");  // no run wrote there
    }
  }
}

TEST_CASE("cases on the cpu: every storage type against float64") {
  compare_with_float64(Device("cpu"));
}

TEST_CASE("cases on the cpu: the blocked layout holds the same numbers") {
  const Device cpu("cpu");
  for_each_small_case([&](const Case& description) {
    PreparedCase blocked(description, cpu, {.blocked = true});
    if (!blocked.has_blocked_values()) return;
    blocked.run();
    const auto reference = run_case(description, cpu, {.element = DataType::float64});
    CHECK(compare(description, blocked.outputs(), reference) == "");
  });
}

TEST_CASE("cases: an output on an input's memory holds the same bits") {
  const Device cpu("cpu");
  const Device simt("simt");
  for_each_small_case([&](const Case& description) {
    for (const Device* device : {&cpu, &simt}) {
      for (const DataType element : stored_types(description)) {
        PreparedCase apart(description, *device, {.element = element});
        apart.run();
        const auto expected = apart.outputs();
        for (const auto& pair : apart.in_place_pairs()) {
          INFO(device->name() << " " << name_of(element) << ", output " << pair.first << " on input " << pair.second);
          CHECK(compare_bits(run_case(description, *device, {.element = element, .in_place = pair}), expected) == "");
        }
      }
    }
  });
}

TEST_CASE("cases on simt: the same bits in three thread orders, and close to float64") {
  const Device cpu("cpu");
  for_each_small_case([&](const Case& description) {
    const auto reference = run_case(description, cpu, {.element = DataType::float64});
    for (const DataType element : stored_types(description)) {
      INFO(name_of(element));
      const auto run = [&](kernels::ThreadOrder order) {
        const Device simt{kernels::ExecutionTarget(kernels::Simt{order})};
        return run_case(description, simt, {.element = element});
      };
      const auto forward = run(kernels::ThreadOrder::forward);
      CHECK(compare(description, forward, reference) == "");
      CHECK(compare_bits(run(kernels::ThreadOrder::reverse), forward) == "");
      CHECK(compare_bits(run(kernels::ThreadOrder::shuffled), forward) == "");
    }
  });
}

}  // namespace sleight::cases
