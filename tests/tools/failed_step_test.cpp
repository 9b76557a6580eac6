// Steps that give a NaN or an infinity: noticed at once, nothing ruined is saved, and run again bit for bit.
#include <algorithm>
#include <cstring>
#include <functional>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/checkpoint/safetensors.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace {

namespace fs = std::filesystem;

// A copy of a file of weights with some numbers changed; change is called for every tensor of float32.
void change_weights(const fs::path& from, const fs::path& to,
                    const std::function<void(const std::string& name, std::span<float> values)>& change) {
  const SafetensorsFile file(from);
  std::vector<std::vector<float>> values;
  std::vector<SafetensorsEntry> entries = file.tensors();
  for (SafetensorsEntry& entry : entries) {
    std::vector<float>& copy = values.emplace_back(entry.bytes.size() / sizeof(float));
    copy_values(entry, std::span(copy));
    change(entry.name, copy);
    entry.bytes = std::as_bytes(std::span<const float>(copy));
  }
  write_safetensors(to, entries, file.metadata());
}

bool same_bytes(const fs::path& a, const fs::path& b, const std::string& tensor) {
  const SafetensorsFile first(a), second(b);
  const auto& x = first.at(tensor).bytes;
  const auto& y = second.at(tensor).bytes;
  return std::equal(x.begin(), x.end(), y.begin(), y.end());
}

// The weights of a network after one step.
fs::path some_weights(const TemporaryFolder& scratch) {
  require_success(run_tool_process("train_classifier", small_run(scratch / "first", {"--max-steps", "1"})));
  return scratch / "first" / "last.safetensors";
}

}  // namespace

TEST_CASE("a gradient that is not finite stops the run in its own step, and the step can be replayed") {
  const TemporaryFolder scratch;
  const fs::path healthy = some_weights(scratch);
  const fs::path weights = scratch / "weights.safetensors";
  // A convolution of zeros has no deviation, so its batch norm multiplies gradients by 1/sqrt(epsilon) and by a scale
  // that does nothing to the forward pass: the loss stays finite.
  change_weights(healthy, weights, [](const std::string& name, std::span<float> values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (name == "fc.weight") values[i] = i % 2 == 0 ? 1e34F : -1e34F;
      if (name == "layer3.2.conv2.weight") values[i] = 0.0F;
      if (name == "layer3.2.bn2.weight") values[i] = 1e6F;
    }
  });
  const fs::path run = scratch / "run";
  const ToolResult stopped =
      run_tool_process("train_classifier", small_run(run, {"--weights", weights.string(), "--threads", "2"}));
  INFO(stopped.output);
  REQUIRE(stopped.status == 1);
  CHECK(contains(stopped.output, "step 1: a gradient is not finite"));
  CHECK(contains(stopped.output, "layer 'layer3.2.bn2' (backward)"));
  CHECK(contains(stopped.output, "replay_batch --run " + run.string()));
  CHECK(contains(stopped.output, "No checkpoint had been saved before"));
  CHECK_FALSE(contains(stopped.output, "last checkpoint is as it was"));
  CHECK_FALSE(fs::exists(run / "last.safetensors"));
  CHECK_FALSE(fs::exists(run / "best.safetensors"));

  // The state is that from before the step: neither updated, nor with moved running statistics.
  const fs::path state = run / "failed_state.safetensors";
  for (const char* name : {"conv1.weight", "fc.weight", "bn1.running_mean", "layer3.2.bn2.running_var"}) {
    INFO(name);
    CHECK(same_bytes(state, weights, name));
  }

  const ToolResult replayed = run_tool_process("replay_batch", {"--run", run.string()});
  INFO(replayed.output);
  REQUIRE(replayed.status == 0);
  CHECK(contains(replayed.output, "step 1 of " + run.string()));
  CHECK(contains(replayed.output, "all finite"));
  CHECK(contains(replayed.output, "layer 'layer3.2.bn2'"));
  CHECK(contains(replayed.output, "reproduced: "));
  CHECK(contains(replayed.output, "update"));  // which did not happen this time either
  CHECK_FALSE(contains(replayed.output, "sgd"));

  SECTION("another state is another step") {
    change_weights(state, state, [](const std::string& name, std::span<float> values) {
      if (name == "layer1.0.conv1.weight") values[7] = std::nextafter(values[7], 1.0F);
    });
    const ToolResult other = run_tool_process("replay_batch", {"--run", run.string()});
    INFO(other.output);
    CHECK(other.status == 2);
    CHECK(contains(other.output, "not reproduced"));
  }
  SECTION("a batch that is damaged or missing is said") {
    const auto expect = [&](const std::string& part) {
      const ToolResult result = run_tool_process("replay_batch", {"--run", run.string()});
      INFO(result.output);
      CHECK(result.status == 1);
      CHECK(contains(result.output, part));
    };
    const auto bytes = read_file(run / "failed_batch.safetensors");
    write_file_atomically(run / "failed_batch.safetensors", std::span(bytes).first(bytes.size() - 40));
    expect("failed_batch.safetensors");
    fs::remove(run / "failed_batch.safetensors");
    expect("there is no " + (run / "failed_batch.safetensors").string());
  }
}

TEST_CASE("a loss that is not finite stops the run, and the last checkpoint is as it was") {
  const TemporaryFolder scratch;
  const fs::path run = scratch / "run";
  const std::vector<std::string> more = {"--checkpoint-steps", "2", "--max-steps", "2"};
  require_success(run_tool_process("train_classifier", small_run(run, more)));
  const fs::path last = run / "last.safetensors";
  change_weights(last, last, [](const std::string& name, std::span<float> values) {
    for (std::size_t i = 0; name == "fc.weight" && i < values.size(); ++i)
      values[i] = i % 2 == 0 ? 3e38F : -3e38F;
  });
  const auto before = read_file(last);
  const ToolResult stopped =
      run_tool_process("train_classifier", {"--resume", "--max-steps", "0", "--out", run.string()});
  INFO(stopped.output);
  REQUIRE(stopped.status == 1);
  CHECK(contains(stopped.output, "error: step 3: the loss is not finite; the first bad value is written by step"));
  CHECK(contains(stopped.output, "linear of layer 'fc' (forward)"));
  CHECK(contains(stopped.output, "The last checkpoint is as it was"));
  const bool unchanged = read_file(last) == before;
  CHECK(unchanged);
  const ToolResult replayed = run_tool_process("replay_batch", {"--run", run.string()});
  INFO(replayed.output);
  CHECK(replayed.status == 0);
  CHECK(contains(replayed.output, "step 3 of"));
}

TEST_CASE("an update that overflows is never saved") {
  const TemporaryFolder scratch;
  const fs::path weights = scratch / "weights.safetensors";
  change_weights(some_weights(scratch), weights, [](const std::string& name, std::span<float> values) {
    for (std::size_t i = 0; name == "fc.weight" && i < values.size(); ++i)
      values[i] = i % 2 == 0 ? 1e6F : -1e6F;
  });
  const fs::path run = scratch / "run";
  const ToolResult result =
      run_tool_process("train_classifier",
                       small_run(run, {"--weights", weights.string(), "--learning-rate", "3e38", "--max-steps", "1"}));
  INFO(result.output);
  REQUIRE(result.status == 1);
  CHECK(contains(result.output, "after step 1: '"));
  CHECK(contains(result.output, "an update overflowed; use a smaller learning rate"));
  CHECK_FALSE(fs::exists(run / "last.safetensors"));
}
