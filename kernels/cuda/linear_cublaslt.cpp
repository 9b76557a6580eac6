// The fully connected layer on NVIDIA GPUs: three products through cuBLASLt.
#include <stdexcept>

#include "kernels/cuda/matrix_product.h"
#include "kernels/linear.h"

namespace sleight::kernels {
namespace {

// What happens to the shape, with the shape in front of every error.
template <class Function>
auto naming(const char* direction, const LinearShape& shape, Function&& function) {
  try {
    return function();
  } catch (const std::runtime_error& error) {
    throw std::runtime_error("linear " + std::string(direction) + " " + to_string(shape) + " on cuda: " + error.what());
  }
}

MatrixProduct prepare(const char* direction, const Cuda& cuda, const LinearShape& shape, const Factor& left,
                      const Factor& right, bool has_bias) {
  check(shape);
  return naming(direction, shape, [&] {
    const TuningKey key = libraries_of(cuda).key("linear " + std::string(direction), shape.type);
    return MatrixProduct(cuda, {left, right, has_bias, shape.type}, key);
  });
}

class Forward : public LinearForward {
 public:
  Forward(const Cuda& cuda, const LinearShape& shape)
      : shape_(shape),
        product_(prepare("forward", cuda, shape, {shape.rows, shape.input_features},
                         {shape.output_features, shape.input_features, true}, shape.has_bias)) {}

  std::int64_t workspace_bytes() const override { return product_.workspace_bytes(); }

  void run(const void* input, const void* weights, const void* bias, void* output, void* workspace) override {
    naming("forward", shape_, [&] { product_.run(input, weights, bias, output, workspace); });
  }

 private:
  LinearShape shape_;
  MatrixProduct product_;
};

class BackwardData : public LinearBackwardData {
 public:
  BackwardData(const Cuda& cuda, const LinearShape& shape)
      : shape_(shape),
        product_(prepare("backward data", cuda, shape, {shape.rows, shape.output_features},
                         {shape.output_features, shape.input_features}, false)) {}

  std::int64_t workspace_bytes() const override { return product_.workspace_bytes(); }

  void run(const void* output_gradient, const void* weights, void* input_gradient, void* workspace) override {
    naming("backward data", shape_,
           [&] { product_.run(output_gradient, weights, nullptr, input_gradient, workspace); });
  }

 private:
  LinearShape shape_;
  MatrixProduct product_;
};

class BackwardWeights : public LinearBackwardWeights {
 public:
  BackwardWeights(const Cuda& cuda, const LinearShape& shape)
      : shape_(shape),
        product_(prepare("backward weights", cuda, shape, {shape.rows, shape.output_features, true},
                         {shape.rows, shape.input_features}, false)) {}

  std::int64_t workspace_bytes() const override { return product_.workspace_bytes(); }

  void run(const void* input, const void* output_gradient, void* weight_gradient, void* workspace) override {
    naming("backward weights", shape_,
           [&] { product_.run(output_gradient, input, nullptr, weight_gradient, workspace); });
  }

 private:
  LinearShape shape_;
  MatrixProduct product_;
};

}  // namespace

std::unique_ptr<LinearForward> make_linear_forward(Cuda cuda, const LinearShape& shape) {
  return std::make_unique<Forward>(cuda, shape);
}

std::unique_ptr<LinearBackwardData> make_linear_backward_data(Cuda cuda, const LinearShape& shape) {
  return std::make_unique<BackwardData>(cuda, shape);
}

std::unique_ptr<LinearBackwardWeights> make_linear_backward_weights(Cuda cuda, const LinearShape& shape) {
  return std::make_unique<BackwardWeights>(cuda, shape);
}

}  // namespace sleight::kernels
