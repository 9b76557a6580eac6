// Weights with which nothing can be computed are refused, and a network that overflows does not look like a bad one.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/image/image_writer.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace {

namespace fs = std::filesystem;

// The file again, with another first number of one tensor.
void write_with(float number, const std::string& tensor_name, const fs::path& from, const fs::path& to) {
  const SafetensorsFile file(from);
  std::vector<SafetensorsEntry> tensors = file.tensors();
  std::vector<std::byte> bytes;
  for (SafetensorsEntry& tensor : tensors) {
    if (tensor.name != tensor_name) continue;
    bytes.assign(tensor.bytes.begin(), tensor.bytes.end());
    std::memcpy(bytes.data(), &number, sizeof number);
    tensor.bytes = bytes;
  }
  REQUIRE_FALSE(bytes.empty());
  write_safetensors(to, tensors, file.metadata());
}

std::string write_gray_image(const fs::path& path) {
  Image image(32, 32);
  std::fill_n(image.view().pixels, 32 * 32 * 3, std::uint8_t{100});
  write_png(path, image.view());
  return path.string();
}

void expect_refused(const ToolResult& result, const std::vector<std::string>& parts) {
  INFO(result.output);
  CHECK(result.status == 1);
  for (const std::string& part : parts) {
    INFO(part);
    CHECK(contains(result.output, part));
  }
}

}  // namespace

TEST_CASE("weights with a number that is not finite are refused by every program that reads them") {
  const TemporaryFolder scratch;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::string image = write_gray_image(scratch / "image.png"),
                    damaged = (scratch / "damaged.safetensors").string();
  const std::string out = (scratch / "out").string();
  const std::string reason = damaged + ": 'layer1.0.conv1.weight' holds nan at element 0";

  const fs::path run = scratch / "run", last = run / "last.safetensors";
  require_success(run_tool_process("train_classifier", small_run(run, {"--max-steps", "1"})));
  write_with(nan, "layer1.0.conv1.weight", last, damaged);
  expect_refused(run_tool_process("predict", {image, "--weights", damaged}), {reason});
  expect_refused(run_tool_process("evaluate_classifier", {"--data", "synthetic", "--weights", damaged}), {reason});
  for (const char* flag : {"--weights", "--backbone-weights"})
    expect_refused(run_tool_process("train_classifier", small_run(out, {flag, damaged})), {reason});
  fs::copy_file(damaged, last, fs::copy_options::overwrite_existing);
  expect_refused(run_tool_process("train_classifier", {"--resume", "--out", run.string()}),
                 {last.string() + " is damaged: 'layer1.0.conv1.weight' is not finite at element 0"});

  const fs::path detector_run = scratch / "detector";
  require_success(run_tool_process("train_detector", small_detector_run(detector_run, {"--max-steps", "1"})));
  write_with(nan, "stem.conv1.conv.weight", detector_run / "last.safetensors", damaged);
  expect_refused(run_tool_process("detect", {image, "--weights", damaged}),
                 {damaged + ": 'stem.conv1.conv.weight' holds"});
  expect_refused(run_tool_process("convert_weights", {damaged, (scratch / "to.weights").string(), "--model",
                                                      "yolov3_small", "--classes", "3"}),
                 {damaged + ": 'stem.conv1.conv.weight' holds"});
}

TEST_CASE("a network that overflows is said to") {
  const TemporaryFolder scratch;
  const fs::path run = scratch / "run", weights = scratch / "overflows.safetensors";
  require_success(run_tool_process("train_classifier", small_run(run, {"--max-steps", "1"})));
  write_with(-1.0F, "bn1.running_var", run / "last.safetensors", weights);  // the square root of it is NaN
  const ToolResult evaluated = run_tool_process(
      "evaluate_classifier", {"--data", "synthetic", "--synthetic-size", "32", "--weights", weights.string()});
  INFO(evaluated.output);
  CHECK(contains(evaluated.output, "the network overflows: it gave no finite numbers for 2000 of 2000 images"));
  const std::string image = write_gray_image(scratch / "image.png");
  expect_refused(run_tool_process("predict", {image, "--weights", weights.string()}),
                 {image, "the network overflows on it"});
}
