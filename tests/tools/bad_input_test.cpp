// What a user can get wrong on the command line: one message with the flag or the file, the reason, and what to do.
#include <optional>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/checkpoint/safetensors.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace {

void expect(const std::string& tool, const std::vector<std::string>& arguments, const std::vector<std::string>& parts) {
  const ToolResult result = run_tool_process(tool, arguments);
  INFO(result.output);
  CHECK(result.status != 0);
  CHECK(result.status < 128);
  for (const std::string& part : parts) {
    INFO(part);
    CHECK(contains(result.output, part));
  }
}

}  // namespace

TEST_CASE("values out of range name their flag") {
  const TemporaryFolder scratch;
  const std::string out = (scratch / "run").string();
  const std::vector<std::vector<std::string>> wrong = {{"--epochs", "0"},
                                                       {"--batch-size", "0"},
                                                       {"--batch-size", "-3"},
                                                       {"--image-size", "0"},
                                                       {"--mixup", "-1"},
                                                       {"--mixup", "inf"},
                                                       {"--mixup-off-epochs", "-1"},
                                                       {"--random-shapes", "5:1:0"},
                                                       {"--learning-rate", "inf"},
                                                       {"--learning-rate", "nan"},
                                                       {"--weight-decay", "inf"},
                                                       {"--warmup-epochs", "nan"},
                                                       {"--threads", "-1"},
                                                       {"--threads", "1000000"},
                                                       {"--loader-threads", "5000"},
                                                       {"--seed", "-1"},
                                                       {"--schedule", "linear"},
                                                       {"--warmup-form", "x"},
                                                       {"--smoothing", "x"},
                                                       {"--label-smoothing", "1"},
                                                       {"--ema", "2"},
                                                       {"--max-steps", "-1"},
                                                       {"--momentum", "1"}};
  for (std::vector<std::string> arguments : wrong) {
    const std::string flag = arguments.front();
    INFO(flag << ' ' << arguments.back());
    arguments.insert(arguments.end(), {"--synthetic-images", "200", "--out", out});
    expect("train_classifier", arguments, {flag});
  }
  // More than can be put in order before the first step.
  for (const char* tool : {"train_classifier", "train_detector"})
    expect(tool, {"--synthetic-images", "1000000000", "--out", out}, {"000, not 1000000000", "more epochs"});
  CHECK_FALSE(std::filesystem::exists(scratch / "run"));
}

TEST_CASE("a setting in a file that does not exist, or is not a number, is refused with the file's name") {
  const TemporaryFolder scratch;
  const std::filesystem::path recipe = scratch / "recipe.toml";
  write_file_atomically(recipe, std::string_view("epochs = 2\nlearning-rates = 0.1\n"));
  expect("train_classifier", {"--config", recipe.string()}, {recipe.string(), "learning-rates", "--help"});
  write_file_atomically(recipe, std::string_view("epochs = \"many\"\n"));
  expect("train_classifier", {"--config", recipe.string()}, {recipe.string(), "epochs", "many"});
}

TEST_CASE("a file of weights is not a checkpoint to resume from") {
  const TemporaryFolder scratch;
  const std::filesystem::path run = scratch / "run";
  require_success(run_tool_process("train_classifier", small_run(run, {"--max-steps", "1"})));
  const SafetensorsFile last(run / "last.safetensors");
  const auto resume_with = [&](const char* key, const std::optional<std::string>& value,
                               const std::vector<std::string>& parts) {
    SafetensorsMetadata metadata = last.metadata();
    metadata.erase(key);
    if (value) metadata[key] = *value;
    write_safetensors(run / "last.safetensors", last.tensors(), metadata);
    expect("train_classifier", {"--resume", "--out", run.string()}, parts);
  };
  const std::string path = (run / "last.safetensors").string();
  for (const char* key : {"recipe", "step", "receipts", "compute_threads", "best_top1"})
    resume_with(key, std::nullopt, {path, "is no checkpoint", key, "--weights"});
  resume_with("step", "many", {path, "'many', not a number"});
  resume_with("step", "100000", {path, "is damaged: it stands after step 100000"});
}

TEST_CASE("data that is no data names the file and says what to give") {
  const TemporaryFolder scratch;
  const auto refuse = [&](const std::filesystem::path& data, const std::vector<std::string>& more) {
    std::vector<std::string> parts = more;
    parts.push_back(data.string());
    expect("train_classifier", {"--data", data.string(), "--out", (scratch / "run").string()}, parts);
  };
  write_file_atomically(scratch / "text.txt", std::string_view("hello\n"));
  refuse(scratch / "text.txt", {"no tar archive", "Give a folder"});
  write_file_atomically(scratch / "nonsense.tar", std::string(5000, 'x'));
  refuse(scratch / "nonsense.tar", {"no tar archive", "give a folder"});
  refuse(scratch / "nothing", {"there is no data"});
}
