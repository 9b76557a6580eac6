// The tools with --device cuda on the pretended GPU, as their users run them.
#include <cmath>
#include <csignal>

#include "catch2_adapter.h"
#include "engine/train/run_log.h"
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
  REQUIRE_FALSE(contains(result.output, "pretended GPU:"));
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

// A run of `steps` steps in a folder of its own, by `make` (small_run, small_detector_run).
template <class Make>
ToolResult run(const std::string& tool, Make&& make, const fs::path& out, const std::string& steps,
               std::vector<std::string> more) {
  more.insert(more.end(), {"--max-steps", steps});
  return run_tool_process(tool, make(out, more));
}

const std::vector<std::string> on_cpu = {"--device", "cpu"};
const std::vector<std::string> on_gpu = {"--device", "cuda", "--deterministic"};

std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

TEST_CASE("train_classifier on the pretended GPU: near the cpu's numbers, and the same bits without graphs and resumed",
          "[pretend]") {
  const TemporaryFolder scratch;
  const char* const tool = "pretend_train_classifier";
  const fs::path cpu = scratch / "cpu", gpu = scratch / "gpu", plain = scratch / "plain", parts = scratch / "parts";
  require_success(run(tool, small_run, cpu, "12", on_cpu));
  require_clean(run(tool, small_run, gpu, "12", on_gpu));
  check_near(gpu, cpu, metric_names::train_loss, 0.02);
  check_near(gpu, cpu, metric_names::validation_loss, 0.02);

  require_clean(run(tool, small_run, plain, "12", on_gpu + std::vector<std::string>{"--no-cuda-graphs"}));
  require_equal_checkpoints(gpu, plain);

  require_clean(run(tool, small_run, parts, "4", on_gpu));
  require_clean(
      run_tool_process(tool, {"--resume", "--max-steps", "12", "--loader-threads", "3", "--out", parts.string()}));
  require_equal_checkpoints(gpu, parts);
}
