// Every trick of a detector's training, switched on alone through its flag: it leaves its own receipt, no other one,
// and changes what is computed from the step on from which it should.
#include <sstream>
#include <string>
#include <vector>

#include "catch2_adapter.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/program/persistent_store.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace {

struct TrickAlone {
  std::string name;
  std::vector<std::string> flags;
  std::string receipt;           // what it starts with
  bool changes_weights = false;  // those that are trained
};

const std::vector<TrickAlone> tricks = {
    {"mixup", {"--mixup", "1.5"}, "detection mixup: 6 batches mixed", true},
    {"class smoothing", {"--label-smoothing", "gluon"}, "class smoothing: ", true},
    {"random shapes", {"--random-shapes", "64:96:2"}, "random shapes: ", true},
    {"moving average", {"--ema", "0.9"}, "moving average of the weights: 6 updates", false},
    {"no bias decay", {"--no-bias-decay"}, "no bias decay: ", true},
    {"cosine decay", {"--schedule", "cosine"}, "cosine decay: ", true},
    {"linear scaling", {"--linear-scaling"}, "linear scaling: 4 images in a global batch", true},
};

// What every run has, and what the cosine takes the place of.
bool is_common(const std::string& line) {
  return line.rfind("warm-up: ", 0) == 0 || line.rfind("step decay: ", 0) == 0;
}

// The receipts: the lines between the two that close every run.
std::vector<std::string> receipts_of(const std::string& output) {
  std::vector<std::string> lines;
  bool inside = false;
  std::istringstream stream(output);
  for (std::string line; std::getline(stream, line);) {
    if (line.rfind("best ", 0) == 0) inside = false;
    if (inside && !is_common(line)) lines.push_back(line);
    if (line.rfind("the computation ", 0) == 0) inside = true;  // sets the pace, or starves
  }
  return lines;
}

struct Outcome {
  std::vector<std::string> receipts;
  std::vector<std::byte> weights;
};

Outcome run_with(const std::filesystem::path& out, const std::vector<std::string>& flags) {
  // A large decay, so that six steps tell who decays.
  std::vector<std::string> arguments = {"--data", "synthetic", "--synthetic-images", "12", "--synthetic-size", "80"};
  arguments.insert(arguments.end(), {"--synthetic-classes", "3", "--model", "yolov3_small", "--tricks", "none"});
  arguments.insert(arguments.end(), {"--epochs", "2", "--batch-size", "4", "--image-size", "64"});
  arguments.insert(arguments.end(), {"--weight-decay", "0.1", "--evaluation-epochs", "2", "--out", out.string()});
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  const ToolResult result = run_tool_process("train_detector", arguments);
  require_success(result);
  Outcome outcome;
  outcome.receipts = receipts_of(result.output);
  const SafetensorsFile file(out / "last.safetensors");
  for (const SafetensorsEntry& tensor : file.tensors()) {
    if (tensor.name.rfind(average_prefix, 0) != 0)
      outcome.weights.insert(outcome.weights.end(), tensor.bytes.begin(), tensor.bytes.end());
  }
  return outcome;
}

}  // namespace

TEST_CASE("each of a detector's tricks alone leaves its receipt and changes what it should") {
  const TemporaryFolder scratch;
  const Outcome plain = run_with(scratch / "plain", {});
  CHECK(plain.receipts == std::vector<std::string>{});
  for (const TrickAlone& trick : tricks) {
    INFO(trick.name);
    const Outcome outcome = run_with(scratch / trick.name, trick.flags);
    REQUIRE(outcome.receipts.size() == 1);
    INFO(outcome.receipts.front());
    CHECK(outcome.receipts.front().rfind(trick.receipt, 0) == 0);
    CHECK((outcome.weights != plain.weights) == trick.changes_weights);
  }
}
