// Evaluation on images that cannot all be read.
#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/image/image_writer.h"
#include "engine/value/random.h"
#include "tests/base/temporary_folder.h"
#include "tests/folders.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace {

namespace fs = std::filesystem;

void write_noise(const fs::path& path, std::uint64_t seed) {
  Image image(16, 16);
  RandomStream random(seed, RandomPurpose::test);
  for (std::int64_t i = 0; i < 16 * 16 * 3; ++i)
    image.view().pixels[i] = static_cast<std::uint8_t>(random.below(256));
  fs::create_directories(path.parent_path());
  write_file_atomically(path, encode_png(image.view()));
}

void write_cut_jpeg(const fs::path& path) {
  const auto bytes = read_file(source_folder() / "tests/fuzz/corpus/fuzz_image/baseline.jpg");
  write_file_atomically(path, std::span(bytes).first(bytes.size() - 60));
}

std::string line_with(const std::string& text, const std::string& part) {
  const std::size_t at = text.find(part);
  if (at == std::string::npos) return "";
  const std::size_t begin = text.rfind('\n', at) + 1;
  return text.substr(begin, text.find('\n', at) - begin);
}

}  // namespace

TEST_CASE("broken images are left out of an evaluation, in the last partial batch too") {
  const TemporaryFolder scratch;
  const fs::path data = scratch / "data";
  for (std::uint64_t i = 0; i < 8; ++i)
    write_noise(data / "train" / (i % 2 == 0 ? "even" : "odd") / (std::to_string(i) + ".png"), i);
  for (std::uint64_t i = 0; i < 5; ++i)
    write_noise(data / "val" / (i % 2 == 0 ? "even" : "odd") / (std::to_string(i) + ".png"), 100 + i);
  const fs::path run = scratch / "run";
  const std::vector<std::string> training = {"--data",       data.string(), "--model",    "cifar_resnet20", "--tricks",
                                             "none",         "--epochs",    "1",          "--batch-size",   "4",
                                             "--image-size", "16",          "--schedule", "cosine",         "--out"};
  const auto train = [&](const fs::path& out) {
    std::vector<std::string> arguments = training;
    arguments.push_back(out.string());
    return run_tool_process("train_classifier", arguments);
  };
  const auto evaluate = [&] {
    return run_tool_process("evaluate_classifier", {"--data", data.string(), "--weights",
                                                    (run / "last.safetensors").string(), "--batch-size", "4"});
  };
  const ToolResult clean_run = train(run);
  require_success(clean_run);
  const ToolResult clean = evaluate();
  require_success(clean);
  const std::string numbers = line_with(clean.output, "5 images: ");
  REQUIRE(contains(numbers, "loss "));

  // One in the first batch of 4, one at the very end: 7 images in batches of 4 and 3.
  write_cut_jpeg(data / "val" / "even" / "1_broken.jpg");
  write_cut_jpeg(data / "val" / "odd" / "9_broken.jpg");
  const ToolResult broken = evaluate();
  require_success(broken);
  INFO(clean.output << broken.output);
  CHECK(contains(broken.output, "5 images, 2 broken images left out" + numbers.substr(numbers.find(':'))));
  CHECK(contains(broken.output, "broken image " + (data / "val" / "even" / "1_broken.jpg").string() + ": "));

  // The same while training: equal numbers, and it is said.
  const ToolResult broken_run = train(scratch / "broken_run");
  require_success(broken_run);
  const std::string epoch = line_with(clean_run.output, "epoch 1: validation loss");
  INFO(epoch << '\n' << broken_run.output);
  REQUIRE_FALSE(epoch.empty());
  CHECK(contains(broken_run.output, epoch.substr(epoch.find("validation")) + ", 2 broken images left out"));
}
