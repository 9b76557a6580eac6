#include "engine/run/device_flags.h"

namespace sleight {

void DeviceFlags::declare(OptionList& options) {
  declare_device(options, name);
  declare_precision(options, precision);
  declare_threads(options, threads);
}

Option& declare_device(OptionList& options, std::string& name) {
  return options
      .add("device", name, "cpu, cuda (cuda:1 for the second GPU) or simt (the CUDA kernels on the processor, slow)")
      .unit("DEVICE");
}

Option& declare_precision(OptionList& options, std::string& precision) {
  return options
      .add("precision", precision,
           "Of activations and their gradients: fp32, tf32 (fp32 whose convolutions run on tensor cores with 10 bits "
           "of mantissa; cuda only), bf16, or fp16 (training scales its loss dynamically); weights, statistics and "
           "losses stay float32")
      .one_of({"fp32", "tf32", "bf16", "fp16"});
}

// Free on resume: with another number a run is not bit-identical, which it says when it goes on.
Option& declare_threads(OptionList& options, int& threads) {
  return options.add("threads", threads, "Compute threads; 0: one per core")
      .unit("THREADS")
      .range(0, 1024)
      .free_on_resume();
}

}  // namespace sleight
