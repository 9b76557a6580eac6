#include "engine/ops/ops.h"

namespace sleight {

std::span<const Operation* const> operations::table() {
  static constexpr const Operation* entries[] = {
      &activation,
      &activation_backward,
      &add,
      &average_pool,
      &average_pool_backward,
      &batch_norm_apply,
      &batch_norm_backward_apply,
      &batch_norm_backward_reduce,
      &batch_norm_inference_statistics,
      &batch_norm_statistics,
      &bias,
      &bias_gradient,
      &cast,
      &cast_list,
      &constant,
      &convolution,
      &convolution_backward_data,
      &convolution_backward_weights,
      &convolution_normalised_backward_weights,
      &convolution_statistics,
      &exponential_moving_average,
      &first_non_finite,
      &global_average_pool,
      &global_average_pool_backward,
      &image_prepare,
      &image_prepare_resident,
      &label_rank,
      &linear,
      &linear_backward_data,
      &linear_backward_weights,
      &live_scalar,
      &max_pool,
      &max_pool_backward,
      &non_maximum_suppression,
      &reduce_mean,
      &reduce_mean_backward,
      &resize_channels,
      &running_statistics,
      &sgd,
      &softmax_cross_entropy,
      &softmax_cross_entropy_backward,
      &softmax_cross_entropy_with_gradient,
      &upsample_concatenate,
      &upsample_concatenate_backward,
      &yolo_assign,
      &yolo_decode,
      &yolo_loss,
      &yolo_loss_backward,
  };
  return entries;
}

}  // namespace sleight
