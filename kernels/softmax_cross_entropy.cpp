#include "kernels/softmax_cross_entropy.h"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace sleight::kernels {

namespace {

void check_labels(const std::int32_t* label, const char* name, std::int64_t rows, std::int64_t classes) {
  for (std::int64_t n = 0; label != nullptr && n < rows; ++n) {
    if (label[n] < 0 || label[n] >= classes)
      throw std::invalid_argument("softmax_cross_entropy: " + std::string(name) + " of row " + std::to_string(n) +
                                  " is " + std::to_string(label[n]) + "; the classes are 0 to " +
                                  std::to_string(classes - 1));
  }
}

void check_labels(const SoftmaxCrossEntropyRows& arguments) {
  check_labels(arguments.label_a, "label_a", arguments.rows, arguments.classes);
  check_labels(arguments.label_b, "label_b", arguments.rows, arguments.classes);
}

// The labels of one row and their weights. Two equal labels are one label: lambda * x + (1 - lambda) * x is not exactly
// x in floating point.
template <class Value>
struct RowTarget {
  std::int32_t a;
  std::int32_t b;
  Value lambda;
};

template <class Value>
RowTarget<Value> row_target(const SoftmaxCrossEntropyRows& arguments, std::int64_t row) {
  const std::int32_t a = arguments.label_a[row];
  const std::int32_t b = arguments.label_b != nullptr ? arguments.label_b[row] : a;
  return {a, b, a == b ? Value(1) : Value(arguments.lambda[row])};
}

// The two numbers of the target: elsewhere, and what a label has on top of it.
template <class Value>
struct TargetValues {
  Value elsewhere;
  Value extra_at_label;
};

template <class Value>
TargetValues<Value> target_values(const SoftmaxCrossEntropyRows& arguments) {
  const SmoothedTarget target = smoothed_target(arguments.convention, arguments.smoothing, arguments.classes);
  return {Value(target.elsewhere), Value(target.at_label - target.elsewhere)};
}

template <class Value>
struct RowLoss {
  Value loss;
  Value log_sum_exp;
};

template <class T, class Value>
RowLoss<Value> row_loss(const T* logits, std::int64_t classes, const RowTarget<Value>& target,
                        const TargetValues<Value>& values) {
  Value maximum = -std::numeric_limits<Value>::infinity();
  for (std::int64_t k = 0; k < classes; ++k)
    maximum = std::fmax(maximum, Value(logits[k]));

  // Everything is measured from the maximum: the loss of a row is a small difference of possibly large logits.
  Value sum_of_exponentials = 0;
  Value sum = 0;
  for (std::int64_t k = 0; k < classes; ++k) {
    const Value shifted = Value(logits[k]) - maximum;
    sum_of_exponentials += std::exp(shifted);
    sum += shifted;
  }
  const Value log_sum = std::log(sum_of_exponentials);

  // -sum_k t(k) log p(k) with sum_k t(k) = 1
  const auto [a, b, lambda] = target;
  Value loss = log_sum - values.extra_at_label * lambda * (Value(logits[a]) - maximum);
  if (lambda != Value(1)) loss -= values.extra_at_label * (Value(1) - lambda) * (Value(logits[b]) - maximum);
  // A logit of -infinity (a class ruled out) has an infinite share in a smoothed target, and none in a sharp one.
  if (values.elsewhere != Value(0)) loss -= values.elsewhere * sum;
  return {loss, maximum + log_sum};
}

// gradient may be logits.
template <class T, class Value>
void write_row_gradient(const T* logits, std::int64_t classes, const RowTarget<Value>& target,
                        const TargetValues<Value>& values, Value log_sum_exp, Value loss_gradient, T* gradient) {
  const auto [a, b, lambda] = target;
  for (std::int64_t k = 0; k < classes; ++k) {
    Value t = values.elsewhere;
    if (k == a) t += values.extra_at_label * lambda;
    if (k == b && b != a) t += values.extra_at_label * (Value(1) - lambda);
    gradient[k] = T(loss_gradient * (std::exp(Value(logits[k]) - log_sum_exp) - t));
  }
}

template <class T>
void forward(const SoftmaxCrossEntropyForward& arguments) {
  using Value = Accumulator<T>;
  const TargetValues<Value> values = target_values<Value>(arguments);
#pragma omp parallel for schedule(static)
  for (std::int64_t n = 0; n < arguments.rows; ++n) {
    const T* const logits = static_cast<const T*>(arguments.logits) + n * arguments.classes;
    const RowLoss<Value> row = row_loss(logits, arguments.classes, row_target<Value>(arguments, n), values);
    static_cast<Value*>(arguments.loss)[n] = row.loss;
    static_cast<Value*>(arguments.log_sum_exp)[n] = row.log_sum_exp;
  }
}

template <class T>
void backward(const SoftmaxCrossEntropyBackward& arguments) {
  using Value = Accumulator<T>;
  const TargetValues<Value> values = target_values<Value>(arguments);
#pragma omp parallel for schedule(static)
  for (std::int64_t n = 0; n < arguments.rows; ++n) {
    const std::int64_t first = n * arguments.classes;
    write_row_gradient(static_cast<const T*>(arguments.logits) + first, arguments.classes,
                       row_target<Value>(arguments, n), values, static_cast<const Value*>(arguments.log_sum_exp)[n],
                       static_cast<const Value*>(arguments.loss_gradient)[n],
                       static_cast<T*>(arguments.logits_gradient) + first);
  }
}

template <class T>
void with_gradient(const SoftmaxCrossEntropyWithGradient& arguments) {
  using Value = Accumulator<T>;
  const TargetValues<Value> values = target_values<Value>(arguments);
  const Value loss_gradient = *static_cast<const Value*>(arguments.mean_gradient) / static_cast<Value>(arguments.rows);
#pragma omp parallel for schedule(static)
  for (std::int64_t n = 0; n < arguments.rows; ++n) {
    const std::int64_t first = n * arguments.classes;
    const T* const logits = static_cast<const T*>(arguments.logits) + first;
    const RowTarget<Value> target = row_target<Value>(arguments, n);
    const RowLoss<Value> row = row_loss(logits, arguments.classes, target, values);
    static_cast<Value*>(arguments.loss)[n] = row.loss;
    write_row_gradient(logits, arguments.classes, target, values, row.log_sum_exp, loss_gradient,
                       static_cast<T*>(arguments.logits_gradient) + first);
  }
}

}  // namespace

void check_arguments(const SoftmaxCrossEntropyRows& arguments) {
  if (arguments.classes < 2)
    throw std::invalid_argument("softmax_cross_entropy: " + std::to_string(arguments.classes) +
                                " classes; with fewer than 2 there is nothing to tell apart");
  if (!(arguments.smoothing >= 0 && arguments.smoothing < 1))
    throw std::invalid_argument("softmax_cross_entropy: label smoothing " + std::to_string(arguments.smoothing) +
                                "; it must be at least 0 and less than 1");
}

void softmax_cross_entropy_forward(Cpu, const SoftmaxCrossEntropyForward& arguments) {
  check_arguments(arguments);
  check_labels(arguments);
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { forward<T>(arguments); });
}

void softmax_cross_entropy_backward(Cpu, const SoftmaxCrossEntropyBackward& arguments) {
  check_arguments(arguments);
  check_labels(arguments);
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { backward<T>(arguments); });
}

void softmax_cross_entropy_with_gradient(Cpu, const SoftmaxCrossEntropyWithGradient& arguments) {
  check_arguments(arguments);
  check_labels(arguments);
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { with_gradient<T>(arguments); });
}

}  // namespace sleight::kernels
