#include <algorithm>

#include "kernels/launch.h"
#include "kernels/pack.h"
#include "kernels/reduce.h"
#include "kernels/softmax_cross_entropy.h"

namespace sleight::kernels {

namespace {

// The labels of one row and their weights, the same on every thread of the block. Two equal labels are one label.
struct RowTarget {
  std::int32_t a;
  std::int32_t b;
  float weight_a;
  float weight_b;
  bool valid;
};

template <class Arguments>
__device__ RowTarget row_target(const Arguments& arguments, std::int64_t row) {
  const std::int32_t a = arguments.label_a[row];
  const std::int32_t b = arguments.label_b != nullptr ? arguments.label_b[row] : a;
  const float lambda = a == b ? 1.0F : arguments.lambda[row];
  const bool valid = a >= 0 && a < arguments.classes && b >= 0 && b < arguments.classes;
  return {a, b, lambda, 1.0F - lambda, valid};
}

// The two numbers of the target, computed in double on the host: elsewhere, and what a label has on top of it.
struct TargetValues {
  float elsewhere;
  float extra_at_label;
};

template <class Arguments>
TargetValues target_values(const Arguments& arguments) {
  const SmoothedTarget target = smoothed_target(arguments.convention, arguments.smoothing, arguments.classes);
  return {static_cast<float>(target.elsewhere), static_cast<float>(target.at_label - target.elsewhere)};
}

// One block per row; the row stays in the nearest cache between the two passes.
template <class T>
__global__ void forward_kernel(SoftmaxCrossEntropyForward arguments, TargetValues values) {
  constexpr int lanes = pack_lanes<T>;
  const std::int64_t row = blockIdx.x;
  const T* const logits = static_cast<const T*>(arguments.logits) + row * arguments.classes;

  float maximum = -INFINITY;
  for_each_pack_in_block<lanes>(arguments.classes, [&](std::int64_t first, int valid) {
    const Lanes<lanes> pack = load_lanes<lanes>(logits + first, valid);
    for (int i = 0; i < lanes; ++i) {
      if (i < valid) maximum = Maximum{}(maximum, pack[i]);
    }
  });
  maximum = block_maximum(maximum, -INFINITY);

  // Everything is measured from the maximum: the loss of a row is a small difference of possibly large logits.
  Lanes<2> sums = filled_lanes<2>(0.0F);  // of the exponentials, of the logits
  for_each_pack_in_block<lanes>(arguments.classes, [&](std::int64_t first, int valid) {
    const Lanes<lanes> pack = load_lanes<lanes>(logits + first, valid);
    for (int i = 0; i < lanes; ++i) {
      if (i >= valid) continue;
      sums[0] += expf(pack[i] - maximum);
      sums[1] += pack[i] - maximum;
    }
  });
  sums = block_sum(sums);

  if (threadIdx.x != 0) return;
  const RowTarget target = row_target(arguments, row);
  const float log_sum = logf(sums[0]);
  float loss = NAN;
  if (target.valid) {
    loss = log_sum - values.extra_at_label * target.weight_a * (static_cast<float>(logits[target.a]) - maximum);
    if (target.weight_b != 0.0F)
      loss -= values.extra_at_label * target.weight_b * (static_cast<float>(logits[target.b]) - maximum);
    // A logit of -infinity (a class ruled out) has an infinite share in a smoothed target, and none in a sharp one.
    if (values.elsewhere != 0.0F) loss -= values.elsewhere * sums[1];
  }
  static_cast<float*>(arguments.loss)[row] = loss;
  static_cast<float*>(arguments.log_sum_exp)[row] = maximum + log_sum;
}

template <class T>
__global__ void backward_kernel(SoftmaxCrossEntropyBackward arguments, TargetValues values) {
  constexpr int lanes = pack_lanes<T>;
  const std::int64_t row = blockIdx.x;
  const T* const logits = static_cast<const T*>(arguments.logits) + row * arguments.classes;
  T* const gradient = static_cast<T*>(arguments.logits_gradient) + row * arguments.classes;
  const float log_sum_exp = static_cast<const float*>(arguments.log_sum_exp)[row];
  const float loss_gradient = static_cast<const float*>(arguments.loss_gradient)[row];
  const RowTarget target = row_target(arguments, row);

  for_each_pack_in_block<lanes>(arguments.classes, [&](std::int64_t first, int valid) {
    Lanes<lanes> pack = load_lanes<lanes>(logits + first, valid);
    for (int i = 0; i < lanes; ++i) {
      const std::int64_t k = first + i;
      float t = values.elsewhere;
      if (k == target.a) t += values.extra_at_label * target.weight_a;
      if (k == target.b && target.b != target.a) t += values.extra_at_label * target.weight_b;
      pack[i] = target.valid ? loss_gradient * (expf(pack[i] - log_sum_exp) - t) : NAN;
    }
    store_lanes(gradient + first, pack, valid);
  });
}

LaunchShape shape_of(std::int64_t rows, std::int64_t classes, int lanes) {
  const std::int64_t packs = (classes + lanes - 1) / lanes;
  const unsigned threads = static_cast<unsigned>(std::clamp<std::int64_t>((packs + 31) / 32 * 32, 32, 256));
  return {dim3(blocks_for(rows, 1)), dim3(threads)};
}

}  // namespace

void softmax_cross_entropy_forward(Target target, const SoftmaxCrossEntropyForward& arguments) {
  check_arguments(arguments);
  visit_gpu_type(arguments.type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    launch(target, "softmax_cross_entropy_forward", forward_kernel<T>,
           shape_of(arguments.rows, arguments.classes, pack_lanes<T>), arguments, target_values(arguments));
  });
}

void softmax_cross_entropy_backward(Target target, const SoftmaxCrossEntropyBackward& arguments) {
  check_arguments(arguments);
  visit_gpu_type(arguments.type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    launch(target, "softmax_cross_entropy_backward", backward_kernel<T>,
           shape_of(arguments.rows, arguments.classes, pack_lanes<T>), arguments, target_values(arguments));
  });
}

}  // namespace sleight::kernels
