// The tools with --device cuda on the fake GPU, as their users run them.
#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdlib>

#include "catch2_adapter.h"
#include "engine/image/image.h"
#include "engine/image/image_writer.h"
#include "engine/report/run_log.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace fs = std::filesystem;

namespace {

// Success, and nothing to say about the GPU: neither a bad access nor anything that was not given back.
void require_clean(const ToolResult& result) {
  require_success(result);
  INFO(result.output);
  REQUIRE_FALSE(contains(result.output, "fake GPU:"));
}

std::vector<double> numbers_of(const fs::path& run, std::string_view name) {
  std::vector<double> numbers;
  for (const MetricsLine& line : read_metrics(run / "metrics.jsonl")) {
    if (const auto value = line.find(name)) numbers.push_back(*value);
  }
  return numbers;
}

// Each number of the run on the GPU is near that of the run on the cpu; NaN is not near.
void check_near(const fs::path& gpu, const fs::path& cpu, std::string_view name, double allowed) {
  const std::vector<double> a = numbers_of(gpu, name);
  const std::vector<double> b = numbers_of(cpu, name);
  CAPTURE(std::string(name));
  REQUIRE(!a.empty());
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CAPTURE(i, a[i], b[i]);
    CHECK(std::abs(a[i] - b[i]) <= allowed * (1.0 + std::abs(b[i])));
  }
}

// A run's arguments with another value for one of them.
std::vector<std::string> with(std::vector<std::string> arguments, const std::string& name, const std::string& value) {
  const auto found = std::find(arguments.begin(), arguments.end(), name);
  REQUIRE(found != arguments.end());
  *(found + 1) = value;
  return arguments;
}

// Four steps an epoch.
std::vector<std::string> classifier_run(const fs::path& out, const std::vector<std::string>& more) {
  return with(small_run(out, more), "--synthetic-images", "64");
}

// Images of one size, for --data-on-device.
std::vector<std::string> resident_run(const fs::path& out, const std::vector<std::string>& more) {
  return with(classifier_run(out, more), "--random-shapes", "off");
}

std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

using Words = std::vector<std::string>;
const Words on_cpu = {"--device", "cpu"};
const Words on_gpu = {"--device", "cuda", "--deterministic"};
constexpr const char* classifier_tool = "fake_train_classifier";
constexpr const char* detector_tool = "fake_train_detector";

// Each test measures for itself: what another program left in the cache is another machine's.
class CacheOfItsOwn {
 public:
  CacheOfItsOwn() { setenv("XDG_CACHE_HOME", folder_.path().c_str(), 1); }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("train_classifier on the fake GPU: near the cpu's numbers, and the same bits without graphs and resumed",
          "[fake]") {
  const TemporaryFolder scratch;
  const CacheOfItsOwn cache;
  const auto train = [&](const char* name, const Words& more) {
    return run_tool_process(classifier_tool, classifier_run(scratch / name, more));
  };
  require_success(train("cpu", on_cpu + Words{"--max-steps", "4"}));
  require_clean(train("gpu", on_gpu + Words{"--max-steps", "4"}));
  check_near(scratch / "gpu", scratch / "cpu", metric_names::train_loss, 0.02);
  check_near(scratch / "gpu", scratch / "cpu", metric_names::validation_loss, 0.02);

  require_clean(train("plain", on_gpu + Words{"--max-steps", "4", "--no-cuda-graphs"}));
  require_equal_checkpoints(scratch / "gpu", scratch / "plain");

  require_clean(train("parts", on_gpu + Words{"--max-steps", "2"}));
  require_clean(run_tool_process(classifier_tool, {"--resume", "--max-steps", "4", "--loader-threads", "3", "--out",
                                                   (scratch / "parts").string()}));
  require_equal_checkpoints(scratch / "gpu", scratch / "parts");

  // Evaluated and asked from the weights.
  const Words weights = Words{"--data", "synthetic", "--synthetic-size", "20", "--weights"} +
                        Words{(scratch / "gpu" / "last.safetensors").string(), "--device", "cuda"};
  const ToolResult evaluated = run_tool_process("fake_evaluate_classifier", weights);
  require_clean(evaluated);
  CHECK(contains(evaluated.output, "top-1"));
  const ToolResult predicted = run_tool_process("fake_predict", weights + Words{"--count", "5"});
  require_clean(predicted);
  CHECK(contains(predicted.output, "(arrow)"));
}

TEST_CASE("a training in float16 on the fake GPU: near the cpu's, with its images there the same bits", "[fake]") {
  const TemporaryFolder scratch;
  const CacheOfItsOwn cache;
  const auto train = [&](const char* name, const Words& more) {
    return run_tool_process(classifier_tool, resident_run(scratch / name, more + Words{"--max-steps", "4"}));
  };
  const Words half = on_gpu + Words{"--precision", "fp16"};
  require_success(train("cpu", on_cpu));
  require_clean(train("gpu", half));
  check_near(scratch / "gpu", scratch / "cpu", metric_names::train_loss, 0.05);
  require_clean(train("resident", half + Words{"--data-on-device"}));
  check_near(scratch / "resident", scratch / "gpu", metric_names::train_loss, 0.0);
  check_near(scratch / "resident", scratch / "gpu", metric_names::validation_loss, 0.0);
}

TEST_CASE("train_detector on the fake GPU: near the cpu's numbers in two sizes of images, and evaluated", "[fake]") {
  const TemporaryFolder scratch;
  const CacheOfItsOwn cache;
  const auto train = [&](const char* name, const Words& more) {
    // Four steps an epoch, whose end is a line of metrics.
    return run_tool_process(detector_tool, with(small_detector_run(scratch / name, more + Words{"--max-steps", "4"}),
                                                "--synthetic-images", "16"));
  };
  require_success(train("cpu", on_cpu));
  const ToolResult result = train("gpu", on_gpu);
  require_clean(result);
  CHECK(contains(result.output, "iterations at 64"));
  CHECK(contains(result.output, "iterations at 96"));
  for (const std::string_view name :
       {metric_names::train_loss, std::string_view("train/loss_center"), std::string_view("train/loss_objectness"),
        std::string_view("train/loss_classes")})
    check_near(scratch / "gpu", scratch / "cpu", name, 0.02);

  const auto evaluate = [&](const std::string& device) {
    const ToolResult evaluated = run_tool_process(
        "fake_evaluate_detector",
        {"--data", "synthetic", "--synthetic-images", "24", "--synthetic-size", "80", "--synthetic-classes", "3",
         "--batch-size", "7", "--weights", (scratch / "cpu" / "last.safetensors").string(), "--device", device});
    require_clean(evaluated);
    return evaluated.output;
  };
  CHECK(contains(evaluate("cuda"), "100 images"));

  Image image(64, 96);
  std::fill_n(image.view().pixels, 64 * 96 * 3, std::uint8_t{90});
  write_png(scratch / "gray.png", image.view());
  const ToolResult detected = run_tool_process(
      "fake_detect", {(scratch / "gray.png").string(), "--weights", (scratch / "cpu" / "last.safetensors").string(),
                      "--out", (scratch / "found").string(), "--device", "cuda"});
  require_clean(detected);
  CHECK(fs::file_size((scratch / "found") / "gray.png") > 100);
}

TEST_CASE("a log says which steps are not deterministic, and with --deterministic none is", "[fake]") {
  const TemporaryFolder scratch;
  const CacheOfItsOwn cache;
  const auto log_of = [&](const char* name, const Words& more) {
    const ToolResult result =
        run_tool_process(classifier_tool, resident_run(scratch / name, more + Words{"--max-steps", "1"}));
    require_clean(result);
    return result.output;
  };
  // The fake cuDNN's fastest engine that adds rightly is not deterministic; a second run finds it in the cache.
  for (const char* name : {"measured", "remembered"}) {
    const std::string log = log_of(name, {"--device", "cuda"});
    CHECK(contains(log, "not deterministic: convolution of "));
    CHECK(contains(log, "not deterministic: convolution_backward_weights of conv1, layer1.0.conv1, "));
  }
  CHECK_FALSE(contains(log_of("deterministic", on_gpu), "not deterministic"));
  CHECK_FALSE(contains(log_of("cpu", on_cpu), "not deterministic"));
}

TEST_CASE("bench_step on the fake GPU: steps and each operation are timed by its events", "[fake]") {
  const CacheOfItsOwn cache;
  const ToolResult result = run_tool_process(
      "fake_bench_step", {"--model", "cifar_resnet20", "--image-size", "16", "--batch-size", "2", "--warm-up", "2",
                          "--steps", "2", "--no-roofline", "--profile", "--device", "cuda", "--precision", "bf16"});
  require_clean(result);
  INFO(result.output);
  CHECK(contains(result.output, "batch_norm_backward_reduce"));
}

TEST_CASE("a signal ends a training on the fake GPU after its step, and it goes on to the same end", "[fake]") {
  const TemporaryFolder scratch;
  const CacheOfItsOwn cache;
  const auto arguments = [&](const char* name) { return classifier_run(scratch / name, on_gpu); };
  require_clean(run_tool_process(classifier_tool, with(arguments("whole"), "--epochs", "2")));
  const ToolResult stopped = run_tool_and_signal(classifier_tool, with(arguments("parts"), "--epochs", "2"),
                                                 scratch / "parts" / "metrics.jsonl", 2, SIGINT);
  INFO(stopped.output);
  REQUIRE(stopped.status == 0);
  CHECK_FALSE(contains(stopped.output, "fake GPU:"));
  require_clean(run_tool_process(classifier_tool, {"--resume", "--out", (scratch / "parts").string()}));
  require_equal_checkpoints(scratch / "whole", scratch / "parts");
}
