#include "kernels/convolution.h"

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "catch2_adapter.h"
#include "tests/kernels/convolution_reference.h"
#include "tests/kernels/guarded_buffer.h"
#include "tests/kernels/on_gpu.h"

namespace sleight::tests {
namespace {

using kernels::ActivationView;
using kernels::ConvolutionShape;
using kernels::Cpu;
using kernels::WeightLayout;

struct Geometry {
  std::int64_t batch, height, width, input_channels, output_channels, kernel_height, kernel_width, stride, padding;
  bool has_bias;
};

// Tails everywhere: channels that no block divides, heights and widths that differ, windows that leave a rest.
const std::vector<Geometry> geometries = {
    {1, 5, 7, 1, 1, 1, 1, 1, 0, false},     {3, 6, 5, 5, 7, 1, 1, 1, 0, true},
    {2, 9, 8, 3, 16, 3, 3, 1, 1, false},    {3, 13, 10, 3, 32, 3, 3, 2, 1, false},
    {1, 23, 19, 3, 64, 7, 7, 2, 3, true},   {2, 8, 9, 1, 16, 3, 3, 1, 1, false},
    {2, 8, 9, 2, 32, 5, 5, 1, 2, false},    {3, 9, 7, 16, 16, 3, 3, 1, 1, false},
    {1, 11, 6, 16, 32, 3, 3, 2, 1, true},   {3, 7, 9, 16, 32, 1, 1, 2, 0, false},
    {2, 6, 11, 48, 16, 1, 1, 1, 0, false},  {3, 9, 14, 32, 32, 3, 3, 1, 1, true},
    {1, 7, 7, 64, 48, 3, 3, 1, 1, false},   {2, 10, 5, 64, 32, 3, 3, 1, 0, false},
    {2, 7, 8, 32, 32, 3, 3, 1, 2, false},   {1, 15, 12, 32, 16, 7, 7, 2, 3, false},
    {2, 9, 6, 16, 21, 1, 1, 1, 0, true},    {1, 9, 6, 24, 16, 3, 3, 2, 1, false},
    {2, 6, 7, 17, 32, 3, 3, 1, 1, false},   {1, 12, 9, 16, 16, 2, 3, 1, 0, false},
    {3, 1, 1, 32, 64, 1, 1, 1, 0, true},    {1, 5, 4, 8, 8, 3, 3, 1, 1, false},
    {2, 4, 13, 128, 64, 1, 1, 2, 0, false}, {1, 3, 3, 16, 16, 3, 3, 2, 3, false},
};

std::string text(const ConvolutionShape& s) {
  return std::to_string(s.input.batch) + "x" + std::to_string(s.input.height) + "x" + std::to_string(s.input.width) +
         " channels " + std::to_string(s.input.channels()) + " (lanes " + std::to_string(s.input.lanes) + ") -> " +
         std::to_string(s.output.channels()) + " (lanes " + std::to_string(s.output.lanes) + ") kernel " +
         std::to_string(s.kernel_height) + "x" + std::to_string(s.kernel_width) + " stride " +
         std::to_string(s.stride) + " padding " + std::to_string(s.padding) + " weight lanes " +
         std::to_string(s.weight_layout.output_lanes) + "x" + std::to_string(s.weight_layout.input_lanes) + " " +
         std::string(name_of(s.type));
}

ConvolutionShape make_shape(const Geometry& g, std::int64_t input_lanes, std::int64_t output_lanes,
                            WeightLayout weight_layout, DataType type) {
  ConvolutionShape shape;
  shape.input = {g.batch, g.height, g.width, g.input_channels / input_lanes, input_lanes};
  shape.output = {g.batch, kernels::convolution_output_side(g.height, g.kernel_height, g.stride, g.padding),
                  kernels::convolution_output_side(g.width, g.kernel_width, g.stride, g.padding),
                  g.output_channels / output_lanes, output_lanes};
  shape.kernel_height = g.kernel_height;
  shape.kernel_width = g.kernel_width;
  shape.stride = g.stride;
  shape.padding = g.padding;
  shape.weight_layout = weight_layout;
  shape.has_bias = g.has_bias;
  shape.type = type;
  return shape;
}

// The layout the engine uses, the plain one, and mixtures that a network's first and last layers meet.
std::vector<ConvolutionShape> all_layouts(const Geometry& g, DataType type) {
  const std::int64_t in = kernels::preferred_lanes(Cpu{}, g.input_channels);
  const std::int64_t out = kernels::preferred_lanes(Cpu{}, g.output_channels);
  const WeightLayout preferred = kernels::preferred_weight_layout(Cpu{}, g.input_channels, g.output_channels);
  const WeightLayout plain = kernels::layout_ohwi(g.input_channels);
  return {make_shape(g, in, out, preferred, type),
          make_shape(g, g.input_channels, g.output_channels, plain, type),
          make_shape(g, in, out, kernels::layout_oihw(), type),
          make_shape(g, g.input_channels, out, plain, type),
          make_shape(g, in, g.output_channels, preferred, type),
          make_shape(g, 1, out, preferred, type)};
}

template <class T>
void fill(GuardedBuffer& buffer, const std::vector<double>& values, const std::vector<std::int64_t>& where) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    buffer.as<T>()[where[k]] = static_cast<T>(static_cast<Accumulator<T>>(values[k]));
  }
}

// The largest error, in units of the largest sum of absolute values.
template <class T>
double largest_error(GuardedBuffer& buffer, const std::vector<double>& expected, const std::vector<double>& sizes,
                     const std::vector<std::int64_t>& where) {
  double unit = 0;
  for (const double size : sizes)
    unit = std::max(unit, size);
  double largest = 0;
  for (std::size_t k = 0; k < expected.size(); ++k) {
    const double error = std::abs(static_cast<double>(buffer.as<T>()[where[k]]) - expected[k]);
    if (!(error <= largest)) largest = error;
    if (std::isnan(error)) return error;
  }
  return unit > 0 ? largest / unit : largest;
}

struct Implementation {
  std::unique_ptr<kernels::ConvolutionForward> forward;
  std::unique_ptr<kernels::ConvolutionBackwardData> backward_data;
  std::unique_ptr<kernels::ConvolutionBackwardWeights> backward_weights;
};

Implementation make_on_cpu(const ConvolutionShape& shape) {
  return {kernels::make_convolution_forward(Cpu{}, shape), kernels::make_convolution_backward_data(Cpu{}, shape),
          kernels::make_convolution_backward_weights(Cpu{}, shape)};
}

Implementation make_plain(const ConvolutionShape& shape) {
  return {kernels::make_plain_convolution_forward(shape), kernels::make_plain_convolution_backward_data(shape),
          kernels::make_plain_convolution_backward_weights(shape)};
}

// The three directions on the GPU, which take and give host memory as the others do.
class ForwardOnGpu : public kernels::ConvolutionForward {
 public:
  ForwardOnGpu(const Device& device, const ConvolutionShape& shape) : device_(device), shape_(shape) {
    kernels::run_on(device.target(), [&](auto queue) { prepared_ = kernels::make_convolution_forward(queue, shape); });
  }
  std::int64_t workspace_bytes() const override { return 0; }
  void run(const void* input, const void* weights, const void* bias, void* output, void*) override {
    const std::int64_t element = size_of(shape_.type);
    run_on_gpu(device_,
               {{input, shape_.input.size() * element},
                {weights, shape_.weights().size() * element},
                {bias, shape_.output.channels() * element}},
               {output, shape_.output.size() * element}, prepared_->workspace_bytes(),
               [&](const std::vector<void*>& operands, void* result, void* workspace) {
                 prepared_->run(operands[0], operands[1], operands[2], result, workspace);
               });
  }

 private:
  const Device& device_;
  ConvolutionShape shape_;
  std::unique_ptr<kernels::ConvolutionForward> prepared_;
};

class BackwardDataOnGpu : public kernels::ConvolutionBackwardData {
 public:
  BackwardDataOnGpu(const Device& device, const ConvolutionShape& shape) : device_(device), shape_(shape) {
    kernels::run_on(device.target(),
                    [&](auto queue) { prepared_ = kernels::make_convolution_backward_data(queue, shape); });
  }
  std::int64_t workspace_bytes() const override { return 0; }
  void run(const void* output_gradient, const void* weights, void* input_gradient, void*) override {
    const std::int64_t element = size_of(shape_.type);
    run_on_gpu(device_,
               {{output_gradient, shape_.output.size() * element}, {weights, shape_.weights().size() * element}},
               {input_gradient, shape_.input.size() * element}, prepared_->workspace_bytes(),
               [&](const std::vector<void*>& operands, void* result, void* workspace) {
                 prepared_->run(operands[0], operands[1], result, workspace);
               });
  }

 private:
  const Device& device_;
  ConvolutionShape shape_;
  std::unique_ptr<kernels::ConvolutionBackwardData> prepared_;
};

class BackwardWeightsOnGpu : public kernels::ConvolutionBackwardWeights {
 public:
  BackwardWeightsOnGpu(const Device& device, const ConvolutionShape& shape) : device_(device), shape_(shape) {
    kernels::run_on(device.target(),
                    [&](auto queue) { prepared_ = kernels::make_convolution_backward_weights(queue, shape); });
  }
  std::int64_t workspace_bytes() const override { return 0; }
  void run(const void* input, const void* output_gradient, void* weight_gradient, void*) override {
    const std::int64_t element = size_of(shape_.type);
    run_on_gpu(device_, {{input, shape_.input.size() * element}, {output_gradient, shape_.output.size() * element}},
               {weight_gradient, shape_.weights().size() * element}, prepared_->workspace_bytes(),
               [&](const std::vector<void*>& operands, void* result, void* workspace) {
                 prepared_->run(operands[0], operands[1], result, workspace);
               });
  }

 private:
  const Device& device_;
  ConvolutionShape shape_;
  std::unique_ptr<kernels::ConvolutionBackwardWeights> prepared_;
};

Implementation make_on_gpu(const Device& device, const ConvolutionShape& shape) {
  return {std::make_unique<ForwardOnGpu>(device, shape), std::make_unique<BackwardDataOnGpu>(device, shape),
          std::make_unique<BackwardWeightsOnGpu>(device, shape)};
}

ConvolutionShape channels_last_shape(const Geometry& geometry, DataType type) {
  return make_shape(geometry, geometry.input_channels, geometry.output_channels,
                    kernels::layout_ohwi(geometry.input_channels), type);
}

template <class T>
void test_against_reference(const ConvolutionShape& shape, const Implementation& implementation, double tolerance,
                            bool deterministic = true) {
  const std::int64_t element = size_of(shape.type);
  const ConvolutionReference reference = compute_reference(shape);
  const auto input_places = places(shape.input);
  const auto output_places = places(shape.output);
  const auto weight_places = places(shape.weights());
  std::vector<std::int64_t> bias_places;
  for (std::int64_t o = 0; o < shape.output.channels(); ++o)
    bias_places.push_back(o);

  GuardedBuffer input(shape.input.size() * element);
  GuardedBuffer weights(shape.weights().size() * element);
  GuardedBuffer bias(shape.output.channels() * element);
  GuardedBuffer output_gradient(shape.output.size() * element);
  fill<T>(input, reference.values.input, input_places);
  fill<T>(weights, reference.values.weights, weight_places);
  fill<T>(bias, reference.values.bias, bias_places);
  fill<T>(output_gradient, reference.gradients.output, output_places);

  GuardedBuffer output(shape.output.size() * element);
  GuardedBuffer input_gradient(shape.input.size() * element);
  GuardedBuffer weight_gradient(shape.weights().size() * element);
  const Implementation& run = implementation;
  GuardedBuffer forward_workspace(run.forward->workspace_bytes());
  GuardedBuffer data_workspace(run.backward_data->workspace_bytes());
  GuardedBuffer weights_workspace(run.backward_weights->workspace_bytes());
  const auto run_all = [&] {
    for (GuardedBuffer* buffer :
         {&output, &input_gradient, &weight_gradient, &forward_workspace, &data_workspace, &weights_workspace}) {
      buffer->poison();
    }
    run.forward->run(input.data(), weights.data(), bias.data(), output.data(), forward_workspace.data());
    run.backward_data->run(output_gradient.data(), weights.data(), input_gradient.data(), data_workspace.data());
    run.backward_weights->run(input.data(), output_gradient.data(), weight_gradient.data(), weights_workspace.data());
  };

  run_all();
  INFO(text(shape));
  const double forward_error = largest_error<T>(output, reference.values.output, reference.sizes.output, output_places);
  const double data_error =
      largest_error<T>(input_gradient, reference.gradients.input, reference.sizes.input, input_places);
  const double weights_error =
      largest_error<T>(weight_gradient, reference.gradients.weights, reference.sizes.weights, weight_places);
  CAPTURE(forward_error, data_error, weights_error, tolerance);
  CHECK(forward_error <= tolerance);
  CHECK(data_error <= tolerance);
  CHECK(weights_error <= tolerance);
  if (!deterministic) return;

  // The same bits again, whatever the workspace held.
  const GuardedBuffer first_output = output;
  const GuardedBuffer first_input_gradient = input_gradient;
  const GuardedBuffer first_weight_gradient = weight_gradient;
  run_all();
  CHECK(std::memcmp(output.data(), first_output.data(), output.bytes()) == 0);
  CHECK(std::memcmp(input_gradient.data(), first_input_gradient.data(), input_gradient.bytes()) == 0);
  CHECK(std::memcmp(weight_gradient.data(), first_weight_gradient.data(), weight_gradient.bytes()) == 0);

  for (const GuardedBuffer* buffer : {&input, &weights, &bias, &output_gradient, &output, &input_gradient,
                                      &weight_gradient, &forward_workspace, &data_workspace, &weights_workspace}) {
    CHECK(buffer->guards_intact());
  }
}

}  // namespace

TEST_CASE("convolution on the cpu agrees with its definition in every layout", "[convolution]") {
  for (const Geometry& geometry : geometries) {
    for (const ConvolutionShape& shape : all_layouts(geometry, DataType::float32)) {
      // The numbers are so coarse that float32 sums are exact; only Winograd's transforms round.
      test_against_reference<float>(shape, make_on_cpu(shape), 1e-6);
    }
    for (const ConvolutionShape& shape : all_layouts(geometry, DataType::bfloat16)) {
      // The sum is exact; storing it in bfloat16's 8 significant bits may lose 1/256 of it.
      test_against_reference<bfloat16>(shape, make_on_cpu(shape), 1.0 / 256);
    }
  }
}

TEST_CASE("plain convolution agrees with the definition in every layout and type", "[convolution]") {
  for (const Geometry& geometry : geometries) {
    for (const ConvolutionShape& shape : all_layouts(geometry, DataType::float64)) {
      test_against_reference<double>(shape, make_on_cpu(shape), 0);
    }
    const ConvolutionShape single = all_layouts(geometry, DataType::float32).front();
    test_against_reference<float>(single, make_plain(single), 0);
    // The sum is exact; storing it in 8 or 11 significant bits may lose 1/256 or 1/2048 of it.
    const ConvolutionShape brain = all_layouts(geometry, DataType::bfloat16).front();
    test_against_reference<bfloat16>(brain, make_plain(brain), 1.0 / 256);
    const ConvolutionShape half = all_layouts(geometry, DataType::float16).front();
    test_against_reference<float16>(half, make_on_cpu(half), 1.0 / 2048);
  }
}

TEST_CASE("convolution on the GPU agrees with the definition", "[convolution][gpu]") {
  for (const bool deterministic : {true, false}) {
    for (const bool allow_tf32 : {false, true}) {
      const std::optional<Device> gpu = find_gpu({.deterministic = deterministic, .allow_tf32 = allow_tf32});
      if (!gpu) return;
      for (const Geometry& geometry : geometries) {
        // The numbers are exact in bfloat16, so TF32 rounds no product; transforms (Winograd, FFT) round.
        const ConvolutionShape single = channels_last_shape(geometry, DataType::float32);
        test_against_reference<float>(single, make_on_gpu(*gpu, single), 1e-5, deterministic);
        const ConvolutionShape brain = channels_last_shape(geometry, DataType::bfloat16);
        test_against_reference<bfloat16>(brain, make_on_gpu(*gpu, brain), 1.0 / 256, deterministic);
        const ConvolutionShape half = channels_last_shape(geometry, DataType::float16);
        test_against_reference<float16>(half, make_on_gpu(*gpu, half), 1.0 / 2048, deterministic);
      }
    }
  }
}

TEST_CASE("what brings a convolution to the GPU and back, tried on the cpu", "[convolution]") {
  const Device cpu("cpu");
  for (const Geometry& geometry : {geometries[4], geometries[8]}) {
    const ConvolutionShape shape = channels_last_shape(geometry, DataType::float32);
    test_against_reference<float>(shape, make_on_gpu(cpu, shape), 1e-6);
  }
  std::vector<float> values(8);
  const HostOperand result = {values.data(), 32};
  CHECK_THROWS_AS(
      run_on_gpu(cpu, {}, result, 0,
                 [](const std::vector<void*>&, void* output, void*) { static_cast<unsigned char*>(output)[32] = 1; }),
      std::runtime_error);
}

TEST_CASE("convolution on simt takes channels last", "[convolution]") {
  const Geometry& geometry = geometries.front();
  const kernels::Simt simt;
  CHECK(kernels::preferred_lanes(simt, 64) == 64);
  CHECK(kernels::preferred_weight_layout(simt, 64, 32) == kernels::layout_ohwi(64));
  const ConvolutionShape shape = make_shape(geometry, geometry.input_channels, geometry.output_channels,
                                            kernels::layout_ohwi(geometry.input_channels), DataType::float32);
  test_against_reference<float>(
      shape,
      {kernels::make_convolution_forward(simt, shape), kernels::make_convolution_backward_data(simt, shape),
       kernels::make_convolution_backward_weights(simt, shape)},
      2e-6);
}

TEST_CASE("the layouts a convolution prefers divide its channels and ignore its size", "[convolution]") {
  for (std::int64_t channels = 1; channels <= 130; ++channels) {
    const std::int64_t lanes = kernels::preferred_lanes(Cpu{}, channels);
    CHECK(channels % lanes == 0);
    for (const std::int64_t outputs : {1, 3, 8, 10, 16, 24, 64, 255}) {
      const WeightLayout layout = kernels::preferred_weight_layout(Cpu{}, channels, outputs);
      CHECK(channels % layout.input_lanes == 0);
      CHECK(outputs % layout.output_lanes == 0);
    }
  }
}

TEST_CASE("a convolution that contradicts itself is refused with its sizes", "[convolution]") {
  const ConvolutionShape good = make_shape({2, 8, 9, 6, 4, 3, 3, 2, 1, false}, 6, 4, {1, 6}, DataType::float32);
  kernels::check(good);

  ConvolutionShape wrong_size = good;
  wrong_size.output.width += 1;
  ConvolutionShape wrong_batch = good;
  wrong_batch.output.batch = 3;
  ConvolutionShape wrong_lanes = good;
  wrong_lanes.weight_layout = {16, 16};
  ConvolutionShape wrong_type = good;
  wrong_type.type = DataType::int32;
  ConvolutionShape no_stride = good;
  no_stride.stride = 0;
  for (const ConvolutionShape& shape : {wrong_size, wrong_batch, wrong_lanes, wrong_type, no_stride}) {
    INFO(text(shape));
    CHECK_THROWS_AS(kernels::make_convolution_forward(Cpu{}, shape), std::invalid_argument);
    CHECK_THROWS_AS(kernels::make_convolution_backward_data(Cpu{}, shape), std::invalid_argument);
    CHECK_THROWS_AS(kernels::make_convolution_backward_weights(Cpu{}, shape), std::invalid_argument);
    CHECK_THROWS_AS(kernels::make_plain_convolution_forward(shape), std::invalid_argument);
  }

  std::string message;
  try {
    kernels::check(wrong_size);
  } catch (const std::invalid_argument& error) {
    message = error.what();
  }
  CAPTURE(message);
  CHECK(message.find("2 x 8 x 9 x 6 -> 2 x 4 x 6 x 4") != std::string::npos);
  CHECK(message.find("stride 2, padding 1") != std::string::npos);
}

}  // namespace sleight::tests
