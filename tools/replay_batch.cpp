// Runs the step again at which a training run stopped because a number was not finite, and says where it came from.
#include <cstdio>

#include "tools/common/command_line.h"
#include "tools/common/failed_step.h"
#include "tools/common/run_tool.h"

int main(int argument_count, char** arguments) {
  sleight::CommandLine command_line(
      "Run the step again at which train_classifier stopped because its loss or a gradient was NaN or infinite. Prints "
      "the first such value of each phase: step of the program, layer, operation, value, element. Exit status: 0 the "
      "same as in the run, bit for bit; 2 something else; 1 it could not be run.");
  std::string run;
  sleight::ReplayOptions options;
  command_line.add_option("--run", run, "Folder of the run, with failed_batch.safetensors and failed_state.safetensors")
      .required();
  command_line.add_option("--device", options.device, "cpu, simt or cuda (default: as the run)");
  command_line.add_option("--threads", options.threads, "Compute threads; 0: one per core (default: as the run)")
      .range(0, 1024);
  return sleight::run_tool(command_line, argument_count, arguments, [&] {
    const sleight::Replay replay = sleight::replay_failed_step(run, options);
    std::printf("step %lld of %s, run again:\n%s", static_cast<long long>(replay.step), run.c_str(),
                replay.table.c_str());
    if (replay.reproduced()) {
      std::printf("reproduced: loss, bad values and checksums are those of the run\n");
      return 0;
    }
    std::printf("not reproduced; when the run stopped, it was:\n%s", replay.recorded.c_str());
    return 2;
  });
}
