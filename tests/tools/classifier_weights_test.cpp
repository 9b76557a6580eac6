// Weights that meet other classes, other names, other types and other programs' files.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/checkpoint/safetensors.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/labeled_images.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr const char* model = "darknet_small";  // whose last layer is not called "fc"

// more: flags and values, over those of every training here.
ToolResult train(const fs::path& data, const fs::path& out, const Words& more = {}) {
  Words words = {"--data", data.string(), "--out", out.string()};
  const std::vector<Words> defaults = {
      {"--model", model}, {"--image-size", "32"}, {"--batch-size", "8"}, {"--epochs", "2"}, {"--augmentation", "none"}};
  for (const Words& flag : defaults) {
    if (std::ranges::find(more, flag.front()) == more.end()) words.insert(words.end(), flag.begin(), flag.end());
  }
  words.insert(words.end(), more.begin(), more.end());
  return run_tool_process("train_classifier", words);
}

// What predict says, in an order that does not depend on that of the classes.
Words sorted_lines(const ToolResult& result) {
  Words lines;
  std::istringstream text(result.output);
  for (std::string line; std::getline(text, line);)
    lines.push_back(line);
  std::ranges::sort(lines);
  return lines;
}

ToolResult evaluate(const fs::path& data, const fs::path& weights, const Words& more = {}) {
  Words words = {"--data", data.string(), "--weights", weights.string()};
  words.insert(words.end(), more.begin(), more.end());
  return run_tool_process("evaluate_classifier", words);
}

// The weights with their classes in the opposite order: names, and the rows of the last layer.
void write_turned(const fs::path& from, const fs::path& to) {
  const SafetensorsFile file(from);
  std::vector<SafetensorsEntry> tensors = file.tensors();
  std::vector<std::vector<std::byte>> memory;
  memory.reserve(tensors.size());
  for (SafetensorsEntry& tensor : tensors) {
    if (!contains(tensor.name, "head.fc.") || tensor.name.starts_with("momentum")) continue;
    const std::size_t rows = static_cast<std::size_t>(tensor.shape.front()), bytes = tensor.bytes.size() / rows;
    std::vector<std::byte>& turned = memory.emplace_back();
    for (std::size_t row = rows; row-- > 0;)
      turned.insert(turned.end(), tensor.bytes.begin() + static_cast<std::ptrdiff_t>(row * bytes),
                    tensor.bytes.begin() + static_cast<std::ptrdiff_t>((row + 1) * bytes));
    tensor.bytes = turned;
  }
  REQUIRE(memory.size() == 2);
  SafetensorsMetadata metadata = file.metadata();
  auto names = nlohmann::json::parse(metadata.at("class_names")).get<std::vector<std::string>>();
  std::ranges::reverse(names);
  metadata["class_names"] = nlohmann::json(names).dump();
  write_safetensors(to, tensors, metadata);
}

// As a program that knows nothing of ours writes them, in another floating-point type.
template <class T>
void write_foreign(const fs::path& from, const fs::path& to, DataType type) {
  const SafetensorsFile file(from);
  std::vector<SafetensorsEntry> tensors = file.tensors();
  std::vector<std::vector<T>> memory;
  memory.reserve(tensors.size());
  for (SafetensorsEntry& tensor : tensors) {
    std::vector<float> values(tensor.bytes.size() / sizeof(float));
    copy_values(tensor, std::span(values));
    std::vector<T>& converted = memory.emplace_back();
    for (const float value : values)
      converted.push_back(static_cast<T>(value));
    tensor.type = type;
    tensor.bytes = std::as_bytes(std::span(converted));
  }
  write_safetensors(to, tensors);
}

}  // namespace

TEST_CASE("classes are matched by their names, and weights of other classes are refused with the differences") {
  const TemporaryFolder scratch;
  const fs::path data = scratch / "data", run = scratch / "run", turned = scratch / "turned.safetensors";
  write_bordered_images(data, {"train", "val"}, {"apple", "cherry", "pear"}, 8, 32, 4);
  require_success(train(data, run));
  const fs::path best = run / "best.safetensors";
  write_turned(best, turned);
  const ToolResult expected = evaluate(data, best), matched = evaluate(data, turned);
  require_success(expected);
  require_success(matched);
  CHECK(matched.output == expected.output);
  const auto predicted = [&](const fs::path& weights, const fs::path& of) {
    return run_tool_process("predict", {"--weights", weights.string(), "--data", of.string(), "--count", "24"});
  };
  require_success(predicted(turned, data));
  CHECK(sorted_lines(predicted(turned, data)) == sorted_lines(predicted(best, data)));

  // A training goes on with the row of each class.
  const Words stands_still = {"--learning-rate", "1e-9", "--epochs", "1", "--max-steps", "1", "--weights"};
  const auto go_on = [&](const fs::path& weights, const fs::path& out, const fs::path& of) {
    Words words = stands_still;
    words.push_back(weights.string());
    return train(of, out, words);
  };
  const ToolResult same = go_on(best, scratch / "same", data), other_order = go_on(turned, scratch / "turned", data);
  require_success(same);
  require_success(other_order);
  CHECK(contains(other_order.output, "are in another order; the rows of the last layer were put into this one"));
  CHECK_FALSE(contains(same.output, "another order"));
  const SafetensorsFile a(scratch / "same" / "last.safetensors"), b(scratch / "turned" / "last.safetensors");
  for (const char* name : {"head.fc.weight", "head.fc.bias"})
    CHECK(std::ranges::equal(a.at(name).bytes, b.at(name).bytes));

  // As many classes, but other ones; and others in number.
  const fs::path renamed = scratch / "renamed", fewer = scratch / "fewer";
  write_bordered_images(renamed, {"train", "val"}, {"apple", "boat", "pear"}, 8, 32, 4);
  write_bordered_images(fewer, {"train", "val"}, {"apple", "pear"}, 8, 32, 4);
  for (const ToolResult& refused : {evaluate(renamed, best), predicted(best, renamed)}) {
    INFO(refused.output);
    CHECK(refused.status == 1);
    CHECK(contains(refused.output, "only " + renamed.string() + " has boat; only " + best.string() + " has cherry"));
  }
  for (const ToolResult& refused : {evaluate(fewer, best), predicted(best, fewer)}) {
    INFO(refused.output);
    CHECK(refused.status == 1);
    CHECK(contains(refused.output, "has other classes (2) than"));
    CHECK(contains(refused.output, "has cherry"));
  }
  const ToolResult warned = go_on(best, scratch / "warned", renamed);
  require_success(warned);
  INFO(warned.output);
  CHECK(contains(warned.output, "was trained on other classes: only the dataset has boat"));
}

TEST_CASE("weights of other classes start all but the last layer") {
  const TemporaryFolder scratch;
  const fs::path two = scratch / "two", three = scratch / "three", run = scratch / "run", out = scratch / "out";
  write_bordered_images(two, {"train", "val"}, {"dark", "light"}, 8, 32, 4);
  write_bordered_images(three, {"train", "val"}, {"dark", "gray", "light"}, 8, 32, 4);
  require_success(train(two, run));
  const fs::path best = run / "best.safetensors";
  const ToolResult refused = train(three, out, {"--weights", best.string()});
  INFO(refused.output);
  CHECK(refused.status == 1);
  CHECK(contains(refused.output, best.string() + " was trained on 2 classes, but the dataset has 3"));
  CHECK(contains(refused.output, "--backbone-weights " + best.string()));
  CHECK_FALSE(fs::exists(out / "last.safetensors"));

  const Words stands_still = {"--learning-rate", "1e-9", "--weight-decay",     "0",
                              "--max-steps",     "1",    "--backbone-weights", best.string()};
  const ToolResult started = train(three, out, stands_still);
  require_success(started);
  CHECK(contains(started.output, "but those of the last layer (head.fc.weight, head.fc.bias), which starts anew"));
  const SafetensorsFile before(best), after(out / "last.safetensors");
  CHECK(after.at("head.fc.weight").shape.front() == 3);
  std::vector<float> from(before.at("stem.conv1.conv.weight").bytes.size() / sizeof(float)), to(from.size());
  copy_values(before.at("stem.conv1.conv.weight"), std::span(from));
  copy_values(after.at("stem.conv1.conv.weight"), std::span(to));
  for (std::size_t i = 0; i < from.size(); ++i)
    REQUIRE(to[i] == Approx(from[i]).margin(1e-5));

  const ToolResult both =
      train(three, scratch / "both", {"--weights", best.string(), "--backbone-weights", best.string()});
  CHECK(both.status == 1);
  CHECK(contains(both.output, "--weights and --backbone-weights cannot both be given"));
  const ToolResult of_another =
      train(three, scratch / "another",
            {"--model", "cifar_resnet20", "--augmentation", "none", "--backbone-weights", best.string()});
  CHECK(of_another.status == 1);
  CHECK(contains(of_another.output, "does not fit this model"));
}

TEST_CASE("weights of a detector of other classes start the backbone alone, and the error says so") {
  const TemporaryFolder scratch;
  const fs::path run = scratch / "run";
  require_success(run_tool_process("train_detector", small_detector_run(run, {"--max-steps", "1"})));
  const std::string weights = (run / "last.safetensors").string();
  const auto start = [&](const std::string& flag, const fs::path& out) {
    return run_tool_process("train_detector", {"--config", (run / "recipe.toml").string(), "--synthetic-classes", "2",
                                               "--max-steps", "1", "--out", out.string(), flag, weights});
  };
  const ToolResult refused = start("--weights", scratch / "refused");
  INFO(refused.output);
  CHECK(refused.status == 1);
  CHECK(contains(refused.output, "--backbone-weights " + weights));
  require_success(start("--backbone-weights", scratch / "started"));
}

TEST_CASE("files of other programs are used, whatever the last layer is called and in whatever type they are") {
  const TemporaryFolder scratch;
  const fs::path data = scratch / "data", run = scratch / "run";
  write_bordered_images(data, {"train", "val"}, {"dark", "light"}, 8, 32, 4);
  require_success(train(data, run, {"--evaluation-crop", "center"}));
  const fs::path best = run / "best.safetensors", foreign = scratch / "foreign.safetensors";
  const ToolResult own = evaluate(data, best);
  require_success(own);
  const Words as_ours = {"--model", model, "--image-size", "32"};
  // The normalization is the model's in both.
  write_foreign<float>(best, foreign, DataType::float32);
  CHECK(evaluate(data, foreign, as_ours).output == own.output);
  write_foreign<double>(best, foreign, DataType::float64);
  CHECK(evaluate(data, foreign, as_ours).output == own.output);
  const ToolResult seen = run_tool_process(
      "predict", {"--weights", foreign.string(), "--model", model, "--image-size", "32", "--data", data.string()});
  require_success(seen);
  CHECK(contains(seen.output, "dark"));  // named by the dataset
  write_foreign<float16>(best, foreign, DataType::float16);
  const ToolResult half = evaluate(data, foreign, as_ours);
  require_success(half);
  CHECK(number_after(half.output, "loss") == Approx(number_after(own.output, "loss")).epsilon(0.02));
  write_foreign<bfloat16>(best, foreign, DataType::bfloat16);
  const ToolResult brain = evaluate(data, foreign, as_ours);
  require_success(brain);
  CHECK(number_after(brain.output, "loss") == Approx(number_after(own.output, "loss")).epsilon(0.1));
  require_success(train(data, scratch / "from_half", {"--weights", foreign.string(), "--max-steps", "1"}));
  require_success(train(data, scratch / "backbone", {"--backbone-weights", foreign.string(), "--max-steps", "1"}));

  const ToolResult other = evaluate(data, foreign, {"--model", "resnet18"});
  INFO(other.output);
  CHECK(other.status == 1);
  CHECK(contains(other.output, "has no 'fc.weight', the last layer of resnet18"));
}

TEST_CASE("weights of a network that differs in nothing that they show are used with a warning") {
  const TemporaryFolder scratch;
  const auto train_as = [&](const char* name, const std::string& out, const Words& more) {
    Words words = {"--data",
                   "synthetic",
                   "--synthetic-images",
                   "4",
                   "--synthetic-classes",
                   "2",
                   "--batch-size",
                   "2",
                   "--epochs",
                   "1",
                   "--max-steps",
                   "1",
                   "--image-size",
                   "32",
                   "--model",
                   name,
                   "--out",
                   (scratch / out).string()};
    words.insert(words.end(), more.begin(), more.end());
    return run_tool_process("train_classifier", words);
  };
  require_success(train_as("resnet50_v1", "first", {}));
  const std::string weights = (scratch / "first/last.safetensors").string();
  for (const char* flag : {"--weights", "--backbone-weights"}) {
    const ToolResult other = train_as("resnet50_v1b", std::string("other") + flag, {flag, weights});
    INFO(other.output);
    CHECK(other.status == 0);
    CHECK(contains(other.output, weights + " was trained as resnet50_v1, and this is resnet50_v1b"));
  }
  CHECK_FALSE(contains(train_as("resnet50_v1", "same", {"--weights", weights}).output, "was trained as"));
}
