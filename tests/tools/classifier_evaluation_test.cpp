// What a classifier is evaluated on, and what a run says of it: the images as the training saw them, the classes by
// their names, the weights that are kept.
#include <cmath>

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

Words training_of(const fs::path& data, const fs::path& out, const Words& more) {
  Words words = {"--data", data.string(), "--batch-size", "8", "--evaluation-epochs", "1", "--out", out.string()};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

ToolResult evaluate(const fs::path& data, const fs::path& weights, const Words& more = {}) {
  Words words = {"--data", data.string(), "--weights", weights.string()};
  words.insert(words.end(), more.begin(), more.end());
  return run_tool_process("evaluate_classifier", words);
}

std::int64_t count(const std::string& text, const std::string& part) {
  std::int64_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

}  // namespace

TEST_CASE("images are evaluated as they were trained on: in the training, by evaluate_classifier and by predict") {
  const TemporaryFolder scratch;
  const fs::path data = scratch / "data", run = scratch / "run";
  // The center crop of 0.875 leaves the border out: without it, no image can be told from another.
  write_bordered_images(data, {"train", "val"}, {"dark", "light"}, 16, 32, 2);
  const ToolResult trained = run_tool_process(
      "train_classifier",
      training_of(data, run,
                  {"--model", "darknet_small", "--image-size", "32", "--augmentation", "none", "--epochs", "8"}));
  require_success(trained);
  INFO(trained.output);
  CHECK(contains(trained.output, "evaluation: whole image"));
  CHECK(number_after(line_with(trained.output, "epoch 8: "), "top-1") == 100.0);
  const fs::path weights = run / "last.safetensors";
  CHECK(SafetensorsFile(weights).metadata().at("evaluation_crop") == "whole");

  const ToolResult whole = evaluate(data, weights);
  require_success(whole);
  CHECK(number_after(whole.output, "loss") == number_after(line_with(trained.output, "epoch 8: "), "loss"));
  const ToolResult center = evaluate(data, weights, {"--evaluation-crop", "center"});
  require_success(center);
  CHECK(number_after(center.output, "loss") > number_after(whole.output, "loss"));
  CHECK(evaluate(data, weights, {"--evaluation-crop", "center", "--crop-fraction", "0.875"}).output == center.output);
  // Of square images.
  CHECK(evaluate(data, weights, {"--evaluation-crop", "center", "--crop-fraction", "1"}).output == whole.output);
  CHECK(evaluate(data, weights, {"--crop-fraction", "0.875"}).status == 1);

  const Words image = {"--weights", weights.string(), (data / "val" / "light" / "0.png").string()};
  const auto predict = [&](const Words& more) {
    Words words = image;
    words.insert(words.end(), more.begin(), more.end());
    const ToolResult predicted = run_tool_process("predict", words);
    require_success(predicted);
    return predicted.output;
  };
  CHECK(predict({}) == predict({"--evaluation-crop", "whole"}));
  CHECK(predict({}) != predict({"--evaluation-crop", "center"}));
}

TEST_CASE("random resized crops are evaluated on the center, for models of any family") {
  const TemporaryFolder scratch;
  const fs::path data = scratch / "data", run = scratch / "run";
  write_bordered_images(data, {"train", "val"}, {"dark", "light"}, 8, 16, 2);
  const Words small = {"--model", "cifar_resnet20", "--image-size", "16", "--epochs", "1", "--augmentation"};
  Words words = small;
  words.emplace_back("imagenet");
  require_success(run_tool_process("train_classifier", training_of(data, run, words)));
  const SafetensorsMetadata metadata = SafetensorsFile(run / "last.safetensors").metadata();
  CHECK(metadata.at("evaluation_crop") == "center");
  CHECK(metadata.at("crop_fraction") == "0.875");
  CHECK(contains(read_text_file(run / "recipe.toml"), "evaluation-crop = \"center\"\ncrop-fraction = 0.875\n"));

  words.insert(words.end(), {"--crop-fraction", "0.75"});
  require_success(run_tool_process("train_classifier", training_of(data, scratch / "other", words)));
  CHECK(SafetensorsFile(scratch / "other" / "last.safetensors").metadata().at("crop_fraction") == "0.75");

  // A file that does not say is evaluated as its family always was.
  const SafetensorsFile last(run / "last.safetensors");
  SafetensorsMetadata silent = last.metadata();
  silent.erase("evaluation_crop");
  silent.erase("crop_fraction");
  write_safetensors(scratch / "silent.safetensors", last.tensors(), silent);
  const ToolResult said = evaluate(data, scratch / "silent.safetensors");
  require_success(said);
  CHECK(said.output == evaluate(data, run / "last.safetensors", {"--evaluation-crop", "whole"}).output);
  CHECK(said.output != evaluate(data, run / "last.safetensors").output);
  silent["evaluation_crop"] = "corner";
  silent["crop_fraction"] = "0.875";
  write_safetensors(scratch / "damaged.safetensors", last.tensors(), silent);
  const ToolResult damaged = evaluate(data, scratch / "damaged.safetensors");
  CHECK(damaged.status == 1);
  CHECK(contains(damaged.output, "'corner'"));
}

TEST_CASE("an augmentation on the command line leaves the parts of another one in a recipe file aside") {
  const TemporaryFolder scratch;
  const fs::path data = scratch / "data", run = scratch / "run", other = scratch / "other";
  write_bordered_images(data, {"train", "val"}, {"dark", "light"}, 8, 16, 2);
  require_success(
      run_tool_process("train_classifier", training_of(data, run,
                                                       {"--model", "cifar_resnet20", "--image-size", "16", "--epochs",
                                                        "1", "--augmentation", "imagenet", "--max-steps", "1"})));
  require_success(run_tool_process("train_classifier", {"--config", (run / "recipe.toml").string(), "--augmentation",
                                                        "none", "--max-steps", "1", "--out", other.string()}));
  const std::string recipe = read_text_file(other / "recipe.toml");
  INFO(recipe);
  for (const char* line : {"augmentation = \"none\"\n", "flip = 0\n", "brightness = 0\n", "pca-noise = 0\n",
                           "evaluation-crop = \"whole\"\n"})
    CHECK(contains(recipe, line));
  CHECK_FALSE(contains(recipe, "minimum-crop-area"));
  CHECK_FALSE(contains(recipe, "crop-fraction"));
}

TEST_CASE("the report shows the weights of the best epoch, plain or averaged") {
  const TemporaryFolder scratch;
  const fs::path data = scratch / "data";
  write_bordered_images(data, {"train"}, {"dark", "light"}, 16, 16, 2);
  write_bordered_images(data, {"val"}, {"dark", "light"}, 10, 16, 2);
  // A moving average that stays with the first step is the worse of the two; steps that are too long make the last
  // epoch another one than the best.
  bool early = false, plain = false;
  for (const char* rate : {"0.1", "3"}) {
    const fs::path run = scratch / (std::string("run") + rate);
    const ToolResult trained = run_tool_process(
        "train_classifier", training_of(data, run,
                                        {"--model", "cifar_resnet20", "--image-size", "16", "--augmentation", "none",
                                         "--epochs", "6", "--linear-scaling", "--learning-rate", rate, "--ema",
                                         "0.9999", "--no-ema-warmup", "--schedule", "step"}));
    require_success(trained);
    INFO(trained.output);
    const std::string best = line_with(trained.output, "best top-1 ");
    const std::string report = read_text_file(run / "report.html");
    const auto epoch = std::llround(number_after(best, "after epoch"));
    const std::string said = line_with(trained.output, "epoch " + std::to_string(epoch) + ": ");
    const bool averaged_is_better = number_after(said, "averaged weights top-1") > number_after(said, "top-1");
    const std::string shown = "(epoch " + std::to_string(epoch) + (averaged_is_better ? ", averaged weights)" : ")");
    CHECK(contains(report, "<h2>Classes " + shown + "</h2>"));
    CHECK(contains(report, "<h2>What the network sees " + shown + "</h2>"));
    // All 20 evaluation images are in the report.
    const auto right = count(report, "\xE2\x9C\x93 right");
    CHECK(static_cast<double>(right) / 20.0 == Approx(number_after(best, "top-1") / 100.0));
    early = early || epoch < 6;
    plain = plain || !averaged_is_better;
  }
  CHECK(early);
  CHECK(plain);
}

TEST_CASE("the report of a detector names the epoch whose weights it shows") {
  const TemporaryFolder scratch;
  const fs::path run = scratch / "run";
  const ToolResult trained = run_tool_process("train_detector", small_detector_run(run));
  require_success(trained);
  const std::string best = line_with(trained.output, "best VOC mAP");
  const auto epoch = best.empty() ? 3 : std::llround(number_after(best, "after epoch"));
  const std::string report = read_text_file(run / "report.html");
  INFO(trained.output);
  CHECK(contains(report, "<h2>Classes (epoch " + std::to_string(epoch)));
}

TEST_CASE("top-5 is left out where it says nothing") {
  const TemporaryFolder scratch;
  for (const std::int64_t classes : {5, 6}) {
    const fs::path data = scratch / std::to_string(classes), run = scratch / ("run" + std::to_string(classes));
    Words names;
    for (std::int64_t i = 0; i < classes; ++i)
      names.push_back("class" + std::to_string(i));
    write_bordered_images(data, {"train", "val"}, names, 3, 16, 2);
    const ToolResult trained = run_tool_process(
        "train_classifier",
        training_of(data, run, {"--model", "cifar_resnet20", "--image-size", "16", "--epochs", "1", "--ema", "0.9"}));
    require_success(trained);
    const bool has_top5 = classes > 5;
    CHECK(contains(line_with(trained.output, "epoch 1: "), "top-5") == has_top5);
    CHECK(contains(read_text_file(run / "metrics.jsonl"), "top5") == has_top5);
    CHECK(contains(read_text_file(run / "report.html"), "Top-5") == has_top5);
    CHECK(contains(evaluate(data, run / "last.safetensors").output, "top-5") == has_top5);
  }
}

TEST_CASE("the accuracy on training images is hidden in epochs with mixup alone") {
  const TemporaryFolder scratch;
  require_success(run_tool_process("train_classifier", small_run(scratch / "run")));
  std::istringstream lines(read_text_file(scratch / "run" / "metrics.jsonl"));
  std::int64_t plain = 0, mixed = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!contains(line, "train/loss")) continue;
    INFO(line);
    const bool is_last_epoch = number_after(line, "\"epoch\":") > 2.0;
    CHECK(contains(line, "train/top1") == is_last_epoch);
    ++(is_last_epoch ? plain : mixed);
  }
  CHECK(plain > 0);
  CHECK(mixed > 0);
}
