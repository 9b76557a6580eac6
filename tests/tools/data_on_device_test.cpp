// --data-on-device: the same run, bit for bit, without a loader.
#include <algorithm>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/checkpoint/safetensors.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace {

// Images of one size: of 20 pixels, which are resized to 16.
std::vector<std::string> resident_run(const std::filesystem::path& out, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = small_run(out, more);
  *(std::find(arguments.begin(), arguments.end(), "--random-shapes") + 1) = "off";
  return arguments;
}

void require_equal_state(const std::filesystem::path& a, const std::filesystem::path& b) {
  const SafetensorsFile first(a / "last.safetensors"), second(b / "last.safetensors");
  REQUIRE(first.tensors().size() == second.tensors().size());
  REQUIRE(first.tensors().size() > 200);
  for (const SafetensorsEntry& tensor : first.tensors()) {
    INFO(tensor.name);
    const SafetensorsEntry& other = second.at(tensor.name);
    const bool equal = std::equal(tensor.bytes.begin(), tensor.bytes.end(), other.bytes.begin(), other.bytes.end());
    REQUIRE(equal);
  }
  for (const char* key : {"step", "best_top1", "last_top1"})
    REQUIRE(first.metadata().at(key) == second.metadata().at(key));
}

}  // namespace

TEST_CASE("a run with its images on the device is the run of the loader, stopped and resumed too") {
  const TemporaryFolder scratch;
  require_success(run_tool_process("train_classifier", resident_run(scratch / "loader", {})));
  const ToolResult result =
      run_tool_process("train_classifier", resident_run(scratch / "device", {"--data-on-device"}));
  require_success(result);
  require_equal_state(scratch / "loader", scratch / "device");
  CHECK(contains(result.output, "training images on the device"));
  CHECK(contains(result.output, "data on device: 480 images prepared there"));
  CHECK(contains(read_text_file(scratch / "device" / "recipe.toml"), "data-on-device = true"));

  require_success(
      run_tool_process("train_classifier", resident_run(scratch / "parts", {"--data-on-device", "--max-steps", "7"})));
  const ToolResult resumed =
      run_tool_process("train_classifier", {"--resume", "--max-steps", "0", "--out", (scratch / "parts").string()});
  require_success(resumed);
  CHECK(contains(resumed.output, "data on device: 480 images prepared there"));
  require_equal_state(scratch / "loader", scratch / "parts");
}

TEST_CASE("what cannot be done from images on the device is refused with what to do") {
  const TemporaryFolder scratch;
  const auto refused = [](const std::vector<std::string>& arguments, const std::string& part) {
    const ToolResult result = run_tool_process("train_classifier", arguments);
    INFO(result.output);
    CHECK(result.status == 1);
    CHECK(contains(result.output, "--data-on-device"));
    CHECK(contains(result.output, part));
  };
  const auto out = scratch / "run";
  refused(small_run(out, {"--data-on-device"}), "--random-shapes off");
  refused(resident_run(out, {"--data-on-device", "--augmentation", "imagenet"}), "random resized crops");
  refused(resident_run(out, {"--data-on-device-limit", "0"}), "1 to 1073741824");
  std::vector<std::string> many = resident_run(out, {"--data-on-device", "--data-on-device-limit", "1"});
  *(std::find(many.begin(), many.end(), "--synthetic-images") + 1) = "1600";
  refused(many, "more than the limit of 1 MiB");
}
