// What goes wrong on a GPU, said as the program says it.
#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/device/device.h"
#include "engine/program/execute.h"
#include "kernels/add.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"
#include "tests/cases/run_case.h"
#include "tests/fake_gpu/machine.h"

namespace sleight::test {

namespace {

using fake::Machine;

// A machine of the test's own; afterwards the usual one again.
class WithMachine {
 public:
  explicit WithMachine(const fake::Settings& settings) { Machine::instance().replace(settings); }
  ~WithMachine() { Machine::instance().replace(); }
  WithMachine(const WithMachine&) = delete;
  WithMachine& operator=(const WithMachine&) = delete;
};

void check_says(const std::string& message, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    INFO("'" << part << "' in: " << message);
    CHECK(message.find(part) != std::string::npos);
  }
}

DeviceOptions options_in(const TemporaryFolder& folder) {
  return {.deterministic = true, .tuning_cache = folder / "tuning.txt"};
}

// a + a on the device.
std::vector<float> doubled(const Device& device, const std::vector<float>& a) {
  const auto bytes = std::as_bytes(std::span(a));
  const Buffer in = device.allocate(static_cast<std::int64_t>(bytes.size()));
  const Buffer out = device.allocate(static_cast<std::int64_t>(bytes.size()));
  device.upload(in.data(), bytes);
  kernels::run_on(device.target(), [&](auto target) {
    kernels::add(target, {.type = DataType::float32,
                          .size = static_cast<std::int64_t>(a.size()),
                          .a = in.data(),
                          .b = in.data(),
                          .sum = out.data()});
  });
  std::vector<float> result(a.size());
  device.download(std::as_writable_bytes(std::span(result)), out.data());
  return result;
}

}  // namespace

TEST_CASE("a GPU that is not there, too old or missing is refused by name", "[fake]") {
  const TemporaryFolder folder;
  const auto opening = [&](const char* name) { return error_message([&] { Device(name, options_in(folder)); }); };
  {
    const WithMachine machine({});
    CHECK(opening("cuda") == "");
    check_says(opening("cuda:1"), {"there is no cuda:1", "this machine has 1 GPU, numbered from 0"});
  }
  {
    const WithMachine machine({.gpus = 2});
    CHECK(opening("cuda:1") == "");
  }
  {
    const WithMachine machine({.name = "Old GPU", .major = 7, .minor = 5});
    check_says(opening("cuda"), {"Old GPU has compute capability 7.5", "8.0 and newer"});
  }
  {
    const WithMachine machine({.gpus = 0});
    check_says(opening("cuda"), {"there is no NVIDIA GPU", "--device cpu"});
  }
}

TEST_CASE("everything that a device made is given back, also by one that was refused", "[fake]") {
  const TemporaryFolder folder;
  const WithMachine machine({});
  {
    const Device device("cuda", options_in(folder));
    CHECK((doubled(device, {1, 2, 3, 4, 5}) == std::vector<float>{2, 4, 6, 8, 10}));
    CHECK(Machine::instance().left_over() != "");
  }
  CHECK(Machine::instance().left_over() == "");
  Machine::instance().replace({.major = 7});
  CHECK(error_message([&] { Device("cuda", options_in(folder)); }) != "");
  CHECK(Machine::instance().left_over() == "");
}

TEST_CASE("memory that the GPU does not have is refused with what it has", "[fake]") {
  const TemporaryFolder folder;
  const WithMachine machine({.total_bytes = 100 << 20});
  const Device device("cuda", options_in(folder));
  check_says(error_message([&] { device.allocate(std::int64_t{101} << 20); }),
             {"cuda:0 Fake GPU has not enough memory for another", "101", "are free", "smaller batch"});
  // The device still works, and a call does not return the error of another.
  CHECK(cudaGetLastError() == cudaSuccess);
  CHECK((doubled(device, {1.5F}) == std::vector<float>{3}));
}

TEST_CASE("a kernel that cannot be launched names itself, and the device lives on", "[fake]") {
  const TemporaryFolder folder;
  const WithMachine machine({});
  const Device device("cuda", options_in(folder));
  fake::Settings settings;
  settings.refused_kernel = "add";
  Machine::instance().set(settings);
  check_says(error_message([&] { doubled(device, {1}); }),
             {"launch of kernel add failed", "OutOfResources", "blocks (1"});
  Machine::instance().set({});
  CHECK((doubled(device, {1}) == std::vector<float>{2}));
}

TEST_CASE("a kernel that fails on the way is noticed by whoever waits next, and ends without a crash", "[fake]") {
  const TemporaryFolder folder;
  const WithMachine machine({.failing_kernel = "add"});
  const Device device("cuda", options_in(folder));
  check_says(error_message([&] { doubled(device, {1}); }),
             {"cudaErrorLaunchFailure", "queued earlier", "compute-sanitizer"});
  check_says(error_message([&] { doubled(device, {1}); }), {"cudaErrorLaunchFailure"});
}

}  // namespace sleight::test
