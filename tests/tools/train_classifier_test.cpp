// train_classifier as its users run it: the same run twice, stopped and resumed, killed and resumed, misused.
#include <algorithm>
#include <csignal>
#include <map>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/checkpoint/safetensors.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

TEST_CASE("a run is repeatable, stopped anywhere and resumed, with any number of loader threads") {
  const TemporaryFolder scratch;
  // What the sections compare with, computed once.
  static const TemporaryFolder kept;
  const auto whole = kept / "whole";
  if (!std::filesystem::exists(whole)) require_success(run_tool_process("train_classifier", small_run(whole)));
  for (const char* name :
       {"recipe.toml", "metrics.jsonl", "last.safetensors", "best.safetensors", "report.html", "log.txt"}) {
    INFO(name);
    REQUIRE(std::filesystem::file_size(whole / name) > 100);
  }

  SECTION("the same flags again") {
    require_success(run_tool_process("train_classifier", small_run(scratch / "again")));
    const bool equal = read_file(whole / "last.safetensors") == read_file((scratch / "again") / "last.safetensors");
    REQUIRE(equal);
  }
  SECTION("from its own recipe, with three loader threads") {
    const auto again = scratch / "again";
    require_success(run_tool_process("train_classifier", {"--config", (whole / "recipe.toml").string(),
                                                          "--loader-threads", "3", "--out", again.string()}));
    require_equal_checkpoints(whole, again);
  }
  SECTION("another seed is another run") {
    const auto other = scratch / "other";
    require_success(run_tool_process("train_classifier", small_run(other, {"--seed", "2"})));
    const SafetensorsFile a(whole / "last.safetensors"), b(other / "last.safetensors");
    const auto& x = a.at("fc.weight").bytes;
    REQUIRE_FALSE(std::equal(x.begin(), x.end(), b.at("fc.weight").bytes.begin()));
  }
  SECTION("stopped in the middle of an epoch, at its end and in the last one") {
    for (const char* steps : {"7", "10", "23"}) {
      const auto parts = scratch / (std::string("parts") + steps);
      require_success(run_tool_process("train_classifier", small_run(parts, {"--max-steps", steps})));
      require_success(
          run_tool_process("train_classifier", {"--resume", "--loader-threads", "2", "--out", parts.string()}));
      require_equal_checkpoints(whole, parts);
    }
  }
}

TEST_CASE("a run that goes on with another number of compute threads says that it is another run") {
  const TemporaryFolder scratch;
  const auto run = scratch / "run";
  require_success(run_tool_process("train_classifier", small_run(run, {"--max-steps", "3", "--threads", "2"})));
  const auto resume = [&](const char* threads, const char* steps) {
    const ToolResult result = run_tool_process(
        "train_classifier", {"--resume", "--threads", threads, "--max-steps", steps, "--out", run.string()});
    require_success(result);
    return result.output;
  };
  const std::string message = "computed with 2 threads and goes on with 1";
  CHECK_FALSE(contains(resume("2", "4"), "bit-identical"));
  const std::string output = resume("1", "5");
  INFO(output);
  CHECK(contains(output, message));
  CHECK(contains(output, "not be bit-identical"));
  CHECK(contains(read_text_file(run / "log.txt"), message));
}

TEST_CASE("resuming a run that has nothing left to do says so and changes no file") {
  const TemporaryFolder scratch;
  const bool is_detector = GENERATE(false, true);
  const std::string tool = is_detector ? "train_detector" : "train_classifier";
  const auto run = scratch / "run";
  const auto files = [&] {
    std::map<std::string, std::vector<std::byte>> all;
    for (const auto& entry : std::filesystem::directory_iterator(run)) {
      if (entry.is_regular_file()) all[entry.path().filename().string()] = read_file(entry.path());
    }
    return all;
  };
  const auto resume = [&](const std::vector<std::string>& more, const std::string& message) {
    const auto before = files();
    REQUIRE(before.contains("report.html"));
    std::vector<std::string> arguments = {"--resume", "--out", run.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ToolResult result = run_tool_process(tool, arguments);
    INFO(result.output);
    CHECK(result.status == 0);
    CHECK(contains(result.output, message));
    CHECK(contains(result.output, "nothing was changed"));
    CHECK(contains(result.output, "best "));
    const bool unchanged = files() == before;
    CHECK(unchanged);
  };
  const int steps = is_detector ? 18 : 30, part = is_detector ? 8 : 13;
  const std::string all_steps = std::to_string(steps), stop = std::to_string(part);
  require_success(run_tool_process(
      tool, is_detector ? small_detector_run(run, {"--max-steps", stop}) : small_run(run, {"--max-steps", stop})));
  resume({"--max-steps", stop}, "is after step " + stop + " of " + all_steps);
  resume({"--max-steps", "2"}, "--max-steps 2 says to go no further");
  require_success(run_tool_process(tool, {"--resume", "--max-steps", "0", "--out", run.string()}));
  resume({}, "is finished, after step " + all_steps + " of " + all_steps);
  resume({"--max-steps", "3"}, "is finished");
  // What must agree still must.
  const ToolResult changed = run_tool_process(tool, {"--resume", "--momentum", "0.5", "--out", run.string()});
  INFO(changed.output);
  CHECK(changed.status == 1);
  CHECK(contains(changed.output, "was started with another recipe: --momentum was 0.9, now 0.5"));
}

TEST_CASE("a signal ends a run after the step, with everything saved") {
  const TemporaryFolder scratch;
  const auto whole = scratch / "whole";
  const auto stopped = scratch / "stopped";
  require_success(run_tool_process("train_classifier", small_run(whole)));
  for (const int signal : {SIGINT, SIGTERM}) {
    std::filesystem::remove_all(stopped);
    const ToolResult result =
        run_tool_and_signal("train_classifier", small_run(stopped), stopped / "metrics.jsonl", 2, signal);
    INFO(result.output);
    REQUIRE(result.status == 0);
    if (contains(result.output, "stopped by a signal")) REQUIRE(contains(result.output, "--resume --out"));
    const ToolResult resumed = run_tool_process("train_classifier", {"--resume", "--out", stopped.string()});
    INFO(resumed.output);
    REQUIRE(resumed.status == 0);
    require_equal_checkpoints(whole, stopped);
  }
}

TEST_CASE("a killed run goes on from its last checkpoint") {
  const TemporaryFolder scratch;
  const auto whole = scratch / "whole";
  const auto killed = scratch / "killed";
  require_success(run_tool_process("train_classifier", small_run(whole)));
  run_tool_and_signal("train_classifier", small_run(killed, {"--checkpoint-steps", "3"}), killed / "metrics.jsonl", 2,
                      SIGKILL);
  require_success(run_tool_process("train_classifier", {"--resume", "--out", killed.string()}));
  require_equal_checkpoints(whole, killed);
}

TEST_CASE("misuse is answered with one clear message and nothing is overwritten") {
  const TemporaryFolder scratch;
  const auto run = scratch / "run";
  const auto expect = [&](const std::vector<std::string>& arguments, const std::string& part) {
    const ToolResult result = run_tool_process("train_classifier", arguments);
    INFO(result.output);
    CHECK(result.status != 0);
    CHECK(result.status < 128);
    CHECK(contains(result.output, part));
  };
  expect({"--no-such-flag"}, "--no-such-flag");
  expect({"--model", "resnet51"}, "resnet5");
  expect({"--data", "/no/such/folder", "--out", run.string()}, "/no/such/folder");
  expect({"--device", "cuda:99", "--out", run.string(), "--synthetic-images", "200"}, "cuda:99");
  expect({"--device", "cuda:x", "--out", run.string(), "--synthetic-images", "200"}, "cuda:x");
  expect({"--epochs", "0"}, "--epochs");
  expect({"--learning-rate", "-1"}, "--learning-rate");
  expect(small_run(run, {"--weights", "/no/such/file"}), "/no/such/file");
  expect({"--synthetic-images", "200", "--batch-size", "1000", "--out", run.string()}, "fewer than one batch");
  expect({"--resume", "--out", (scratch / "nothing").string(), "--synthetic-images", "200"}, "no checkpoint");
  CHECK_FALSE(std::filesystem::exists(run / "metrics.jsonl"));

  require_success(run_tool_process("train_classifier", small_run(run, {"--max-steps", "3"})));
  const auto before = read_file(run / "last.safetensors");
  expect(small_run(run), "already");
  expect({"--resume", "--epochs", "5", "--out", run.string()}, "another recipe");
  expect({"--resume", "--model", "cifar_resnet56_v2", "--out", run.string()},
         "--model was \"cifar_resnet20\", now \"cifar_resnet56_v2\"");
  // Compared outside of CHECK, which would print both files.
  const bool unchanged = read_file(run / "last.safetensors") == before;
  CHECK(unchanged);

  // A checkpoint cut short.
  write_file_atomically(run / "last.safetensors", std::span(before).first(before.size() / 2));
  expect({"--resume", "--out", run.string()}, "last.safetensors");
}

TEST_CASE("a run whose enabled trick did nothing fails") {
  const TemporaryFolder scratch;
  const ToolResult result = run_tool_process("train_classifier", {"--data",
                                                                  "synthetic",
                                                                  "--synthetic-images",
                                                                  "12",
                                                                  "--synthetic-size",
                                                                  "16",
                                                                  "--synthetic-classes",
                                                                  "2",
                                                                  "--model",
                                                                  "cifar_resnet20",
                                                                  "--tricks",
                                                                  "none",
                                                                  "--schedule",
                                                                  "cosine",
                                                                  "--mixup",
                                                                  "0.2",
                                                                  "--mixup-off-epochs",
                                                                  "0",
                                                                  "--epochs",
                                                                  "1",
                                                                  "--batch-size",
                                                                  "1",
                                                                  "--image-size",
                                                                  "16",
                                                                  "--out",
                                                                  (scratch / "run").string()});
  INFO(result.output);
  REQUIRE(result.status == 1);
  REQUIRE(contains(result.output, "mixup"));
}

TEST_CASE("the batch follows the number of images unless it is given") {
  const TemporaryFolder scratch;
  const auto batch_size_of = [&](const std::string& name, const std::vector<std::string>& more) {
    const auto run = scratch / name;
    std::vector<std::string> arguments = {
        "--synthetic-images", "200", "--synthetic-size", "16", "--image-size", "16",
        "--epochs",           "8",   "--max-steps",      "1",  "--out",        run.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    require_success(run_tool_process("train_classifier", arguments));
    const std::string recipe = read_text_file(run / "recipe.toml");
    const std::size_t at = recipe.find("\nbatch-size = ");
    REQUIRE(at != std::string::npos);
    return recipe.substr(at + 14, recipe.find('\n', at + 1) - at - 14);
  };
  CHECK(batch_size_of("default", {}) == "16");
  CHECK(batch_size_of("given", {"--batch-size", "40"}) == "40");
}

TEST_CASE("the trained weights evaluate, predict and show as they should") {
  const TemporaryFolder scratch;
  const auto run = scratch / "run";
  require_success(run_tool_process("train_classifier", small_run(run)));
  const std::string weights = (run / "best.safetensors").string();
  const std::vector<std::string> data = {"--data", "synthetic", "--synthetic-size", "20"};

  std::vector<std::string> arguments = {"--weights", weights};
  arguments.insert(arguments.end(), data.begin(), data.end());
  const ToolResult evaluated = run_tool_process("evaluate_classifier", arguments);
  require_success(evaluated);
  CHECK(contains(evaluated.output, "top-1"));

  const auto sheet = scratch / "sheet.png";
  arguments.insert(arguments.end(), {"--count", "5", "--sheet", sheet.string()});
  const ToolResult predicted = run_tool_process("predict", arguments);
  require_success(predicted);
  CHECK(std::filesystem::file_size(sheet) > 500);
  // Every second of the ten classes: the images are spread over them.
  for (const char* name : {"(arrow)", "(cross)", "(heart)", "(ring)", "(star)"}) {
    CAPTURE(name);
    CHECK(contains(predicted.output, name));
  }

  const auto batch = scratch / "batch.png";
  require_success(run_tool_process("show_batch", small_run(run, {"--png", batch.string()})));
  CHECK(std::filesystem::file_size(batch) > 500);

  const auto svg = scratch / "arena.svg";
  const ToolResult program = run_tool_process(
      "show_program", {"--model", "cifar_resnet20", "--batch-size", "4", "--svg", svg.string(), "--text", "-"});
  require_success(program);
  CHECK(contains(program.output, "convolution_backward_weights"));
  CHECK(std::filesystem::file_size(svg) > 500);
}

TEST_CASE("one step on simt equals one on the cpu") {
  const TemporaryFolder scratch;
  const auto step = [&](const std::string& device) {
    const auto out = scratch / device;
    require_success(run_tool_process("train_classifier", {"--data",
                                                          "synthetic",
                                                          "--synthetic-images",
                                                          "8",
                                                          "--synthetic-size",
                                                          "8",
                                                          "--model",
                                                          "cifar_resnet20",
                                                          "--tricks",
                                                          "all",
                                                          "--random-shapes",
                                                          "off",
                                                          "--epochs",
                                                          "20",
                                                          "--batch-size",
                                                          "4",
                                                          "--image-size",
                                                          "8",
                                                          "--max-steps",
                                                          "1",
                                                          "--device",
                                                          device,
                                                          "--out",
                                                          out.string()}));
    return out / "last.safetensors";
  };
  const SafetensorsFile cpu(step("cpu")), simt(step("simt"));
  for (const SafetensorsEntry& tensor : cpu.tensors()) {
    INFO(tensor.name);
    std::vector<float> a(tensor.bytes.size() / 4), b(a.size());
    copy_values(tensor, std::span(a));
    copy_values(simt.at(tensor.name), std::span(b));
    double largest = 0.0, difference = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(a[i])));
      const double apart = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
      if (!(apart <= difference)) difference = apart;
    }
    REQUIRE(difference <= 1e-3 * largest + 1e-6);
  }
}
