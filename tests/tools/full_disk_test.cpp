// A disk without room: what was saved survives, the message says what to do, and the run goes on once there is room.
#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace {

std::size_t temporaries_in(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    count += contains(entry.path().filename().string(), ".temporary.") ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("a run that cannot write its checkpoint keeps the old one and goes on from it later") {
  const TemporaryFolder scratch;
  const auto whole = scratch / "whole";
  const auto parts = scratch / "parts";
  require_success(run_tool_process("train_classifier", small_run(whole)));
  require_success(run_tool_process("train_classifier", small_run(parts, {"--max-steps", "7"})));
  const auto before = read_file(parts / "last.safetensors");
  // Room for every file of a run but the checkpoint.
  const ToolResult result =
      run_tool_process("train_classifier", {"--resume", "--max-steps", "0", "--out", parts.string()},
                       {.largest_file = static_cast<std::int64_t>(before.size()) / 2});
  INFO(result.output);
  REQUIRE(result.status == 1);
  CHECK(contains(result.output, (parts / "last.safetensors").string()));
  CHECK(contains(result.output, "choose another folder"));
  CHECK(contains(result.output, "unharmed"));
  const bool unchanged = read_file(parts / "last.safetensors") == before;
  CHECK(unchanged);
  CHECK(temporaries_in(parts) == 0);

  require_success(run_tool_process("train_classifier", {"--resume", "--max-steps", "0", "--out", parts.string()}));
  require_equal_checkpoints(whole, parts);
}
