#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"
#include "kernels/lib/reduce.h"
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

__device__ RowTarget row_target(const SoftmaxCrossEntropyRows& arguments, std::int64_t row) {
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

TargetValues target_values(const SoftmaxCrossEntropyRows& arguments) {
  const SmoothedTarget target = smoothed_target(arguments.convention, arguments.smoothing, arguments.classes);
  return {static_cast<float>(target.elsewhere), static_cast<float>(target.at_label - target.elsewhere)};
}

// body(0), ..., body(Count - 1), each with its number as a constant: what they index in an array stays in registers.
template <class Body, int... Number>
__device__ void for_each_number(std::integer_sequence<int, Number...>, Body&& body) {
  (body(std::integral_constant<int, Number>()), ...);
}

// A row of logits as the threads of its block walk over it, several times. Where a thread has no more than KeptPacks
// packs of it, they are read from memory once and kept in registers; KeptPacks 0: for rows of any length, read again
// each time, mostly from the nearest cache.
template <class T, int KeptPacks>
class LogitsRow {
 public:
  static constexpr int lanes = pack_lanes<T>;

  __device__ LogitsRow(const T* logits, std::int64_t classes) : logits_(logits), classes_(classes) {
    for_each_number(Kept(), [&](auto i) { kept_[i] = load_lanes<lanes>(logits + first_of(i), valid_of(i)); });
  }

  // body(first, valid, logits) for every pack of this thread, in the same order each time.
  template <class Body>
  __device__ void for_each_pack(Body&& body) const {
    if constexpr (KeptPacks == 0) {
      for_each_pack_in_block<lanes>(classes_, [&](std::int64_t first, int valid) {
        body(first, valid, load_lanes<lanes>(logits_ + first, valid));
      });
    } else {
      for_each_number(Kept(), [&](auto i) {
        if (valid_of(i) > 0) body(first_of(i), valid_of(i), kept_[i]);
      });
    }
  }

 private:
  using Kept = std::make_integer_sequence<int, KeptPacks>;

  __device__ std::int64_t first_of(int i) const {
    return (static_cast<std::int64_t>(i) * blockDim.x + threadIdx.x) * lanes;
  }
  __device__ int valid_of(int i) const {
    const std::int64_t left = classes_ - first_of(i);
    return left >= lanes ? lanes : (left > 0 ? static_cast<int>(left) : 0);
  }

  const T* logits_;
  std::int64_t classes_;
  Lanes<lanes> kept_[KeptPacks == 0 ? 1 : KeptPacks];
};

struct RowLoss {
  float loss;  // NaN for labels that do not exist
  float log_sum_exp;
};

// Every thread of the block gets it. The fmas are explicit, here and in the gradient: the loss with its gradient has the
// bits of both apart, however a compiler contracts. All threads have read what they will of the row's memory before it
// returns: the row may be overwritten then.
template <class T, int KeptPacks>
__device__ RowLoss row_loss(const LogitsRow<T, KeptPacks>& row, const T* logits, const RowTarget& target,
                            const TargetValues& values) {
  constexpr int lanes = pack_lanes<T>;
  float maximum = -INFINITY;
  row.for_each_pack([&](std::int64_t, int valid, const Lanes<lanes>& pack) {
    for (int i = 0; i < lanes; ++i) {
      if (i < valid) maximum = Maximum{}(maximum, pack[i]);
    }
  });
  maximum = block_reduce_once(maximum, -INFINITY, Maximum{});

  const float logit_a = target.valid ? static_cast<float>(logits[target.a]) : 0.0F;
  const float logit_b = target.valid ? static_cast<float>(logits[target.b]) : 0.0F;

  // Everything is measured from the maximum: the loss of a row is a small difference of possibly large logits.
  Lanes<2> sums = filled_lanes<2>(0.0F);  // of the exponentials, of the logits
  row.for_each_pack([&](std::int64_t, int valid, const Lanes<lanes>& pack) {
    for (int i = 0; i < lanes; ++i) {
      if (i >= valid) continue;
      sums[0] += expf(pack[i] - maximum);
      sums[1] += pack[i] - maximum;
    }
  });
  sums = block_reduce_once(sums, filled_lanes<2>(0.0F), Sum{});

  const float log_sum = logf(sums[0]);
  float loss = NAN;
  if (target.valid) {
    loss = std::fma(-values.extra_at_label * target.weight_a, logit_a - maximum, log_sum);
    if (target.weight_b != 0.0F) loss = std::fma(-values.extra_at_label * target.weight_b, logit_b - maximum, loss);
    // A logit of -infinity (a class ruled out) has an infinite share in a smoothed target, and none in a sharp one.
    if (values.elsewhere != 0.0F) loss = std::fma(-values.elsewhere, sums[1], loss);
  }
  return {loss, maximum + log_sum};
}

// gradient may be the row itself.
template <class T, int KeptPacks>
__device__ void write_row_gradient(const LogitsRow<T, KeptPacks>& row, const RowTarget& target,
                                   const TargetValues& values, float log_sum_exp, float loss_gradient, T* gradient) {
  constexpr int lanes = pack_lanes<T>;
  row.for_each_pack([&](std::int64_t first, int valid, Lanes<lanes> pack) {
    for (int i = 0; i < lanes; ++i) {
      const std::int64_t k = first + i;
      float t = values.elsewhere;
      if (k == target.a) t = std::fma(values.extra_at_label, target.weight_a, t);
      if (k == target.b && target.b != target.a) t = std::fma(values.extra_at_label, target.weight_b, t);
      pack[i] = target.valid ? loss_gradient * (expf(pack[i] - log_sum_exp) - t) : NAN;
    }
    store_lanes(gradient + first, pack, valid);
  });
}

// One block per row.
template <class T>
__global__ void forward_kernel(SoftmaxCrossEntropyForward arguments, TargetValues values) {
  const std::int64_t n = blockIdx.x;
  const T* const logits = static_cast<const T*>(arguments.logits) + n * arguments.classes;
  const LogitsRow<T, 0> row(logits, arguments.classes);
  const RowLoss result = row_loss(row, logits, row_target(arguments, n), values);
  if (threadIdx.x != 0) return;
  static_cast<float*>(arguments.loss)[n] = result.loss;
  static_cast<float*>(arguments.log_sum_exp)[n] = result.log_sum_exp;
}

template <class T>
__global__ void backward_kernel(SoftmaxCrossEntropyBackward arguments, TargetValues values) {
  const std::int64_t n = blockIdx.x;
  const LogitsRow<T, 0> row(static_cast<const T*>(arguments.logits) + n * arguments.classes, arguments.classes);
  write_row_gradient(row, row_target(arguments, n), values, static_cast<const float*>(arguments.log_sum_exp)[n],
                     static_cast<const float*>(arguments.loss_gradient)[n],
                     static_cast<T*>(arguments.logits_gradient) + n * arguments.classes);
}

template <class T, int KeptPacks>
__global__ void with_gradient_kernel(SoftmaxCrossEntropyWithGradient arguments, TargetValues values) {
  const std::int64_t n = blockIdx.x;
  const T* const logits = static_cast<const T*>(arguments.logits) + n * arguments.classes;
  const LogitsRow<T, KeptPacks> row(logits, arguments.classes);
  const RowTarget target = row_target(arguments, n);
  const RowLoss result = row_loss(row, logits, target, values);
  if (threadIdx.x == 0) static_cast<float*>(arguments.loss)[n] = result.loss;
  const float loss_gradient = *static_cast<const float*>(arguments.mean_gradient) / static_cast<float>(arguments.rows);
  write_row_gradient(row, target, values, result.log_sum_exp, loss_gradient,
                     static_cast<T*>(arguments.logits_gradient) + n * arguments.classes);
}

LaunchShape shape_of(std::int64_t rows, std::int64_t classes, int lanes) {
  const std::int64_t packs = (classes + lanes - 1) / lanes;
  const unsigned threads = static_cast<unsigned>(std::clamp<std::int64_t>((packs + 31) / 32 * 32, 32, 256));
  return {dim3(blocks_for(rows, 1)), dim3(threads)};
}

template <class T, int KeptPacks>
void start_with_gradient(Target target, const LaunchShape& shape, const SoftmaxCrossEntropyWithGradient& arguments) {
  launch(target, "softmax_cross_entropy_with_gradient", with_gradient_kernel<T, KeptPacks>, shape, arguments,
         target_values(arguments));
}

}  // namespace

void softmax_cross_entropy_forward(Target target, const SoftmaxCrossEntropyForward& arguments) {
  check_arguments(arguments);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    launch(target, "softmax_cross_entropy_forward", forward_kernel<T>,
           shape_of(arguments.rows, arguments.classes, pack_lanes<T>), arguments, target_values(arguments));
  });
}

void softmax_cross_entropy_backward(Target target, const SoftmaxCrossEntropyBackward& arguments) {
  check_arguments(arguments);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    launch(target, "softmax_cross_entropy_backward", backward_kernel<T>,
           shape_of(arguments.rows, arguments.classes, pack_lanes<T>), arguments, target_values(arguments));
  });
}

void softmax_cross_entropy_with_gradient(Target target, const SoftmaxCrossEntropyWithGradient& arguments) {
  check_arguments(arguments);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    const LaunchShape shape = shape_of(arguments.rows, arguments.classes, pack_lanes<T>);
    const std::int64_t classes_per_pack = std::int64_t{shape.threads.x} * pack_lanes<T>;
    if (arguments.classes <= classes_per_pack) {
      start_with_gradient<T, 1>(target, shape, arguments);
    } else if (arguments.classes <= 4 * classes_per_pack) {
      start_with_gradient<T, 4>(target, shape, arguments);
    } else {
      start_with_gradient<T, 0>(target, shape, arguments);
    }
  });
}

}  // namespace sleight::kernels
