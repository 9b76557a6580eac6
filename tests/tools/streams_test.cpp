// What happens to results and messages when their stream is full, closed or not read, and to names that would play
// tricks on a terminal.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/image/image_writer.h"
#include "tests/base/temporary_folder.h"
#include "tests/folders.h"
#include "tests/tools/training_run.h"
#include "tools/common/run_tool.h"

using namespace sleight;
using namespace sleight::test;

namespace {

namespace fs = std::filesystem;

ToolResult run_shell(const std::string& command) {
  return run_tool_process("/bin/sh", {"-c", "cd " + (binary_folder() / "bin").string() + " && " + command});
}

}  // namespace

TEST_CASE("results that cannot be written are a failure, in every program that prints some") {
  const TemporaryFolder scratch;
  const fs::path run = scratch / "run", detector = scratch / "detector";
  require_success(run_tool_process("train_classifier", small_run(run, {"--max-steps", "1"})));
  require_success(run_tool_process("train_detector", small_detector_run(detector, {"--max-steps", "1"})));
  const std::string weights = (run / "last.safetensors").string();
  const std::string detector_weights = (detector / "last.safetensors").string();
  Image image(64, 64);
  const std::string image_file = (scratch / "image.png").string();
  write_png(image_file, image.view());
  write_file_atomically(scratch / "found.json", "[]");
  const std::vector<std::string> commands = {
      "train_classifier --help",
      "detect --weights " + detector_weights + " " + image_file,
      "predict --weights " + weights + " " + image_file,
      "evaluate_classifier --weights " + weights + " --data synthetic --synthetic-size 16",
      "evaluate_detector --weights " + detector_weights +
          " --data synthetic --synthetic-images 4 --synthetic-size 64 --synthetic-classes 3",
      "make_anchors --data synthetic --synthetic-images 8 --synthetic-size 64 --image-size 64",
      "show_program --model cifar_resnet20"};
  for (const std::string& command : commands) {
    CAPTURE(command);
    const ToolResult good = run_shell("./" + command);
    INFO(good.output);
    REQUIRE(good.status == 0);
    const ToolResult full = run_shell("./" + command + " > /dev/full");
    INFO(full.output);
    CHECK(full.status == 1);
    CHECK(contains(full.output, "error: the results could not be written to standard output: "));
    // The reason is lost where more than a buffer was printed: then the first of several writes has failed.
    CHECK((contains(full.output, "No space left on device") || contains(full.output, "is the disk full?")));
    const ToolResult closed = run_shell("./" + command + " >&-");
    INFO(closed.output);
    CHECK(closed.status == 1);
    CHECK(contains(closed.output, "could not be written to standard output: it is closed"));
  }
}

TEST_CASE("a reader that has seen enough is answered with one line") {
  // More than a pipe holds.
  const ToolResult result =
      run_shell("{ ./show_program --model resnet50 --text -; echo status $? >&2; } | head -n 1 > /dev/null");
  INFO(result.output);
  CHECK(contains(result.output, "status 1\n"));
  CHECK(contains(result.output, "the program that was reading them has ended"));
  CHECK(std::ranges::count(result.output, '\n') == 2);
}

TEST_CASE("a training survives that nobody reads its messages") {
  const TemporaryFolder scratch;
  const auto flags = [&](const std::string& out) {
    std::string text;
    for (const std::string& word : small_run(scratch / out))
      text += " " + word;
    return text;
  };
  const ToolResult head = run_shell("./train_classifier" + flags("head") + " 2>&1 | head -n 1");
  INFO(head.output);
  CHECK(contains(read_text_file(scratch / "head" / "report.html"), "<p>finished</p>"));
  // Messages to a closed stream must not go into a file that got its number.
  require_success(run_shell("./train_classifier" + flags("closed") + " >&- 2>&- <&-"));
  require_equal_checkpoints(scratch / "head", scratch / "closed");
  CHECK(contains(read_text_file(scratch / "closed" / "log.txt"), "epoch 3: "));
}

TEST_CASE("a run whose terminal is gone saves, as at any other stop") {
  const TemporaryFolder scratch;
  const fs::path run = scratch / "run";
  const ToolResult result = run_tool_and_signal("train_classifier", changed(small_run(run), {{"--epochs", "30"}}),
                                                run / "metrics.jsonl", 2, SIGHUP);
  INFO(result.output);
  CHECK(result.status == 0);
  CHECK(contains(result.output, "stopped by a signal"));
  CHECK(fs::exists(run / "last.safetensors"));
}

TEST_CASE("names cannot change the terminal: of files, of classes, on the command line") {
  const TemporaryFolder scratch;
  const std::string evil =
      "a\x1b]0;title\x07"
      "b\xc2\x9b"
      "c";
  const fs::path data = scratch / "data";
  for (const char* split : {"train", "val"}) {
    for (const std::string& name : {evil, std::string("plain")}) {
      fs::create_directories(data / split / name);
      for (int i = 0; i < 4; ++i) {
        Image image(16, 16);
        write_png(data / split / name / (evil + std::to_string(i) + ".png"), image.view());
      }
    }
  }
  write_file_atomically(data / "train" / evil / (evil + ".txt"), "no image");
  const auto check_clean = [](const ToolResult& result) {
    INFO(result.output);
    CHECK(result.output.find_first_of("\x1b\x07") == std::string::npos);
    CHECK_FALSE(contains(result.output, "\xc2\x9b"));
  };
  const fs::path run = scratch / "run";
  const ToolResult trained =
      run_tool_process("train_classifier", {"--data", data.string(), "--model", "cifar_resnet20", "--image-size", "16",
                                            "--batch-size", "4", "--epochs", "2", "--out", run.string()});
  require_success(trained);
  check_clean(trained);
  const ToolResult predicted = run_tool_process(
      "predict", {"--weights", (run / "last.safetensors").string(), "--data", data.string(), "--count", "4"});
  require_success(predicted);
  CHECK(contains(predicted.output, "a?]0;title?b?c"));
  check_clean(predicted);
  const std::string missing = (scratch / evil).string();
  check_clean(run_tool_process("predict", {"--weights", (run / "last.safetensors").string(), missing + ".png"}));
  check_clean(run_tool_process("train_classifier", {"--data", missing}));
  check_clean(run_tool_process("train_classifier", {"--model", evil}));
  check_clean(run_tool_process("train_classifier", {"--" + evil}));
  check_clean(run_tool_process("train_classifier", {"--epochs", evil}));
}

TEST_CASE("a machine that gives no more threads is answered with what to do") {
  class Threadless : public Tool {
   public:
    std::string description() const override { return "Starts one thread too many."; }
    void declare(OptionList&) override {}
    int run() override { throw std::system_error(EAGAIN, std::generic_category()); }
  };
  const TemporaryFolder folder;
  Log::standard().also_to_file(folder / "log");
  const RegisteredTool tool{"threadless", [](const std::vector<std::string>&) -> std::unique_ptr<Tool> {
                              return std::make_unique<Threadless>();
                            }};
  CHECK(run_tool(tool, {}) == 1);
  Log::standard().close_file();
  const std::string message = read_text_file(folder / "log");
  INFO(message);
  CHECK(contains(message,
                 "error: the system gives this process no more threads; use fewer (--threads, --loader-threads)"));
}

TEST_CASE("wrong flags end with the status of any other error") {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--no-such-flag"}, {"--epochs"}, {"--epochs", "many"}, {"--epochs", "0"}, {"surplus"}}) {
    CAPTURE(arguments);
    const ToolResult result = run_tool_process("train_classifier", arguments);
    INFO(result.output);
    CHECK(result.status == 1);
  }
  CHECK(run_tool_process("detect", {}).status == 1);
  CHECK(run_tool_process("detect", {"--help"}).status == 0);
}

TEST_CASE("an error that ends a run is in its log") {
  const TemporaryFolder scratch;
  const fs::path run = scratch / "run";
  const ToolResult result = run_tool_process(
      "train_classifier", changed(small_run(run), {{"--learning-rate", "1e30"}, {"--warmup-epochs", "0"}}));
  INFO(result.output);
  REQUIRE(result.status == 1);
  const std::size_t at = result.output.find("error: ");
  REQUIRE(at != std::string::npos);
  const std::string line = result.output.substr(at, result.output.find('\n', at) - at);
  CHECK(contains(read_text_file(run / "log.txt"), line + "\n"));
}
