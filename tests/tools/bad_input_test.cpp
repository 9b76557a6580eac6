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
                                                       {"--epochs", "4611686018427387904"},
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

TEST_CASE("what is of the other kind of model says so: a recipe, a run, weights") {
  const TemporaryFolder scratch;
  const std::string detector = (scratch / "detector").string(), classifier = (scratch / "classifier").string();
  require_success(run_tool_process("train_detector", small_detector_run(detector, {"--max-steps", "1"})));
  require_success(run_tool_process("train_classifier", small_run(classifier, {"--max-steps", "1"})));
  const std::string other =
      "This is train_classifier, and the file begins with \"# The recipe of this run. The same again: train_detector";
  expect("train_classifier", {"--config", detector + "/recipe.toml"}, {other});
  expect("train_classifier", {"--resume", "--out", detector}, {other});
  expect("train_detector", {"--resume", "--out", classifier},
         {"This is train_detector, and the file begins with \"# The recipe of this run. The same again: "
          "train_classifier"});
  for (const char* tool : {"predict", "evaluate_classifier"})
    expect(tool, {"--data", "synthetic", "--weights", detector + "/last.safetensors"},
           {"last.safetensors holds a detector; detect and evaluate_detector read it"});
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
  resume_with("step", "many", {path, "'step' is \"many\", not a whole number"});
  resume_with("step", "100000", {path, "is damaged: it stands after step 100000"});
}

TEST_CASE("a damaged field of a checkpoint's metadata is named with its value, in words of our own") {
  const TemporaryFolder scratch;
  // The words of exceptions that parsers throw.
  const auto expect_own_words = [](const std::string& tool, const std::vector<std::string>& arguments,
                                   const std::string& path, const std::string& field) {
    const ToolResult result = run_tool_process(tool, arguments);
    INFO(result.output);
    CHECK(result.status == 1);
    CHECK(contains(result.output, path));
    CHECK(contains(result.output, field));
    for (const char* foreign :
         {"stoll", "stod", "stoi", "::", "exception", "type_error", "parse_error", "basic_string"})
      CHECK_FALSE(contains(result.output, foreign));
  };
  const auto damage = [&](const std::filesystem::path& whole, const std::vector<std::string>& fields,
                          const std::vector<std::string>& values, const std::string& tool,
                          const std::vector<std::string>& arguments, const std::filesystem::path& place) {
    const SafetensorsFile file(whole);
    for (const std::string& field : fields) {
      REQUIRE(file.metadata().contains(field));
      for (const std::string& value : values) {
        INFO(field << " is '" << value << "'");
        SafetensorsMetadata metadata = file.metadata();
        metadata[field] = value;
        write_safetensors(place, file.tensors(), metadata);
        expect_own_words(tool, arguments, place.string(), field);
      }
      INFO(field << " is missing");
      SafetensorsMetadata metadata = file.metadata();
      metadata.erase(field);
      write_safetensors(place, file.tensors(), metadata);
      if (field != "class_names" && field != "model") expect_own_words(tool, arguments, place.string(), field);
    }
  };
  const std::vector<std::string> no_values = {"12x", "1e999", "[[\"a\", 1]"};

  const std::filesystem::path run = scratch / "run";
  require_success(run_tool_process("train_classifier", small_run(run, {"--max-steps", "1"})));
  const std::string weights = (scratch / "w.safetensors").string();
  const std::filesystem::path last = run / "last.safetensors", whole = scratch / "whole.safetensors";
  std::filesystem::copy_file(last, whole);
  damage(whole, {"class_names", "image_size", "mean", "deviation"}, no_values, "evaluate_classifier",
         {"--data", "synthetic", "--weights", weights}, weights);
  damage(whole, {"deviation"}, {"[0, 1, 1]", "[1, 1]", "[1, 1, 1, 1]"}, "evaluate_classifier",
         {"--data", "synthetic", "--weights", weights}, weights);
  damage(whole, {"image_size"}, {"0", "100000"}, "evaluate_classifier", {"--data", "synthetic", "--weights", weights},
         weights);
  damage(whole, {"step", "best_top1", "best_epoch", "last_top1", "compute_threads", "receipts", "recipe"}, no_values,
         "train_classifier", {"--resume", "--out", run.string()}, last);
  damage(whole, {"step", "compute_threads"}, {"1.5", "1e30"}, "train_classifier", {"--resume", "--out", run.string()},
         last);
  damage(whole, {"receipts"}, {"[{\"trick\": 1}]", "[{\"trick\": \"ema\", \"fired\": \"x\", \"counts\": []}]"},
         "train_classifier", {"--resume", "--out", run.string()}, last);

  const std::filesystem::path detector_run = scratch / "detector";
  require_success(run_tool_process("train_detector", small_detector_run(detector_run, {"--max-steps", "1"})));
  damage(detector_run / "last.safetensors", {"class_names", "image_size", "mean", "deviation", "letterbox", "anchors"},
         no_values, "detect", {"no.png", "--weights", weights}, weights);
}

TEST_CASE("data that is no data names the file and says what to give") {
  const TemporaryFolder scratch;
  const auto refuse = [&](const std::filesystem::path& data, const std::vector<std::string>& more) {
    std::vector<std::string> parts = more;
    parts.push_back(data.string());
    expect("train_classifier", {"--data", data.string(), "--out", (scratch / "run").string()}, parts);
  };
  write_file_atomically(scratch / "text.txt", std::string_view("hello\n"));
  refuse(scratch / "text.txt", {"no archive that can be read", "(text)", "Give a folder"});
  write_file_atomically(scratch / "nonsense.tar", std::string(5000, 'x'));
  refuse(scratch / "nonsense.tar", {"no archive that can be read", "Give a folder"});
  refuse(scratch / "nothing", {"there is no data"});
}
