// Every operation of the engine: the function that a model calls while it is traced, and its table entry.
//
// The functions append a step to the trace and return its output. Images are [N,H,W,C], matrices [N,C]. What each
// operation computes is in the contract of its kernel, kernels/<name>.h.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/program/operation.h"
#include "engine/program/trace.h"
#include "kernels/lib/activation_function.h"
#include "kernels/lib/live_scalars.h"
#include "kernels/lib/pool_window.h"
#include "kernels/softmax_cross_entropy.h"
#include "kernels/yolo_loss.h"

namespace sleight::operations {

// Every operation, one line each, in the order of the alphabet: this list declares them, and table.cpp makes the table
// of it. A file of engine/ops defines each: const Operation operations::add{...}.
#define SLEIGHT_OPERATIONS(OPERATION)                \
  OPERATION(activation)                              \
  OPERATION(activation_backward)                     \
  OPERATION(add)                                     \
  OPERATION(all_reduce)                              \
  OPERATION(average_pool)                            \
  OPERATION(average_pool_backward)                   \
  OPERATION(batch_norm_apply)                        \
  OPERATION(batch_norm_backward_apply)               \
  OPERATION(batch_norm_backward_reduce)              \
  OPERATION(batch_norm_finish)                       \
  OPERATION(batch_norm_inference_statistics)         \
  OPERATION(batch_norm_partial)                      \
  OPERATION(batch_norm_statistics)                   \
  OPERATION(bias)                                    \
  OPERATION(bias_gradient)                           \
  OPERATION(cast)                                    \
  OPERATION(cast_list)                               \
  OPERATION(constant)                                \
  OPERATION(convolution)                             \
  OPERATION(convolution_backward_data)               \
  OPERATION(convolution_backward_weights)            \
  OPERATION(convolution_normalized_backward_weights) \
  OPERATION(convolution_with_statistics)             \
  OPERATION(exponential_moving_average)              \
  OPERATION(first_non_finite)                        \
  OPERATION(global_average_pool)                     \
  OPERATION(global_average_pool_backward)            \
  OPERATION(image_prepare)                           \
  OPERATION(image_prepare_resident)                  \
  OPERATION(label_rank)                              \
  OPERATION(linear)                                  \
  OPERATION(linear_backward_data)                    \
  OPERATION(linear_backward_weights)                 \
  OPERATION(live_scalar)                             \
  OPERATION(max_pool)                                \
  OPERATION(max_pool_backward)                       \
  OPERATION(non_maximum_suppression)                 \
  OPERATION(reduce_mean)                             \
  OPERATION(reduce_mean_backward)                    \
  OPERATION(resize_channels)                         \
  OPERATION(running_statistics)                      \
  OPERATION(sgd)                                     \
  OPERATION(softmax_cross_entropy)                   \
  OPERATION(softmax_cross_entropy_backward)          \
  OPERATION(softmax_cross_entropy_with_gradient)     \
  OPERATION(upsample_concatenate)                    \
  OPERATION(upsample_concatenate_backward)           \
  OPERATION(yolo_assign)                             \
  OPERATION(yolo_decode)                             \
  OPERATION(yolo_loss)                               \
  OPERATION(yolo_loss_backward)

#define SLEIGHT_DECLARE_OPERATION(name) extern const Operation name;
SLEIGHT_OPERATIONS(SLEIGHT_DECLARE_OPERATION)
#undef SLEIGHT_DECLARE_OPERATION

std::span<const Operation* const> table();

}  // namespace sleight::operations

namespace sleight::ops {

ValueId relu(Tracer& trace, ValueId x);
ValueId leaky_relu(Tracer& trace, ValueId x, double slope);
ValueId add(Tracer& trace, ValueId a, ValueId b);
ValueId bias(Tracer& trace, ValueId x, ValueId bias);
// Returns x itself if it already has the type.
ValueId cast(Tracer& trace, ValueId x, DataType element);
// The last extent becomes `channels`: zeros are appended, or the last channels dropped.
ValueId resize_channels(Tracer& trace, ValueId x, std::int64_t channels);
// A vector of `count` equal numbers.
ValueId constant(Tracer& trace, double value, std::int64_t count, DataType element);
// [1], float32: a live scalar as it is in this step.
ValueId live_scalar(Tracer& trace, kernels::LiveScalar::Index index);

// Weights of another type than the images (float32 with bfloat16) are cast to theirs first; gradients come back in
// the weights' own type.
// weights [O, kernel height, kernel width, I]; no bias: a batch norm follows.
ValueId convolution(Tracer& trace, ValueId x, ValueId weights, std::int64_t stride, std::int64_t padding);
// x [N, I], weights [O, I], bias [O].
ValueId linear(Tracer& trace, ValueId x, ValueId weights, ValueId bias);

struct BatchNormParameters {
  ValueId gamma, beta, running_mean, running_variance;  // [C] each
};
// Statistics of the batch or, in Mode::inference, the running ones; then scale and shift. trace.running_statistics
// records the update of the running ones.
ValueId batch_norm(Tracer& trace, ValueId x, const BatchNormParameters& parameters, double epsilon = 1e-5,
                   double momentum = 0.1);

ValueId max_pool(Tracer& trace, ValueId x, const kernels::PoolWindow& window);
ValueId average_pool(Tracer& trace, ValueId x, const kernels::PoolWindow& window);
ValueId global_average_pool(Tracer& trace, ValueId x);  // [N,H,W,C] -> [N,C]
// x [N,h,w,A] with every pixel twice in both directions, then the channels of skip [N,2h,2w,B]: [N,2h,2w,A+B].
ValueId upsample_concatenate(Tracer& trace, ValueId x, ValueId skip);

struct Normalization {
  std::array<double, 3> mean, deviation;  // of the bytes 0..255
  std::int64_t channels = 3;              // of the result: 3, or 4 or 8 padded with zeros
};
// The batch as the loader made it (bytes, flips, partners, lambdas) -> images. partner and lambda may be no_value.
ValueId image_prepare(Tracer& trace, ValueId images, ValueId flips, ValueId partners, ValueId lambdas,
                      const Normalization& normalization);

// The same batch from images that live on the device.
struct ResidentBatch {
  ValueId images;   // uint8 [P, source height, source width, 3]
  ValueId indices;  // int32 [N]: which of them
  ValueId windows;  // int32 [N, 2]: row and column of the image where the window begins; outside are zeros
  ValueId flips;    // int32 [N], or no_value
  ValueId partners = no_value, lambdas = no_value;
};
ValueId image_prepare_resident(Tracer& trace, const ResidentBatch& batch, std::int64_t height, std::int64_t width,
                               const Normalization& normalization);

struct LossParameters {
  double smoothing = 0.0;
  kernels::Smoothing convention = kernels::Smoothing::others;
};
// One loss per row. label_b and lambda may be no_value.
ValueId softmax_cross_entropy(Tracer& trace, ValueId logits, ValueId label_a, ValueId label_b, ValueId lambda,
                              const LossParameters& parameters);
ValueId reduce_mean(Tracer& trace, ValueId values);  // [N] -> [1]
ValueId label_rank(Tracer& trace, ValueId logits, ValueId label);

// In pixels, the smallest first; scale s of the network (0: stride 8) has the anchors 3s to 3s + 2.
using YoloAnchors = std::array<kernels::AnchorSize, kernels::yolo_anchors>;

// The objects of the batch, M places for each image: boxes float32 [N,M,4] (left, top, right, bottom in pixels),
// classes int32 [N,M] (-1: no object), weights float32 [N,M].
struct YoloObjects {
  ValueId boxes, classes, weights;
};
struct YoloLossParameters {
  YoloAnchors anchors;
  kernels::YoloLossOptions options = {};
};
struct YoloLoss {
  ValueId loss = no_value;               // [1], the mean over the images of the sums over all scales
  ValueId components = no_value;         // [4]: center, size, objectness, classes; their sum is the loss
  std::array<ValueId, 3> assigned = {};  // int32 [N,h,w,3] of each scale: an object, -1 negative, -2 ignored
};
// predictions[s] [N, h, w, 3 * (5 + K)] of scale s.
YoloLoss yolo_loss(Tracer& trace, const std::array<ValueId, 3>& predictions, const YoloObjects& objects,
                   const YoloLossParameters& parameters);
// The anchor of each object, int32 [N,M]; yolo_loss calls it.
ValueId yolo_assign(Tracer& trace, ValueId object_boxes, ValueId object_classes, const YoloAnchors& anchors);

struct ScoredBoxes {
  ValueId boxes;   // float32 [N,P,4] in pixels
  ValueId scores;  // float32 [N,P,K]
};
ScoredBoxes yolo_decode(Tracer& trace, const std::array<ValueId, 3>& predictions, const YoloAnchors& anchors);

struct DetectionParameters {
  double score_threshold = 0.01;
  double overlap_threshold = 0.45;
  std::int64_t candidates = 400;  // of an image, before the suppression
  std::int64_t detections = 100;  // after it
};
struct Detections {
  ValueId rows;    // float32 [N, detections, 6]: class (-1: unused), score, left, top, right, bottom
  ValueId counts;  // int32 [N]
};
Detections non_maximum_suppression(Tracer& trace, const ScoredBoxes& boxes, const DetectionParameters& parameters = {});

// The updates: they change nothing when trace.first_non_finite names a value at run time.
struct SgdParameter {
  ValueId parameter, gradient, momentum;
  bool decay = true;
  ValueId average = no_value;  // optional: the moving average of the parameter, moved in the same pass
};
void sgd(Tracer& trace, std::span<const SgdParameter> parameters, bool nesterov);

struct AveragedParameter {
  ValueId average, parameter;
};
void exponential_moving_average(Tracer& trace, std::span<const AveragedParameter> parameters);
// Moves what trace.running_statistics lists; nothing is appended when the list is empty.
void running_statistics(Tracer& trace);

// int64 [2]: which of the values, and which of its elements in memory, is the first NaN or infinity; -1 and -1 without.
ValueId first_non_finite(Tracer& trace, std::vector<ValueId> values);

}  // namespace sleight::ops
