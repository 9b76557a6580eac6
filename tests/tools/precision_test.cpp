// --precision: stopped and resumed runs have the same bits, files keep float32, and what a device cannot do is refused.
#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/train/safetensors.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

namespace sleight::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> tiny_run(const fs::path& out, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"--synthetic-pictures",
                                        "48",
                                        "--synthetic-size",
                                        "8",
                                        "--image-size",
                                        "8",
                                        "--model",
                                        "cifar_resnet20",
                                        "--epochs",
                                        "1",
                                        "--batch-size",
                                        "4",
                                        "--ema",
                                        "0.9",
                                        "--warmup-epochs",
                                        "0.5",
                                        "--out",
                                        out.string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::string text_of(const fs::path& path) {
  const std::vector<std::byte> bytes = read_file(path);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("16 bits: a run resumes with the same bits and keeps float32 in its files") {
  for (const std::string precision : {"bf16", "fp16"}) {
    CAPTURE(precision);
    const TemporaryFolder scratch;
    const std::vector<std::string> flags = {"--precision", precision, "--max-steps", "4"};
    require_success(run_tool_process("train_classifier", tiny_run(scratch / "whole", flags)));
    require_success(run_tool_process("train_classifier",
                                     tiny_run(scratch / "parts", {"--precision", precision, "--max-steps", "2"})));
    require_success(
        run_tool_process("train_classifier", {"--resume", "--max-steps", "4", "--out", (scratch / "parts").string()}));
    require_equal_checkpoints(scratch / "whole", scratch / "parts");
    CHECK(contains(text_of(scratch / "whole" / "recipe.toml"), "precision = \"" + precision + "\""));
    const SafetensorsFile file(scratch / "whole" / "last.safetensors");
    for (const SafetensorsEntry& tensor : file.tensors()) {
      INFO(tensor.name);
      CHECK(tensor.type == DataType::float32);
    }
    CHECK(file.metadata().contains("loss_scale") == (precision == "fp16"));
    CHECK(contains(text_of(scratch / "whole" / "metrics.jsonl"), "train/skipped_steps") == (precision == "fp16"));
  }
}

TEST_CASE("a precision that does not exist, or not here, is refused") {
  const TemporaryFolder scratch;
  const auto expect = [&](const std::string& precision, const std::string& part) {
    const ToolResult result =
        run_tool_process("train_classifier", tiny_run(scratch / "run", {"--precision", precision}));
    INFO(result.output);
    CHECK(result.status == 1);
    CHECK(contains(result.output, part));
  };
  expect("tf32", "--precision tf32 says how the tensor cores of a GPU multiply, but --device is 'cpu'");
  expect("half", "--precision is 'fp32', 'tf32', 'bf16' or 'fp16', got 'half'");
  CHECK_FALSE(fs::exists(scratch / "run"));
}

}  // namespace sleight::test
