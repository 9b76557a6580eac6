#include "kernels/batch_norm_fold.h"

#include "kernels/batch_norm_fold_channel.h"

namespace sleight::kernels {

void batch_norm_scale_shift(Cpu, const BatchNormScaleShift& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    for (std::int64_t channel = 0; channel < arguments.channels; ++channel)
      batch_norm_scale_shift_channel<T>(arguments, channel);
  });
}

void batch_norm_finish_sums(Cpu, const BatchNormFinishSums& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    for (std::int64_t channel = 0; channel < arguments.channels; ++channel)
      batch_norm_finish_sums_channel<Accumulator<T>>(arguments, channel);
  });
}

}  // namespace sleight::kernels
