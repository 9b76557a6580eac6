// Softmax cross-entropy with label smoothing and two weighted labels (mixup), one loss per row.
//
//   p(k)    = exp(logits(k)) / sum_j exp(logits(j))
//   q(y, k) = smoothed target of label y                                       with eps = smoothing, K = classes
//             Smoothing::others    1 - eps at k = y, eps / (K-1) elsewhere     He et al., arXiv 1812.01187, eq. 4
//             Smoothing::uniform   (1 - eps) * [k = y] + eps / K               Szegedy et al., arXiv 1512.00567, sec. 7
//   t(k)    = lambda * q(label_a, k) + (1 - lambda) * q(label_b, k)            Zhang et al., arXiv 1710.09412
//
//   forward    loss(n) = -sum_k t(k) * log p(k),     log_sum_exp(n) = log sum_k exp(logits(n, k))
//   backward   logits_gradient(n, k) = loss_gradient(n) * (exp(logits(n, k) - log_sum_exp(n)) - t(k))
//
//   with_gradient: forward and backward in one pass, for the mean loss of the rows. Its gradient by a row's loss needs
//   no loss, so the gradient of the logits can be written as soon as their sum of exponentials is known:
//              loss(n) as above,      loss_gradient(n) = mean_gradient[0] / rows,      logits_gradient as above
//
// The target is never laid out: of q only two numbers are needed, the value at the label and the value elsewhere. Two
// equal labels give the pure target of that label whatever lambda is, bit for bit.
//
// Shapes    logits, logits_gradient [rows, classes], contiguous; label_a, label_b int32 [rows]; lambda float32 [rows];
//           loss, log_sum_exp, loss_gradient [rows]; mean_gradient [1]: 1, or the scale of a scaled loss.
// Types     logits and their gradient: float32, bfloat16, float16 or (cpu only) float64. loss, log_sum_exp,
//           loss_gradient and mean_gradient: Accumulator of it, that is float64 for float64 and else float32; so is
//           the arithmetic.
// Labels    label_b == nullptr means one label (evaluation, no mixup); lambda is then not read.
// Saved     for backward: logits and log_sum_exp, nothing else. By with_gradient: nothing.
// Reads     with_gradient reads the logits from memory once, where forward and backward together read them twice (the
//           GPU keeps rows of up to 4096 classes in float32, 8192 in bfloat16, in registers; it reads longer ones
//           again, from its cache as far as they fit there). It gives the bits of forward, reduce_mean_backward and
//           backward.
// Range     Every exponential is taken of a difference to the row's maximum: finite logits of any size give a finite
//           loss. A row with NaN or +infinity gives a NaN loss.
// Errors    classes < 2 (the smoothing over "others" has none), or smoothing outside [0, 1): std::invalid_argument.
//           A label outside 0..classes-1: the cpu throws std::invalid_argument naming the row; the GPU, which cannot
//           throw, writes NaN to the loss and to the row of the gradient, which the check for finite values finds.
// Writes    all outputs are assigned (=). logits_gradient may be logits itself; nothing else overlaps.
// Order     each row is summed in one fixed order: deterministic, whatever the number of threads.
#pragma once

#include <cstdint>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

enum class Smoothing : std::uint8_t { others, uniform };

// The two different values of a smoothed one-hot target.
struct SmoothedTarget {
  double at_label;
  double elsewhere;
};

constexpr SmoothedTarget smoothed_target(Smoothing convention, double smoothing, std::int64_t classes) {
  if (convention == Smoothing::others) return {1.0 - smoothing, smoothing / static_cast<double>(classes - 1)};
  const double elsewhere = smoothing / static_cast<double>(classes);
  return {1.0 - smoothing + elsewhere, elsewhere};
}

// What all three kernels take.
struct SoftmaxCrossEntropyRows {
  const void* logits = nullptr;
  const std::int32_t* label_a = nullptr;
  const std::int32_t* label_b = nullptr;
  const float* lambda = nullptr;
  std::int64_t rows = 0;
  std::int64_t classes = 0;
  double smoothing = 0;
  Smoothing convention = Smoothing::others;
  DataType type = DataType::float32;
};

struct SoftmaxCrossEntropyForward : SoftmaxCrossEntropyRows {
  void* loss = nullptr;
  void* log_sum_exp = nullptr;
};

struct SoftmaxCrossEntropyBackward : SoftmaxCrossEntropyRows {
  const void* log_sum_exp = nullptr;
  const void* loss_gradient = nullptr;
  void* logits_gradient = nullptr;
};

struct SoftmaxCrossEntropyWithGradient : SoftmaxCrossEntropyRows {
  const void* mean_gradient = nullptr;
  void* loss = nullptr;
  void* logits_gradient = nullptr;
};

// The errors of the contract that can be seen from the host; every device calls it first.
void check_arguments(const SoftmaxCrossEntropyRows&);

void softmax_cross_entropy_forward(Cpu, const SoftmaxCrossEntropyForward&);
void softmax_cross_entropy_forward(Simt, const SoftmaxCrossEntropyForward&);
void softmax_cross_entropy_forward(Cuda, const SoftmaxCrossEntropyForward&);

void softmax_cross_entropy_backward(Cpu, const SoftmaxCrossEntropyBackward&);
void softmax_cross_entropy_backward(Simt, const SoftmaxCrossEntropyBackward&);
void softmax_cross_entropy_backward(Cuda, const SoftmaxCrossEntropyBackward&);

void softmax_cross_entropy_with_gradient(Cpu, const SoftmaxCrossEntropyWithGradient&);
void softmax_cross_entropy_with_gradient(Simt, const SoftmaxCrossEntropyWithGradient&);
void softmax_cross_entropy_with_gradient(Cuda, const SoftmaxCrossEntropyWithGradient&);

}  // namespace sleight::kernels
