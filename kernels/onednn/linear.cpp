// The fully connected layer on the cpu: oneDNN's matrix product for float32, plain loops for the other types.
#include "kernels/linear.h"

#include <oneapi/dnnl/dnnl.h>
#include <algorithm>
#include <stdexcept>

namespace sleight::kernels {
namespace {

// A matrix as its memory says, in row order, or its transpose.
struct Matrix {
  const void* data;
  std::int64_t row_length;
  bool transposed = false;
};

// result[m, n] = left[m, k] * right[k, n] + beta * result
void multiply(std::int64_t m, std::int64_t n, std::int64_t k, const Matrix& left, const Matrix& right, float beta,
              void* result) {
  const auto letter = [](const Matrix& matrix) { return matrix.transposed ? 'T' : 'N'; };
  const dnnl_status_t status =
      dnnl_sgemm(letter(left), letter(right), m, n, k, 1.0F, static_cast<const float*>(left.data), left.row_length,
                 static_cast<const float*>(right.data), right.row_length, beta, static_cast<float*>(result), n);
  if (status != dnnl_success) throw std::runtime_error("linear: oneDNN's matrix product failed");
}

class Forward : public LinearForward {
 public:
  explicit Forward(const LinearShape& shape) : shape_(shape) {}

  std::int64_t workspace_bytes() const override { return 0; }

  void run(const void* input, const void* weights, const void* bias, void* output, void*) override {
    const auto [rows, inputs, outputs, has_bias, type] = shape_;
    if (has_bias) {
      const auto* shift = static_cast<const float*>(bias);
      for (std::int64_t row = 0; row < rows; ++row) {
        std::copy_n(shift, outputs, static_cast<float*>(output) + row * outputs);
      }
    }
    multiply(rows, outputs, inputs, {input, inputs}, {weights, inputs, true}, has_bias ? 1.0F : 0.0F, output);
  }

 private:
  LinearShape shape_;
};

class BackwardData : public LinearBackwardData {
 public:
  explicit BackwardData(const LinearShape& shape) : shape_(shape) {}

  std::int64_t workspace_bytes() const override { return 0; }

  void run(const void* output_gradient, const void* weights, void* input_gradient, void*) override {
    const auto [rows, inputs, outputs, has_bias, type] = shape_;
    multiply(rows, inputs, outputs, {output_gradient, outputs}, {weights, inputs}, 0.0F, input_gradient);
  }

 private:
  LinearShape shape_;
};

class BackwardWeights : public LinearBackwardWeights {
 public:
  explicit BackwardWeights(const LinearShape& shape) : shape_(shape) {}

  std::int64_t workspace_bytes() const override { return 0; }

  void run(const void* input, const void* output_gradient, void* weight_gradient, void*) override {
    const auto [rows, inputs, outputs, has_bias, type] = shape_;
    multiply(outputs, inputs, rows, {output_gradient, outputs, true}, {input, inputs}, 0.0F, weight_gradient);
  }

 private:
  LinearShape shape_;
};

}  // namespace

std::unique_ptr<LinearForward> make_linear_forward(Cpu, const LinearShape& shape) {
  check(shape);
  if (shape.type != DataType::float32) return make_plain_linear_forward(shape);
  return std::make_unique<Forward>(shape);
}

std::unique_ptr<LinearBackwardData> make_linear_backward_data(Cpu, const LinearShape& shape) {
  check(shape);
  if (shape.type != DataType::float32) return make_plain_linear_backward_data(shape);
  return std::make_unique<BackwardData>(shape);
}

std::unique_ptr<LinearBackwardWeights> make_linear_backward_weights(Cpu, const LinearShape& shape) {
  check(shape);
  if (shape.type != DataType::float32) return make_plain_linear_backward_weights(shape);
  return std::make_unique<BackwardWeights>(shape);
}

}  // namespace sleight::kernels
