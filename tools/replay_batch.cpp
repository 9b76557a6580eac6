// Runs the step again at which a training run stopped because a number was not finite, and says where it came from.
#include <cstdio>

#include "engine/base/text.h"
#include "tools/common/run_tool.h"
#include "tools/models/replay.h"

namespace sleight {

namespace {

class ReplayBatch : public Tool {
 public:
  std::string description() const override {
    return "Run the step again at which train_classifier or train_detector stopped because its loss or a gradient was "
           "NaN or infinite. Prints the first such value of each phase: step of the program, layer, operation, value, "
           "element. Exit status: 0 the same as in the run, bit for bit; 2 something else; 1 it could not be run.";
  }

  void declare(OptionList& options) override {
    options.add("run", run_, "Folder of the run, with failed_batch.safetensors and failed_state.safetensors")
        .unit("FOLDER")
        .required();
    options.add("device", replay_.device, "cpu, simt or cuda").unit("DEVICE").default_text("as the run");
    options.add("threads", replay_.threads, "Compute threads; 0: one per core")
        .unit("THREADS")
        .range(0, 1024)
        .default_text("as the run");
  }

  int run() override {
    const Replay replay = replay_failed_step(run_, replay_);
    std::printf("step %lld of %s, run again:\n%s", static_cast<long long>(replay.step + 1), printable(run_).c_str(),
                replay.table.c_str());
    if (replay.reproduced()) {
      std::printf("reproduced: loss, bad values and checksums are those of the run\n");
      return 0;
    }
    std::printf("not reproduced; when the run stopped, it was:\n%s",
                printable(replay.recorded, LineBreaks::kept).c_str());
    return 2;
  }

 private:
  std::string run_;
  ReplayOptions replay_;
};

const bool registered = register_tool<ReplayBatch>("replay_batch");

}  // namespace

}  // namespace sleight
