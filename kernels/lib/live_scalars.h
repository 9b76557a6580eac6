// The numbers that change from step to step while the plan, and a captured CUDA graph, stays the same. They sit in one
// small float32 buffer on the device; the host writes it before a step and kernels read it during the step. A number
// passed by value would instead be frozen into the graph.
#pragma once

namespace sleight::kernels {

// Positions in the buffer, which holds LiveScalar::count floats: live_scalars[LiveScalar::learning_rate].
struct LiveScalar {
  enum Index : int {
    learning_rate,   // of this step, after warm-up and schedule
    momentum,        // of SGD, 0 <= momentum < 1
    weight_decay,    // L2 penalty per step, multiplied by each tensor's own decay multiplier
    gradient_scale,  // every gradient is multiplied by it: 1, or the inverse of the loss scale
    loss_scale,      // gradients start with it instead of 1, so that small ones are not lost in float16
    ema_decay,       // average = ema_decay * average + (1 - ema_decay) * weights
    count            // how many there are
  };
};

}  // namespace sleight::kernels
