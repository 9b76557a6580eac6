// The three products of the fully connected layer as loops.
#include "kernels/linear.h"
#include "kernels/plain.h"

namespace sleight::kernels {
namespace {

template <class T>
class Forward : public LinearForward {
 public:
  explicit Forward(const LinearShape& shape) : shape_(shape) {}

  std::int64_t workspace_bytes() const override { return 0; }

  void run(const void* input, const void* weights, const void* bias, void* output, void*) override {
    const auto* in = static_cast<const T*>(input);
    const auto* weight = static_cast<const T*>(weights);
    const auto* shift = static_cast<const T*>(bias);
    auto* out = static_cast<T*>(output);
    const LinearShape shape = shape_;
#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t n = 0; n < shape.rows; ++n) {
      for (std::int64_t o = 0; o < shape.output_features; ++o) {
        Accumulator<T> sum = 0;
        for (std::int64_t i = 0; i < shape.input_features; ++i) {
          sum += static_cast<Accumulator<T>>(in[n * shape.input_features + i]) *
                 static_cast<Accumulator<T>>(weight[o * shape.input_features + i]);
        }
        if (shape.has_bias) sum += static_cast<Accumulator<T>>(shift[o]);
        out[n * shape.output_features + o] = static_cast<T>(sum);
      }
    }
  }

 private:
  LinearShape shape_;
};

template <class T>
class BackwardData : public LinearBackwardData {
 public:
  explicit BackwardData(const LinearShape& shape) : shape_(shape) {}

  std::int64_t workspace_bytes() const override { return 0; }

  void run(const void* output_gradient, const void* weights, void* input_gradient, void*) override {
    const auto* gradient = static_cast<const T*>(output_gradient);
    const auto* weight = static_cast<const T*>(weights);
    auto* in = static_cast<T*>(input_gradient);
    const LinearShape shape = shape_;
#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t n = 0; n < shape.rows; ++n) {
      for (std::int64_t i = 0; i < shape.input_features; ++i) {
        Accumulator<T> sum = 0;
        for (std::int64_t o = 0; o < shape.output_features; ++o) {
          sum += static_cast<Accumulator<T>>(gradient[n * shape.output_features + o]) *
                 static_cast<Accumulator<T>>(weight[o * shape.input_features + i]);
        }
        in[n * shape.input_features + i] = static_cast<T>(sum);
      }
    }
  }

 private:
  LinearShape shape_;
};

template <class T>
class BackwardWeights : public LinearBackwardWeights {
 public:
  explicit BackwardWeights(const LinearShape& shape) : shape_(shape) {}

  std::int64_t workspace_bytes() const override { return 0; }

  void run(const void* input, const void* output_gradient, void* weight_gradient, void*) override {
    const auto* in = static_cast<const T*>(input);
    const auto* gradient = static_cast<const T*>(output_gradient);
    auto* out = static_cast<T*>(weight_gradient);
    const LinearShape shape = shape_;
#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t o = 0; o < shape.output_features; ++o) {
      for (std::int64_t i = 0; i < shape.input_features; ++i) {
        Accumulator<T> sum = 0;
        for (std::int64_t n = 0; n < shape.rows; ++n) {
          sum += static_cast<Accumulator<T>>(gradient[n * shape.output_features + o]) *
                 static_cast<Accumulator<T>>(in[n * shape.input_features + i]);
        }
        out[o * shape.input_features + i] = static_cast<T>(sum);
      }
    }
  }

 private:
  LinearShape shape_;
};

}  // namespace

std::unique_ptr<LinearForward> make_plain_linear_forward(const LinearShape& shape) {
  return make_plain<Forward, LinearForward>(shape);
}

std::unique_ptr<LinearBackwardData> make_plain_linear_backward_data(const LinearShape& shape) {
  return make_plain<BackwardData, LinearBackwardData>(shape);
}

std::unique_ptr<LinearBackwardWeights> make_plain_linear_backward_weights(const LinearShape& shape) {
  return make_plain<BackwardWeights, LinearBackwardWeights>(shape);
}

}  // namespace sleight::kernels
