// Stochastic gradient descent with momentum, Nesterov's variant and weight decay, over all tensors in one launch.
//
//   g          = gradient * gradient_scale + weight_decay * decay * parameter
//   momentum   = momentum_factor * momentum + g
//   parameter -= learning_rate * (nesterov ? g + momentum_factor * momentum : momentum)
//   average    = ema_decay * average + (1 - ema_decay) * parameter      where a tensor has one
//
// The new weights are still in registers when the average takes them in, so that the moving average
// (kernels/exponential_moving_average.h) costs no launch of its own and one pass over the weights less.
//
// This is PyTorch's torch.optim.SGD with dampening 0: the learning rate multiplies the step and is not inside the
// momentum buffer. Momentum buffers start at 0, which equals PyTorch's first step (momentum = g).
// Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, in the form
// given by PyTorch's documentation.
//
// Shapes    one SgdTensor per parameter tensor: parameter, gradient, momentum and average (optional) each [count].
// Scalars   learning_rate, momentum_factor (LiveScalar::momentum), weight_decay, gradient_scale and ema_decay are read
//           from live_scalars in the device's memory, so a captured graph stays valid when they change. decay, each
//           tensor's own multiplier (0 for tensors without weight decay), and nesterov are fixed in the plan.
// Guard     first_non_finite, where given, is the result of kernels/first_non_finite.h in the device's memory: when it
//           names a tensor the launch changes nothing. So a bad step changes nothing, without waiting for the host.
// Types     parameter, momentum and average are parameter_type: float32 or (cpu only) float64; each tensor's gradient
//           is of its own gradient_type: float32, bfloat16, float16, or (float64 parameters only) float64. Build
//           entries with sgd_tensor, which throws std::invalid_argument for anything else: the table itself may lie in
//           the GPU's memory, where the host cannot look.
// Writes    parameter, momentum and average are updated in place; gradient is only read. Nothing overlaps. Element by
//           element: deterministic.
#pragma once

#include <cstdint>

#include "kernels/first_non_finite.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/live_scalars.h"
#include "kernels/lib/tensor_list.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct SgdTensor {
  void* parameter = nullptr;
  const void* gradient = nullptr;
  void* momentum = nullptr;
  void* average = nullptr;  // optional
  std::int64_t count = 0;
  std::int64_t first_chunk = 0;
  float decay = 1;
  DataType gradient_type = DataType::float32;
};

// An entry without addresses, after a look at the types.
SgdTensor sgd_tensor(DataType parameter_type, DataType gradient_type, std::int64_t count, float decay);

struct Sgd {
  TensorList<SgdTensor> tensors;
  const float* live_scalars = nullptr;             // [LiveScalar::count]
  const std::int64_t* first_non_finite = nullptr;  // optional, [2]
  bool nesterov = false;
  DataType parameter_type = DataType::float32;
};

// The errors of the contract that can be seen from the host; every device calls it first.
void check_arguments(const Sgd&);

void sgd(Cpu, const Sgd&);
void sgd(Simt, const Sgd&);
void sgd(Cuda, const Sgd&);

}  // namespace sleight::kernels
