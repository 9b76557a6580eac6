// What predict takes: images, folders of them, and images that nobody can read.
#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/labeled_images.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

TEST_CASE("predict takes folders, names and passes over broken images, and says so with its exit status") {
  namespace fs = std::filesystem;
  const TemporaryFolder scratch;
  const fs::path data = scratch / "data", run = scratch / "run", folder = data / "val" / "light";
  write_bordered_images(data, {"train", "val"}, {"dark", "light"}, 8, 16, 2);
  require_success(run_tool_process("train_classifier", {"--data", data.string(), "--model", "cifar_resnet20",
                                                        "--epochs", "1", "--batch-size", "8", "--out", run.string()}));
  const auto predict = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--weights", (run / "last.safetensors").string()});
    return run_tool_process("predict", words);
  };
  const ToolResult whole = predict({folder.string(), "--sheet", (scratch / "whole.png").string()});
  require_success(whole);
  for (int i = 0; i < 8; ++i)
    CHECK(contains(whole.output, (folder / (std::to_string(i) + ".png")).string() + "\n"));
  CHECK(fs::exists(scratch / "whole.png"));

  const std::vector<std::byte> bytes = read_file(folder / "2.png");
  write_file_atomically(folder / "2_cut.png", std::span(bytes).first(60));
  write_file_atomically(folder / "3_empty.jpg", std::string_view());
  const ToolResult broken = predict({folder.string(), "--sheet", (scratch / "rest.png").string()});
  INFO(broken.output);
  CHECK(broken.status == 1);
  for (const char* name : {"2_cut.png", "3_empty.jpg"})
    CHECK(contains(broken.output, "broken image " + (folder / name).string() + ": "));
  for (int i = 0; i < 8; ++i)
    CHECK(contains(broken.output, (folder / (std::to_string(i) + ".png")).string() + "\n"));
  CHECK(contains(broken.output, "2 broken images were passed over"));
  CHECK(read_file(scratch / "rest.png") == read_file(scratch / "whole.png"));

  // Those of a dataset too; and where nothing is left, there is no sheet.
  const ToolResult of_data = predict({"--data", data.string(), "--count", "100"});
  CHECK(of_data.status == 1);
  CHECK(contains(of_data.output, "broken image "));
  CHECK(contains(of_data.output, "7.png (light)"));
  const ToolResult nothing =
      predict({(folder / "3_empty.jpg").string(), "--sheet", (scratch / "nothing.png").string()});
  CHECK(nothing.status == 1);
  CHECK_FALSE(fs::exists(scratch / "nothing.png"));
}
