// No program replaces what it reads: refused before any work, by whatever name the file is given.
#include "tools/common/outputs.h"

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/labeled_images.h"
#include "tests/tools/training_run.h"
#include "tools/common/run_tool.h"

using namespace sleight;
using namespace sleight::test;

namespace fs = std::filesystem;

TEST_CASE("an output over an input is refused, through links too, and inside a folder of inputs") {
  const TemporaryFolder folder;
  write_text(folder / "data/annotations/val.json", "{}");
  write_text(folder / "data/batch.png", "x");
  write_text(folder / "w.safetensors", "x");
  fs::create_symlink(folder / "w.safetensors", folder / "symbolic");
  fs::create_hard_link(folder / "w.safetensors", folder / "hard");
  fs::create_directory_symlink(folder / "data", folder / "alias");
  Inputs inputs;
  inputs.add((folder / "data").string());
  inputs.add((folder / "w.safetensors").string());
  inputs.add("no such file");
  for (const char* name : {"w.safetensors", "symbolic", "hard", "data/../w.safetensors"})
    REQUIRE_THROWS_WITH(inputs.refuse_to_replace(folder / name), Catch::Contains("would replace the input"));
  for (const char* name : {"data/annotations/val.json", "alias/annotations/val.json"})
    REQUIRE_THROWS_WITH(inputs.refuse_to_replace(folder / name), Catch::Contains("a file of the input"));
  for (const char* name : {"new.json", "data/new.json", "data/batch.png", "data"})
    inputs.refuse_to_replace(folder / name);
}

TEST_CASE("every option that names something to write says so, and programs look at it first") {
  int written = 0;
  for (const RegisteredTool& registered : registered_tools()) {
    const std::unique_ptr<Tool> tool = registered.make({});
    OptionList options;
    tool->declare(options);
    for (const Option& option : options.all()) {
      INFO(registered.name << " --" << option.name());
      const bool writes = option.help().find("rite") != std::string::npos && !option.unit().empty() &&
                          option.unit() != "IMAGE" && option.unit() != "STEPS" && option.unit() != "EPOCHS";
      if (writes && !option.is_number()) REQUIRE(option.is_written());
      written += option.is_written() ? 1 : 0;
    }
  }
  REQUIRE(written >= 12);

  const TemporaryFolder folder;
  write_text(folder / "w.safetensors", "weights");
  const std::string file = (folder / "w.safetensors").string();
  const std::vector<std::pair<std::string, std::vector<std::string>>> calls = {
      {"detect", {"--weights", file, "--json", file, "x.jpg"}},
      {"predict", {"--weights", file, "--sheet", file, "x.jpg"}},
      {"evaluate_detector", {"--weights", file, "--detections", file, "--data", "synthetic"}},
      {"convert_weights", {file, file}},
  };
  for (const auto& [tool, arguments] : calls) {
    const ToolResult result = run_tool_process(tool, arguments);
    INFO(result.output);
    REQUIRE(result.status == 1);
    REQUIRE(contains(result.output, "would replace the input"));
    const bool is_kept = read_text_file(folder / "w.safetensors") == "weights";
    REQUIRE(is_kept);
  }
  const std::string twice = (folder / "one.json").string();
  const ToolResult result = run_tool_process("detect", {"--weights", file, "--json", twice, "--sheet", twice, "x.jpg"});
  REQUIRE(contains(result.output, "is written by another option too"));
}

TEST_CASE("detect draws over none of its images") {
  const TemporaryFolder folder;
  require_success(run_tool_process("train_detector", small_detector_run(folder / "run", {"--max-steps", "1"})));
  const std::string weights = (folder / "run/last.safetensors").string();
  write_gray_png(folder / "p/any.png", 40, 60, 90);
  write_text(folder / "p/._any.png", "a file that a Mac left");
  const auto before = read_file(folder / "p/any.png");
  const std::string place = (folder / "p").string();
  const ToolResult refused = run_tool_process("detect", {"--weights", weights, "--out", place, place});
  INFO(refused.output);
  REQUIRE(refused.status == 1);
  REQUIRE(contains(refused.output, "any.png would replace the input"));
  const bool is_kept = read_file(folder / "p/any.png") == before;
  REQUIRE(is_kept);
  // Hidden files are no images, and elsewhere it draws.
  const ToolResult drawn =
      run_tool_process("detect", {"--weights", weights, "--out", (folder / "drawn").string(), place});
  INFO(drawn.output);
  require_success(drawn);
  REQUIRE(fs::exists(folder / "drawn/any.png"));
  REQUIRE_FALSE(contains(drawn.output, "._any"));
}
