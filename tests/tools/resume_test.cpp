// What a run that was stopped, killed or moved looks like when it has gone on: as one that never stopped.
#include <csignal>
#include <cstdio>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/base/folder_lock.h"
#include "engine/report/run_log.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace {

namespace fs = std::filesystem;

// Epochs of 60 steps, longer than the 50 between two lines of metrics.jsonl.
std::vector<std::string> long_epochs(bool is_detector, const fs::path& out, const std::vector<std::string>& more = {}) {
  if (is_detector) {
    return changed(small_detector_run(out, more), {{"--synthetic-images", "60"},
                                                   {"--synthetic-size", "64"},
                                                   {"--batch-size", "1"},
                                                   {"--random-shapes", "off"},
                                                   {"--epochs", "2"}});
  }
  // Without mixup, so that the lines have an accuracy.
  return changed(small_run(out, more), {{"--synthetic-images", "120"},
                                        {"--synthetic-size", "8"},
                                        {"--image-size", "8"},
                                        {"--batch-size", "2"},
                                        {"--random-shapes", "off"},
                                        {"--epochs", "2"},
                                        {"--mixup", "0"}});
}

std::string tool_of(bool is_detector) {
  return is_detector ? "train_detector" : "train_classifier";
}

// Of each line, what does not depend on the clock.
std::vector<std::string> lines_without_times(const fs::path& run) {
  std::vector<std::string> texts;
  for (const MetricsLine& line : read_metrics(run / metrics_file_name)) {
    std::string text = std::to_string(line.step) + " " + std::to_string(line.epoch);
    for (const Scalar& scalar : line.values) {
      char value[64];
      std::snprintf(value, sizeof value, " %a", scalar.value);
      if (scalar.name != metric_names::images_per_second) text += " " + scalar.name + value;
    }
    texts.push_back(text);
  }
  return texts;
}

// Kills the run with its first checkpoint, in the middle of an epoch.
void kill_after_first_checkpoint(const std::string& tool, const std::vector<std::string>& arguments,
                                 const fs::path& run) {
  run_tool_and_signal(tool, arguments, run / "last.safetensors", 1, SIGKILL);
}

std::string bytes_of_event_files(const fs::path& run) {
  std::string bytes;
  for (const auto& entry : fs::directory_iterator(run)) {
    if (contains(entry.path().filename().string(), "tfevents")) bytes += read_text_file(entry.path());
  }
  return bytes;
}

std::size_t count_in(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

}  // namespace

TEST_CASE("the metrics of a run that was stopped or killed and went on are those of one that never stopped") {
  const TemporaryFolder scratch;
  const bool is_detector = GENERATE(false, true);
  const std::string tool = tool_of(is_detector);
  const fs::path whole = scratch / "whole", parts = scratch / "parts";
  require_success(run_tool_process(tool, long_epochs(is_detector, whole)));
  const std::vector<std::string> expected = lines_without_times(whole);
  // Step 50, step 60 and its evaluation, step 110, step 120 and its evaluation.
  REQUIRE(expected.size() == 6);
  const auto resume = [&](const std::string& max_steps) {
    require_success(run_tool_process(tool, {"--resume", "--max-steps", max_steps, "--out", parts.string()}));
  };
  SECTION("stopped before, at and after a line, and in the last epoch") {
    require_success(run_tool_process(tool, long_epochs(is_detector, parts, {"--max-steps", "37"})));
    CHECK(read_metrics(parts / metrics_file_name).empty());
    for (const char* steps : {"50", "53", "60", "97", "0"})
      resume(steps);
  }
  SECTION("killed within an epoch") {
    kill_after_first_checkpoint(tool, long_epochs(is_detector, parts, {"--checkpoint-steps", "33"}), parts);
    resume("0");
  }
  const bool equal = lines_without_times(parts) == expected;
  CHECK(equal);
  require_equal_checkpoints(whole, parts);
  // TensorBoard's files have every number once, too.
  CHECK(count_in(bytes_of_event_files(parts), "train/loss\x15") ==
        count_in(bytes_of_event_files(whole), "train/loss\x15"));
  CHECK(count_in(bytes_of_event_files(whole), "train/loss\x15") == 4);
}

TEST_CASE("a finished run whose last report met a full disk gets it when it is resumed, and nothing else changes") {
  const TemporaryFolder scratch;
  const bool is_detector = GENERATE(false, true);
  const std::string tool = tool_of(is_detector);
  const fs::path run = scratch / "run";
  require_success(run_tool_process(tool, is_detector ? small_detector_run(run) : small_run(run)));
  const std::string page = read_text_file(run / "report.html");
  const auto checkpoint = read_file(run / "last.safetensors");
  const std::string metrics = read_text_file(run / "metrics.jsonl"), log = read_text_file(run / "log.txt");
  const bool is_there = GENERATE(false, true);
  if (is_there) {
    // The page of the epoch before.
    std::string older = page;
    older.replace(older.find("<p>finished</p>"), 15, "<p>epoch 2 of 3</p>");
    write_file_atomically(run / "report.html", older);
  } else {
    fs::remove(run / "report.html");
  }
  const ToolResult resumed = run_tool_process(tool, {"--resume", "--out", run.string()});
  INFO(resumed.output);
  CHECK(resumed.status == 0);
  CHECK(contains(resumed.output, "is finished"));
  CHECK(contains(resumed.output, "its report was missing and is written now"));
  const std::string again = read_text_file(run / "report.html");
  CHECK(contains(again, "<p>finished</p>"));
  // With the receipts of the run and the images of an evaluation.
  CHECK(contains(again, "tensors without decay"));
  CHECK(count_in(again, "data:image/png") == count_in(page, "data:image/png"));
  const bool unchanged = read_file(run / "last.safetensors") == checkpoint && read_text_file(run / "log.txt") == log &&
                         read_text_file(run / "metrics.jsonl") == metrics;
  CHECK(unchanged);
}

TEST_CASE("a run without a checkpoint starts from the beginning, with --resume and without") {
  const TemporaryFolder scratch;
  const bool is_detector = GENERATE(false, true);
  const std::string tool = tool_of(is_detector);
  const fs::path whole = scratch / "whole", run = scratch / "run";
  const auto arguments = [&](const fs::path& out) { return is_detector ? small_detector_run(out) : small_run(out); };
  require_success(run_tool_process(tool, arguments(whole)));
  // Killed in the middle of its first epoch: lines of metrics, and no checkpoint.
  run_tool_and_signal(tool, arguments(run), run / "recipe.toml", 1, SIGKILL);
  fs::remove(run / "last.safetensors");
  fs::remove(run / "best.safetensors");
  const std::string line = R"({"step":4,"epoch":0.4,"seconds":1,"values":{"train/loss":9}})";
  write_file_atomically(run / "metrics.jsonl", line + "\n");
  const bool resumes = GENERATE(false, true);
  const ToolResult result =
      run_tool_process(tool, resumes ? std::vector<std::string>{"--resume", "--out", run.string()} : arguments(run));
  INFO(result.output);
  REQUIRE(result.status == 0);
  CHECK(contains(result.output,
                 "no checkpoint had been saved in " + run.string() + ", so the run starts from the beginning"));
  CHECK(contains(result.output, "with the recipe in recipe.toml") == resumes);
  require_equal_checkpoints(whole, run);
  const bool equal = lines_without_times(run) == lines_without_times(whole);
  CHECK(equal);
}

TEST_CASE("what there is none of is said: a run to resume, best weights") {
  const TemporaryFolder scratch;
  const fs::path run = scratch / "run";
  const ToolResult nothing = run_tool_process("train_classifier", {"--resume", "--out", run.string()});
  INFO(nothing.output);
  CHECK(nothing.status == 1);
  CHECK(contains(nothing.output, "start without --resume"));
  CHECK_FALSE(fs::exists(run));

  const ToolResult stopped = run_tool_process("train_classifier", small_run(run, {"--max-steps", "3"}));
  INFO(stopped.output);
  REQUIRE(stopped.status == 0);
  CHECK(contains(stopped.output, "there is no best.safetensors: the run stopped before its first evaluation"));
  const std::string best = (run / "best.safetensors").string();
  for (const std::string tool : {"evaluate_classifier", "predict", "convert_weights"}) {
    CAPTURE(tool);
    const ToolResult result = run_tool_process(
        tool, tool == "convert_weights" ? std::vector<std::string>{best, (scratch / "out.weights").string()}
                                        : std::vector<std::string>{"--weights", best, "--data", "synthetic"});
    INFO(result.output);
    CHECK(result.status == 1);
    CHECK(contains(result.output, best));
    CHECK(contains(result.output, "last.safetensors"));
  }
  // Weights alone are not written over.
  fs::rename(run / "last.safetensors", run / "best.safetensors");
  const ToolResult over = run_tool_process("train_classifier", small_run(run));
  INFO(over.output);
  CHECK(over.status == 1);
  CHECK(contains(over.output, "already holds weights of a run"));
}

TEST_CASE("more epochs than a run was started with are refused with the way to train on") {
  const TemporaryFolder scratch;
  const fs::path run = scratch / "run", longer = scratch / "longer";
  require_success(run_tool_process("train_classifier", small_run(run, {"--max-steps", "3"})));
  const ToolResult refused = run_tool_process("train_classifier", {"--resume", "--epochs", "5", "--out", run.string()});
  INFO(refused.output);
  CHECK(refused.status == 1);
  CHECK(contains(refused.output, "--epochs was 3, now 5"));
  const std::string weights = (run / "last.safetensors").string();
  CHECK(contains(refused.output, "train_classifier --weights " + weights + " --epochs 5 --out ANOTHER_FOLDER"));
  // And that works.
  require_success(run_tool_process(
      "train_classifier", changed(small_run(longer, {"--weights", weights, "--max-steps", "2"}), {{"--epochs", "5"}})));
}

TEST_CASE("a folder is one run's at a time, and what killed runs left in it goes") {
  const TemporaryFolder scratch;
  const fs::path run = scratch / "run";
  const bool is_detector = GENERATE(false, true);
  const std::string tool = tool_of(is_detector);
  const auto start = [&] {
    return run_tool_process(
        tool, is_detector ? small_detector_run(run, {"--max-steps", "1"}) : small_run(run, {"--max-steps", "1"}));
  };
  fs::create_directories(run);
  write_file_atomically(run / ".last.safetensors.temporary.7094.6", "x");
  write_file_atomically(run / ".best.safetensors.temporary.0123456789abcdef", "x");
  write_file_atomically(run / ".mine.json.temporary.1", "x");
  {
    const FolderLock lock(run);
    const ToolResult second = start();
    INFO(second.output);
    CHECK(second.status == 1);
    CHECK(contains(second.output, "is in use by process " + std::to_string(getpid())));
    CHECK(fs::exists(run / ".last.safetensors.temporary.7094.6"));
    CHECK_FALSE(fs::exists(run / "recipe.toml"));
  }
  require_success(start());
  CHECK_FALSE(fs::exists(run / ".last.safetensors.temporary.7094.6"));
  CHECK_FALSE(fs::exists(run / ".best.safetensors.temporary.0123456789abcdef"));
  CHECK(fs::exists(run / ".mine.json.temporary.1"));
  CHECK_FALSE(fs::exists(run / lock_file_name));
  const FolderLock lock(run);
  const ToolResult resumed = run_tool_process(tool, {"--resume", "--max-steps", "0", "--out", run.string()});
  INFO(resumed.output);
  CHECK(resumed.status == 1);
  CHECK(contains(resumed.output, "is in use by"));
}

TEST_CASE("a default that a run is too short for is no failure, and what was asked for fails before the training") {
  const TemporaryFolder scratch;
  const bool is_detector = GENERATE(false, true);
  const std::string tool = tool_of(is_detector);
  const auto arguments = [&](const fs::path& out, const std::vector<std::string>& more) {
    return changed(is_detector ? small_detector_run(out, more) : small_run(out, more),
                   {{"--synthetic-images", is_detector ? "4" : "16"},
                    {"--random-shapes", "off"},
                    {"--tricks", "none"},
                    {"--epochs", "1"},
                    {"--mixup", "0"},
                    {"--mixup-off-epochs", "0"},
                    {"--warmup-epochs", "0"}});
  };
  // One step.
  const fs::path run = scratch / "run", again = scratch / "again", asked = scratch / "asked";
  const ToolResult result = run_tool_process(tool, arguments(run, {}));
  INFO(result.output);
  CHECK(result.status == 0);
  CHECK(contains(result.output, "not in this run: it begins after step 1, and step 1 is the last"));
  // Its recipe says everything by name, and is the same run.
  require_success(run_tool_process(tool, {"--config", (run / "recipe.toml").string(), "--out", again.string()}));
  require_success(run_tool_process(tool, {"--resume", "--out", run.string()}));

  for (const char* milestone : {"3", "1e300"}) {
    const ToolResult refused =
        run_tool_process(tool, arguments(asked, {"--schedule", "step", "--milestones", milestone}));
    INFO(refused.output);
    CHECK(refused.status == 1);
    CHECK(contains(refused.output, "--schedule step would never lower the learning rate"));
  }
  CHECK_FALSE(fs::exists(asked));
}
