#include "kernels/linear.h"

#include <cmath>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "catch2_adapter.h"
#include "tests/kernels/convolution_reference.h"
#include "tests/kernels/guarded_buffer.h"
#include "tests/kernels/on_gpu.h"

namespace sleight::tests {
namespace {

using kernels::Cpu;
using kernels::LinearShape;

struct Sums {
  std::vector<double> value, size;  // size: the same sums over absolute values

  explicit Sums(std::int64_t count) : value(count, 0.0), size(count, 0.0) {}
  void add(std::int64_t at, double term) {
    value[at] += term;
    size[at] += std::abs(term);
  }
};

template <class T>
void fill(GuardedBuffer& buffer, const std::vector<double>& values) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    buffer.as<T>()[k] = static_cast<T>(static_cast<Accumulator<T>>(values[k]));
  }
}

template <class T>
bool agrees(GuardedBuffer& buffer, const Sums& expected, double tolerance) {
  for (std::size_t k = 0; k < expected.value.size(); ++k) {
    const double error = std::abs(static_cast<double>(buffer.as<T>()[k]) - expected.value[k]);
    if (!(error <= tolerance * expected.size[k])) return false;
  }
  return true;
}

struct Implementation {
  std::unique_ptr<kernels::LinearForward> forward;
  std::unique_ptr<kernels::LinearBackwardData> backward_data;
  std::unique_ptr<kernels::LinearBackwardWeights> backward_weights;
};

template <class T>
void test_against_definition(const LinearShape& shape, const Implementation& implementation, double tolerance) {
  const auto [rows, inputs, outputs, has_bias, type] = shape;
  const auto x = coarse_numbers(rows * inputs, 1);
  const auto w = coarse_numbers(outputs * inputs, 2);
  const auto b = coarse_numbers(outputs, 3);
  const auto g = coarse_numbers(rows * outputs, 4);
  Sums y(rows * outputs);
  Sums dx(rows * inputs);
  Sums dw(outputs * inputs);
  for (std::int64_t n = 0; n < rows; ++n) {
    for (std::int64_t o = 0; o < outputs; ++o) {
      const std::int64_t at = n * outputs + o;
      if (has_bias) y.add(at, b[o]);
      for (std::int64_t i = 0; i < inputs; ++i) {
        y.add(at, x[n * inputs + i] * w[o * inputs + i]);
        dx.add(n * inputs + i, g[at] * w[o * inputs + i]);
        dw.add(o * inputs + i, g[at] * x[n * inputs + i]);
      }
    }
  }

  const auto buffer = [](const std::vector<double>& values) {
    GuardedBuffer result(static_cast<std::int64_t>(values.size() * sizeof(T)));
    fill<T>(result, values);
    return result;
  };
  GuardedBuffer input = buffer(x);
  GuardedBuffer weights = buffer(w);
  GuardedBuffer bias = buffer(b);
  GuardedBuffer output_gradient = buffer(g);
  GuardedBuffer output(rows * outputs * std::int64_t{sizeof(T)});
  GuardedBuffer input_gradient(rows * inputs * std::int64_t{sizeof(T)});
  GuardedBuffer weight_gradient(outputs * inputs * std::int64_t{sizeof(T)});
  const Implementation& run = implementation;
  GuardedBuffer workspace(std::max(
      {run.forward->workspace_bytes(), run.backward_data->workspace_bytes(), run.backward_weights->workspace_bytes()}));
  const auto run_all = [&] {
    for (GuardedBuffer* result : {&output, &input_gradient, &weight_gradient})
      result->poison();
    run.forward->run(input.data(), weights.data(), bias.data(), output.data(), workspace.data());
    run.backward_data->run(output_gradient.data(), weights.data(), input_gradient.data(), workspace.data());
    run.backward_weights->run(input.data(), output_gradient.data(), weight_gradient.data(), workspace.data());
  };

  CAPTURE(rows, inputs, outputs, has_bias, name_of(type));
  run_all();
  CHECK(agrees<T>(output, y, tolerance));
  CHECK(agrees<T>(input_gradient, dx, tolerance));
  CHECK(agrees<T>(weight_gradient, dw, tolerance));

  const GuardedBuffer first_output = output;
  const GuardedBuffer first_input_gradient = input_gradient;
  const GuardedBuffer first_weight_gradient = weight_gradient;
  run_all();
  CHECK(std::memcmp(output.data(), first_output.data(), output.bytes()) == 0);
  CHECK(std::memcmp(input_gradient.data(), first_input_gradient.data(), input_gradient.bytes()) == 0);
  CHECK(std::memcmp(weight_gradient.data(), first_weight_gradient.data(), weight_gradient.bytes()) == 0);

  for (const GuardedBuffer* each :
       {&input, &weights, &bias, &output_gradient, &output, &input_gradient, &weight_gradient, &workspace}) {
    CHECK(each->guards_intact());
  }
}

const std::vector<LinearShape> shapes = {{1, 1, 1, false},    {3, 5, 7, true},       {8, 64, 10, true},
                                         {17, 33, 65, false}, {128, 64, 10, true},   {8, 512, 100, true},
                                         {5, 2048, 31, true}, {33, 129, 1000, false}};

Implementation make_on_cpu(const LinearShape& shape) {
  return {kernels::make_linear_forward(Cpu{}, shape), kernels::make_linear_backward_data(Cpu{}, shape),
          kernels::make_linear_backward_weights(Cpu{}, shape)};
}

// The three directions on the GPU, which take and give host memory as the others do.
class ForwardOnGpu : public kernels::LinearForward {
 public:
  ForwardOnGpu(const Device& device, const LinearShape& shape) : device_(device), shape_(shape) {
    kernels::run_on(device.target(), [&](auto queue) { prepared_ = kernels::make_linear_forward(queue, shape); });
  }
  std::int64_t workspace_bytes() const override { return 0; }
  void run(const void* input, const void* weights, const void* bias, void* output, void*) override {
    const auto [rows, inputs, outputs, has_bias, type] = shape_;
    const std::int64_t element = size_of(type);
    run_on_gpu(device_,
               {{input, rows * inputs * element}, {weights, outputs * inputs * element}, {bias, outputs * element}},
               {output, rows * outputs * element}, prepared_->workspace_bytes(),
               [&](const std::vector<void*>& operands, void* result, void* workspace) {
                 prepared_->run(operands[0], operands[1], operands[2], result, workspace);
               });
  }

 private:
  const Device& device_;
  LinearShape shape_;
  std::unique_ptr<kernels::LinearForward> prepared_;
};

class BackwardDataOnGpu : public kernels::LinearBackwardData {
 public:
  BackwardDataOnGpu(const Device& device, const LinearShape& shape) : device_(device), shape_(shape) {
    kernels::run_on(device.target(), [&](auto queue) { prepared_ = kernels::make_linear_backward_data(queue, shape); });
  }
  std::int64_t workspace_bytes() const override { return 0; }
  void run(const void* output_gradient, const void* weights, void* input_gradient, void*) override {
    const auto [rows, inputs, outputs, has_bias, type] = shape_;
    const std::int64_t element = size_of(type);
    run_on_gpu(device_, {{output_gradient, rows * outputs * element}, {weights, outputs * inputs * element}},
               {input_gradient, rows * inputs * element}, prepared_->workspace_bytes(),
               [&](const std::vector<void*>& operands, void* result, void* workspace) {
                 prepared_->run(operands[0], operands[1], result, workspace);
               });
  }

 private:
  const Device& device_;
  LinearShape shape_;
  std::unique_ptr<kernels::LinearBackwardData> prepared_;
};

class BackwardWeightsOnGpu : public kernels::LinearBackwardWeights {
 public:
  BackwardWeightsOnGpu(const Device& device, const LinearShape& shape) : device_(device), shape_(shape) {
    kernels::run_on(device.target(),
                    [&](auto queue) { prepared_ = kernels::make_linear_backward_weights(queue, shape); });
  }
  std::int64_t workspace_bytes() const override { return 0; }
  void run(const void* input, const void* output_gradient, void* weight_gradient, void*) override {
    const auto [rows, inputs, outputs, has_bias, type] = shape_;
    const std::int64_t element = size_of(type);
    run_on_gpu(device_, {{input, rows * inputs * element}, {output_gradient, rows * outputs * element}},
               {weight_gradient, outputs * inputs * element}, prepared_->workspace_bytes(),
               [&](const std::vector<void*>& operands, void* result, void* workspace) {
                 prepared_->run(operands[0], operands[1], result, workspace);
               });
  }

 private:
  const Device& device_;
  LinearShape shape_;
  std::unique_ptr<kernels::LinearBackwardWeights> prepared_;
};

Implementation make_on_gpu(const Device& device, const LinearShape& shape) {
  return {std::make_unique<ForwardOnGpu>(device, shape), std::make_unique<BackwardDataOnGpu>(device, shape),
          std::make_unique<BackwardWeightsOnGpu>(device, shape)};
}

}  // namespace

TEST_CASE("linear on the GPU agrees with its definition", "[linear][gpu]") {
  for (const bool allow_tf32 : {false, true}) {
    const std::optional<Device> gpu = find_gpu({.deterministic = true, .allow_tf32 = allow_tf32});
    if (!gpu) return;
    for (LinearShape shape : shapes) {
      // The numbers are exact in bfloat16, so TF32 rounds no product.
      test_against_definition<float>(shape, make_on_gpu(*gpu, shape), 1e-5);
      shape.type = DataType::bfloat16;
      test_against_definition<bfloat16>(shape, make_on_gpu(*gpu, shape), 1.0 / 256);
      shape.type = DataType::float16;
      test_against_definition<float16>(shape, make_on_gpu(*gpu, shape), 1.0 / 2048);
    }
  }
}

TEST_CASE("what brings a linear layer to the GPU and back, tried on the cpu", "[linear]") {
  const Device cpu("cpu");
  test_against_definition<float>(shapes[1], make_on_gpu(cpu, shapes[1]), 1e-6);
}

TEST_CASE("linear on the cpu agrees with its definition", "[linear]") {
  for (LinearShape shape : shapes) {
    test_against_definition<float>(shape, make_on_cpu(shape), 1e-6);
    shape.type = DataType::float64;
    test_against_definition<double>(shape, make_on_cpu(shape), 1e-14);
    shape.type = DataType::bfloat16;
    test_against_definition<bfloat16>(shape, make_on_cpu(shape), 1.0 / 256);
    shape.type = DataType::float16;
    test_against_definition<float16>(shape, make_on_cpu(shape), 1.0 / 2048);
  }
}

TEST_CASE("plain linear and linear on simt agree with the definition", "[linear]") {
  const kernels::Simt simt;
  for (const LinearShape& shape : shapes) {
    test_against_definition<float>(
        shape,
        {kernels::make_plain_linear_forward(shape), kernels::make_plain_linear_backward_data(shape),
         kernels::make_plain_linear_backward_weights(shape)},
        1e-5);
    test_against_definition<float>(
        shape,
        {kernels::make_linear_forward(simt, shape), kernels::make_linear_backward_data(simt, shape),
         kernels::make_linear_backward_weights(simt, shape)},
        1e-6);
  }
}

TEST_CASE("a linear layer without features is refused", "[linear]") {
  CHECK_THROWS_AS(kernels::make_linear_forward(Cpu{}, {0, 4, 4}), std::invalid_argument);
  CHECK_THROWS_AS(kernels::make_linear_backward_data(Cpu{}, {4, 0, 4}), std::invalid_argument);
  CHECK_THROWS_AS(kernels::make_linear_backward_weights(Cpu{}, {4, 4, 4, false, DataType::uint8}),
                  std::invalid_argument);
  CHECK_THROWS_AS(kernels::make_plain_linear_forward({4, 4, -1}), std::invalid_argument);
}

}  // namespace sleight::tests
