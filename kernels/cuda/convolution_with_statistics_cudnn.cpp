// Convolution between two batch norms on NVIDIA GPUs: one kernel of cuDNN where it has one, and a small one of ours on
// either side for what it does not speak, batch norm per channel. Where both ways can be measured, the faster one is
// offered: fewer bytes do not help a kernel that multiplies more slowly.
#include <algorithm>
#include <array>

#include "kernels/batch_norm_fold.h"
#include "kernels/convolution_with_statistics.h"
#include "kernels/convolution_with_statistics_unfused.h"
#include "kernels/cuda/convolution_graph.h"
#include "kernels/cuda/measure.h"

namespace sleight::kernels {
namespace {

constexpr const char* statistics_direction = "forward with statistics";
constexpr const char* normalized_direction = "normalized forward with statistics";
constexpr const char* weights_direction = "normalized backward weights";

// Consecutive parts of a workspace; the last part is the library's.
class Parts {
 public:
  explicit Parts(void* workspace) : next_(static_cast<std::byte*>(workspace)) {}
  static std::int64_t padded(std::int64_t bytes) { return (bytes + 255) / 256 * 256; }
  void* take(std::int64_t bytes) {
    void* const part = next_;
    next_ += padded(bytes);
    return part;
  }
  void* rest() const { return next_; }

 private:
  std::byte* next_;
};

std::int64_t sums_bytes(const ConvolutionShape& shape) {
  return shape.output.channels() * static_cast<std::int64_t>(sizeof(float));
}

std::int64_t scale_bytes(const ConvolutionShape& shape) {
  return shape.input.channels() * size_of(shape.type);
}

struct ScaleShift {
  const void* scale;
  const void* shift;
};

ScaleShift fold(const Cuda& cuda, const ConvolutionShape& shape, const InputNormalization& normalization,
                Parts& workspace) {
  void* const scale = workspace.take(scale_bytes(shape));
  void* const shift = workspace.take(scale_bytes(shape));
  batch_norm_scale_shift(cuda, {.type = shape.type,
                                .channels = shape.input.channels(),
                                .mean = normalization.mean,
                                .inverse_deviation = normalization.inverse_deviation,
                                .gamma = normalization.gamma,
                                .beta = normalization.beta,
                                .scale = scale,
                                .shift = shift});
  return {scale, shift};
}

class FusedStatistics : public ConvolutionWithStatistics {
 public:
  FusedStatistics(const Cuda& cuda, const ConvolutionWithStatisticsShape& shape)
      : cuda_(cuda),
        shape_(shape),
        graph_(shape.normalizes_input ? prepare_convolution(normalized_direction, cuda, shape.convolution,
                                                            describe_normalized_forward_with_statistics)
                                      : prepare_convolution(statistics_direction, cuda, shape.convolution,
                                                            describe_forward_with_statistics)) {}

  bool is_deterministic() const override { return graph_.is_deterministic(); }

  std::int64_t workspace_bytes() const override {
    const ConvolutionShape& shape = shape_.convolution;
    return 2 * Parts::padded(sums_bytes(shape)) +
           (shape_.normalizes_input ? 2 * Parts::padded(scale_bytes(shape)) : 0) + graph_.workspace_bytes();
  }

  void run(const ConvolutionWithStatisticsBuffers& buffers) override {
    const ConvolutionShape& shape = shape_.convolution;
    naming(shape_.normalizes_input ? normalized_direction : statistics_direction, shape, [&] {
      Parts workspace(buffers.workspace);
      auto* const sum = static_cast<float*>(workspace.take(sums_bytes(shape)));
      auto* const squares = static_cast<float*>(workspace.take(sums_bytes(shape)));
      if (shape_.normalizes_input) {
        const ScaleShift folded = fold(cuda_, shape, buffers.normalization, workspace);
        graph_.run(std::array<const void*, 7>{buffers.input, folded.scale, folded.shift, buffers.weights,
                                              buffers.output, sum, squares},
                   workspace.rest());
      } else {
        graph_.run(std::array<const void*, 5>{buffers.input, buffers.weights, buffers.output, sum, squares},
                   workspace.rest());
      }
      batch_norm_finish_sums(cuda_, {.type = shape.type,
                                     .channels = shape.output.channels(),
                                     .rows = shape.output.rows(),
                                     .epsilon = shape_.epsilon,
                                     .sum = sum,
                                     .sum_of_squares = squares,
                                     .mean = buffers.mean,
                                     .inverse_deviation = buffers.inverse_deviation,
                                     .unbiased_variance = buffers.unbiased_variance});
    });
  }

 private:
  Cuda cuda_;
  ConvolutionWithStatisticsShape shape_;
  PreparedGraph graph_;
};

class FusedBackwardWeights : public ConvolutionNormalizedBackwardWeights {
 public:
  FusedBackwardWeights(const Cuda& cuda, const ConvolutionShape& shape)
      : cuda_(cuda),
        shape_(shape),
        graph_(prepare_convolution(weights_direction, cuda, shape, describe_normalized_backward_weights)) {}

  bool is_deterministic() const override { return graph_.is_deterministic(); }

  std::int64_t workspace_bytes() const override {
    return 2 * Parts::padded(scale_bytes(shape_)) + graph_.workspace_bytes();
  }

  void run(const void* input, const InputNormalization& normalization, const void* output_gradient,
           void* weight_gradient, void* workspace) override {
    naming(weights_direction, shape_, [&] {
      Parts parts(workspace);
      const ScaleShift folded = fold(cuda_, shape_, normalization, parts);
      graph_.run(std::array<const void*, 5>{input, folded.scale, folded.shift, output_gradient, weight_gradient},
                 parts.rest());
    });
  }

 private:
  Cuda cuda_;
  ConvolutionShape shape_;
  PreparedGraph graph_;
};

constexpr const char* offered = "offered";
constexpr const char* not_offered = "not offered";

// Whether cuDNN has one kernel for the graph, on this GPU and within the libraries' demands. The tuning cache remembers
// it, because cuDNN may have to compile the kernel to know; what failed is asked again in the next process.
bool has_kernel(const Cuda& cuda, const char* direction, const ConvolutionShape& shape,
                DescribedGraph (*describe)(const ConvolutionShape&)) {
  CudaLibraries& libraries = libraries_of(cuda);
  if (shape.type == DataType::float64) return false;  // no GPU kernel stores it
  TuningKey key = libraries.key("one kernel for convolution " + std::string(direction), shape.type);
  add_shape(key, shape);
  const std::optional<TuningEntry> known = libraries.cache().find(key);
  if (known && (known->choice == offered || known->choice == not_offered)) return known->choice == offered;
  if (libraries.has_failed(key)) return false;
  DescribedGraph described = describe(shape);
  const cudnn::Offer offer = cudnn::ask_for(described.graph, libraries.target(), demands_on(libraries, shape),
                                            libraries.options().workspace_limit);
  if (offer.is_offered || offer.failure.empty()) {
    libraries.remember(key, {offer.is_offered ? offered : not_offered, 0.0, 0});
  } else {
    libraries.report_failure(key, offer.failure);
  }
  return offer.is_offered;
}

bool has_statistics_kernel(const Cuda& cuda, const ConvolutionWithStatisticsShape& shape) {
  return shape.normalizes_input
             ? has_kernel(cuda, normalized_direction, shape.convolution, describe_normalized_forward_with_statistics)
             : has_kernel(cuda, statistics_direction, shape.convolution, describe_forward_with_statistics);
}

bool has_weights_kernel(const Cuda& cuda, const ConvolutionShape& shape) {
  return has_kernel(cuda, weights_direction, shape, describe_normalized_backward_weights);
}

// What both ways of a contest read and write: places in `operands`.
enum Operand : std::size_t {
  input,
  weights,
  output,
  mean,
  inverse_deviation,
  variance,
  before,
  gradient,
  weight_gradient,
  operand_count
};

std::vector<MeasuredOperand> operands_of(const ConvolutionShape& shape) {
  const auto values = [&](std::int64_t count) { return MeasuredOperand{count * size_of(shape.type), shape.type}; };
  const auto channels = [](std::int64_t count) { return MeasuredOperand{count * 4, DataType::float32}; };
  const std::int64_t outputs = shape.output.channels();
  std::vector<MeasuredOperand> operands(operand_count);
  operands[input] = values(shape.input.size());
  operands[weights] = values(shape.weights().size());
  operands[output] = values(shape.output.size());
  operands[mean] = channels(outputs);
  operands[inverse_deviation] = channels(outputs);
  operands[variance] = channels(outputs);
  operands[before] = channels(shape.input.channels());
  operands[gradient] = values(shape.output.size());
  operands[weight_gradient] = values(shape.weights().size());
  return operands;
}

// All four numbers of the batch norm before are drawn alike: no kernel takes longer for other ones.
InputNormalization normalization_in(std::span<void* const> operands) {
  return {operands[before], operands[before], operands[before], operands[before]};
}

ConvolutionWithStatisticsBuffers statistics_in(std::span<void* const> operands, const void* z, void* workspace) {
  return {.input = z,
          .weights = operands[weights],
          .normalization = normalization_in(operands),
          .output = operands[output],
          .mean = operands[mean],
          .inverse_deviation = operands[inverse_deviation],
          .unbiased_variance = operands[variance],
          .workspace = workspace};
}

Contestant statistics_contestant(const std::shared_ptr<ConvolutionWithStatistics>& object) {
  return {object->workspace_bytes(), [object](std::span<void* const> operands, void* workspace) {
            object->run(statistics_in(operands, operands[input], workspace));
          }};
}

// The step and its gradient by the weights, which both read the input before its batch norm.
Contestant normalized_contestant(const Cuda& cuda, const ConvolutionWithStatisticsShape& shape) {
  const auto forward = std::make_shared<FusedStatistics>(cuda, shape);
  const auto backward = std::make_shared<FusedBackwardWeights>(cuda, shape.convolution);
  return {std::max(forward->workspace_bytes(), backward->workspace_bytes()),
          [=](std::span<void* const> operands, void* workspace) {
            forward->run(statistics_in(operands, operands[input], workspace));
            backward->run(operands[input], normalization_in(operands), operands[gradient], operands[weight_gradient],
                          workspace);
          }};
}

// The same with the normalized input in memory: batch norm and ReLU, forward in the better of its two forms, backward.
Contestant stored_contestant(const Cuda& cuda, const ConvolutionWithStatisticsShape& normalized) {
  ConvolutionWithStatisticsShape shape = normalized;
  shape.normalizes_input = false;
  std::shared_ptr<ConvolutionWithStatistics> forward;
  if (offers_convolution_with_statistics(cuda, shape)) {
    forward = std::make_shared<FusedStatistics>(cuda, shape);
  } else {
    forward = std::make_shared<ConvolutionWithStatisticsUnfused<Cuda>>(cuda, shape);
  }
  const std::shared_ptr<ConvolutionBackwardWeights> backward =
      make_convolution_backward_weights(cuda, shape.convolution);
  const std::int64_t z_bytes = normalized_bytes(shape.convolution);
  return {z_bytes + std::max(forward->workspace_bytes(), backward->workspace_bytes()),
          [=](std::span<void* const> operands, void* z) {
            void* const workspace = static_cast<std::byte*>(z) + z_bytes;
            normalize_input(cuda, shape.convolution, operands[input], normalization_in(operands), z);
            forward->run(statistics_in(operands, z, workspace));
            backward->run(z, operands[gradient], operands[weight_gradient], workspace);
          }};
}

constexpr const char* won = "one kernel";
constexpr const char* lost = "apart";

TuningKey contest_key(const CudaLibraries& libraries, const ConvolutionWithStatisticsShape& shape) {
  TuningKey key = libraries.key(std::string("one kernel or apart, convolution ") +
                                    (shape.normalizes_input ? normalized_direction : statistics_direction),
                                shape.convolution.type);
  add_shape(key, shape.convolution);
  return key;
}

// Whether one kernel was measured to be faster than the kernels apart; empty where nothing was measured.
std::optional<bool> remembered_winner(const CudaLibraries& libraries, const ConvolutionWithStatisticsShape& shape) {
  const std::optional<TuningEntry> known = libraries.cache().find(contest_key(libraries, shape));
  if (known && (known->choice == won || known->choice == lost)) return known->choice == won;
  return std::nullopt;
}

// Measures it.
bool wins(const Cuda& cuda, const ConvolutionWithStatisticsShape& shape) {
  CudaLibraries& libraries = libraries_of(cuda);
  const TuningKey key = contest_key(libraries, shape);
  std::vector<Contestant> contestants;
  if (shape.normalizes_input) {
    contestants = {normalized_contestant(cuda, shape), stored_contestant(cuda, shape)};
  } else {
    contestants = {statistics_contestant(std::make_shared<FusedStatistics>(cuda, shape)),
                   statistics_contestant(std::make_shared<ConvolutionWithStatisticsUnfused<Cuda>>(cuda, shape))};
  }
  const std::optional<Winner> winner =
      measure_fastest(cuda.stream, libraries.cache_bytes(), operands_of(shape.convolution), contestants);
  if (!winner) {
    libraries.report("not measured, for want of GPU memory, and left apart: " + key.text());
    return false;
  }
  const bool fused = winner->index == 0;
  libraries.remember(key, {fused ? won : lost, winner->microseconds, 0});
  return fused;
}

// What `prepare` makes of one kernel, or `apart` where cuDNN fails at it: that is told once, and no reason to stop.
template <class Result, class Prepare>
Result prepared_or_apart(CudaLibraries& libraries, const TuningKey& key, Result apart, const Prepare& prepare) {
  if (libraries.has_failed(key)) return apart;
  try {
    return prepare();
  } catch (const std::runtime_error& error) {
    libraries.report_failure(key, error.what());
    return apart;
  }
}

}  // namespace

// What costs little is asked first: the memory of a measurement, then the kernel that is seldom there.
bool offers_convolution_with_statistics(Cuda cuda, const ConvolutionWithStatisticsShape& shape) {
  check(shape);
  CudaLibraries& libraries = libraries_of(cuda);
  if (const std::optional<bool> remembered = remembered_winner(libraries, shape)) return *remembered;
  if (shape.normalizes_input && !has_weights_kernel(cuda, shape.convolution)) return false;
  if (!has_statistics_kernel(cuda, shape)) return false;
  if (!libraries.options().tune) return true;
  return prepared_or_apart(libraries, contest_key(libraries, shape), false, [&] { return wins(cuda, shape); });
}

std::unique_ptr<ConvolutionWithStatistics> make_convolution_with_statistics(
    Cuda cuda, const ConvolutionWithStatisticsShape& shape) {
  check(shape);
  using Made = std::unique_ptr<ConvolutionWithStatistics>;
  if (has_statistics_kernel(cuda, shape)) {
    CudaLibraries& libraries = libraries_of(cuda);
    Made one_kernel = prepared_or_apart(libraries, contest_key(libraries, shape), Made(),
                                        [&]() -> Made { return std::make_unique<FusedStatistics>(cuda, shape); });
    if (one_kernel) return one_kernel;
  }
  return std::make_unique<ConvolutionWithStatisticsUnfused<Cuda>>(cuda, shape);
}

std::unique_ptr<ConvolutionNormalizedBackwardWeights> make_convolution_normalized_backward_weights(
    Cuda cuda, const ConvolutionShape& shape) {
  check(shape);
  using Made = std::unique_ptr<ConvolutionNormalizedBackwardWeights>;
  if (has_weights_kernel(cuda, shape)) {
    CudaLibraries& libraries = libraries_of(cuda);
    Made one_kernel =
        prepared_or_apart(libraries, contest_key(libraries, {.convolution = shape, .normalizes_input = true}), Made(),
                          [&]() -> Made { return std::make_unique<FusedBackwardWeights>(cuda, shape); });
    if (one_kernel) return one_kernel;
  }
  return std::make_unique<ConvolutionNormalizedBackwardWeightsUnfused<Cuda>>(cuda, shape);
}

}  // namespace sleight::kernels
