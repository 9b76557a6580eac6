// How many threads a training takes, and how they wait for each other, through the real programs and their environment.
#include "engine/device/compute_threads.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "tests/base/temporary_folder.h"
#include "tests/folders.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

TEST_CASE("a training takes the threads that OpenMP grants, and says so where they are fewer") {
  const TemporaryFolder scratch;
  const char* variable = GENERATE("OMP_THREAD_LIMIT=1", "OMP_DYNAMIC=true");
  const std::string text = variable;
  setenv(text.substr(0, text.find('=')).c_str(), text.substr(text.find('=') + 1).c_str(), 1);
  // Without the check oneDNN's kernels wait for ever for the second thread.
  const ToolResult result =
      run_tool_process("train_classifier", small_run(scratch / "run", {"--threads", "2", "--max-steps", "2"}));
  unsetenv(text.substr(0, text.find('=')).c_str());
  require_success(result);
  const bool is_said = result.output.find("OpenMP grants 1 compute thread of 2") != std::string::npos;
  REQUIRE(is_said == text.starts_with("OMP_THREAD_LIMIT"));
}

TEST_CASE("threads spin for a moment only, unless the environment chose otherwise") {
  setenv("OMP_DISPLAY_ENV", "verbose", 1);
  unsetenv("OMP_WAIT_POLICY");
  const std::vector<std::string> arguments = {"--model", "cifar_resnet20", "--batch-size", "1"};
  const ToolResult by_itself = run_tool_process("show_program", arguments);
  setenv("OMP_WAIT_POLICY", "active", 1);
  const ToolResult as_told = run_tool_process("show_program", arguments);
  unsetenv("OMP_DISPLAY_ENV");
  require_success(by_itself);
  require_success(as_told);
  if (by_itself.output.find("GOMP_SPINCOUNT") == std::string::npos) {
    WARN("[skipped] this OpenMP shows no GOMP_SPINCOUNT");
    return;
  }
  const bool is_short = by_itself.output.find("GOMP_SPINCOUNT = '1000'") != std::string::npos;
  REQUIRE(is_short);
  const bool is_kept = as_told.output.find("GOMP_SPINCOUNT = '1000'") == std::string::npos;
  REQUIRE(is_kept);
}

TEST_CASE("a program keeps its name when it starts itself again") {
  const TemporaryFolder scratch;
  const std::vector<std::string> training = changed(small_run(scratch / "run"), {{"--epochs", "1000"}});
  const std::string output = (scratch / "output").string();
  std::string command = "unset OMP_WAIT_POLICY; '" + (binary_folder() / "bin" / "train_classifier").string() + "'";
  for (const std::string& argument : training)
    command += " '" + argument + "'";
  // Known as soon as it has written its folder, which is long after the restart.
  command += " > '" + output + "' 2>&1 & until [ -e '" + (scratch / "run" / "recipe.toml").string() +
             "' ] || ! kill -0 $!; do sleep 0.05; done; cat /proc/$!/comm >> '" + output + ".name'; kill $!; wait $!";
  [[maybe_unused]] const int status = std::system(command.c_str());
  INFO(read_text_file(output));
  REQUIRE(read_text_file(output + ".name") == "train_classifie\n");  // the kernel keeps 15 letters
}

TEST_CASE("a container's share of the processor is rounded up to whole cores") {
  REQUIRE(cores_of_quota("150000 100000") == 2);
  REQUIRE(cores_of_quota("400000 100000") == 4);
  REQUIRE(cores_of_quota("10000 100000") == 1);
  for (const char* none : {"max 100000", "", "100000", "0 100000", "100000 0", "-1 100000", "abc"})
    REQUIRE_FALSE(cores_of_quota(none).has_value());
}
