// --precision: tools say it, stopped and resumed runs have the same bits, files keep float32, and what a device cannot
// do is refused.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/image/image_writer.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

namespace sleight::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> tiny_run(const fs::path& out, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"--synthetic-images",
                                        "16",
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
    const ToolResult whole = run_tool_process("train_classifier", tiny_run(scratch / "whole", flags));
    require_success(whole);
    INFO(whole.output);
    CHECK(contains(whole.output, "precision " + precision));
    CHECK(contains(whole.output, "the loss is multiplied by 65536 at the start") == (precision == "fp16"));
    require_success(run_tool_process("train_classifier",
                                     tiny_run(scratch / "parts", {"--precision", precision, "--max-steps", "2"})));
    const ToolResult resumed =
        run_tool_process("train_classifier", {"--resume", "--max-steps", "4", "--out", (scratch / "parts").string()});
    require_success(resumed);
    INFO(resumed.output);
    CHECK(contains(resumed.output, ", loss scale ") == (precision == "fp16"));
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

TEST_CASE("weights of any precision evaluate and predict in any other") {
  const TemporaryFolder scratch;
  require_success(
      run_tool_process("train_classifier", tiny_run(scratch / "run", {"--precision", "fp16", "--max-steps", "3"})));
  const std::vector<std::string> common = {"--weights", (scratch / "run" / "last.safetensors").string()};
  const auto run = [&](const std::string& tool, const std::string& precision, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), common.begin(), common.end());
    arguments.insert(arguments.end(), {"--precision", precision});
    const ToolResult result = run_tool_process(tool, arguments);
    require_success(result);
    return result.output;
  };

  // Two images of each of the ten classes.
  const auto classes = nlohmann::json::parse(SafetensorsFile(common.back()).metadata().at("class_names"));
  REQUIRE(classes.size() == 10);
  for (int i = 0; i < 20; ++i) {
    const fs::path folder = scratch / "images" / "val" / classes[static_cast<std::size_t>(i / 2)].get<std::string>();
    fs::create_directories(folder);
    Image image(8, 8);
    std::fill_n(image.view().pixels, 8 * 8 * 3, static_cast<std::uint8_t>(12 * i));
    write_png(folder / (std::to_string(i) + ".png"), image.view());
  }

  // Logits of the same images: near those of float32, and not the same, so that the flag was heard.
  std::vector<float> planes(std::size_t{2} * 3 * 8 * 8);
  for (std::size_t i = 0; i < planes.size(); ++i)
    planes[i] = static_cast<float>(i % 17) / 8.0F - 1.0F;
  const SafetensorsEntry input{"input", DataType::float32, {2, 3, 8, 8}, std::as_bytes(std::span(planes))};
  const fs::path tensor = scratch / "input.safetensors";
  write_safetensors(tensor, std::span(&input, 1));
  const auto logits = [&](const std::string& precision) {
    const fs::path path = scratch / (precision + ".safetensors");
    run("predict", precision, {"--tensor", tensor.string(), "--logits", path.string()});
    const SafetensorsFile file(path);
    std::vector<float> values(20);
    copy_values(file.at("logits"), std::span(values));
    return values;
  };
  const std::vector<float> expected = logits("fp32");
  float largest = 0.0F;
  for (const float value : expected)
    largest = std::max(largest, std::abs(value));
  for (const auto& [precision, allowed] : {std::pair("bf16", 0.1F), std::pair("fp16", 0.02F)}) {
    CAPTURE(precision);
    const std::vector<float> values = logits(precision);
    CHECK(values != expected);
    for (std::size_t i = 0; i < values.size(); ++i)
      CHECK(std::abs(values[i] - expected[i]) <= allowed * largest);
    const std::string output =
        run("evaluate_classifier", precision, {"--data", (scratch / "images").string(), "--batch-size", "16"});
    CHECK(contains(output, "top-1"));
  }
  // No processor's library computes in float16 here.
  CHECK(contains(run("predict", "fp16", {(scratch / "images/val" / classes[0].get<std::string>() / "0.png").string()}),
                 "many times slower than --precision fp32"));
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
  expect("half", "--precision must be one of fp32, tf32, bf16, fp16, got 'half'");
  for (const char* tool : {"evaluate_classifier", "predict"}) {
    const ToolResult result =
        run_tool_process(tool, {"--data", "synthetic", "--weights", "none", "--precision", "half"});
    INFO(result.output);
    CHECK(result.status == 1);
    CHECK(contains(result.output, "--precision must be one of fp32, tf32, bf16, fp16, got 'half'"));
  }
  CHECK_FALSE(fs::exists(scratch / "run"));
}

}  // namespace sleight::test
