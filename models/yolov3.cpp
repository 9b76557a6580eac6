#include "models/yolov3.h"

#include <cmath>

#include "engine/base/error.h"
#include "engine/ops/ops.h"

namespace sleight {

namespace {

// Of one anchor: tx, ty, tw, th, objectness, a logit per class.
std::vector<float> prediction_bias(std::int64_t channels, double prior) {
  constexpr std::size_t objectness = 4;
  std::vector<float> bias(static_cast<std::size_t>(channels), 0.0F);
  bias[objectness] = static_cast<float>(std::log(prior / (1.0 - prior)));
  return bias;
}

struct HeadOutputs {
  ValueId prediction;
  ValueId handed_on;  // passed to the next finer head
};

// x: the input at this scale, from the backbone and the coarser head; `channels` are the backbone's here.
HeadOutputs head(Tracer& trace, ValueId x, std::int64_t channels, const Yolov3& network, std::int64_t outputs) {
  ValueId narrow = no_value;
  for (std::int64_t pair = 0; pair < network.head_pairs; ++pair) {
    const auto number = [&](std::int64_t of_pair) { return "conv" + std::to_string(2 * pair + of_pair); };
    narrow = darknet_convolution(trace, number(1), x, channels / 2, 1);
    x = darknet_convolution(trace, number(2), narrow, channels, 3);
  }
  return {layers::convolution_with_bias(trace, "prediction", x, outputs, 1, 1, Initializer::he_normal_fan_in,
                                        prediction_bias(outputs / yolov3_anchors_per_scale, network.objectness_prior)),
          narrow};
}

}  // namespace

Yolov3 yolov3_darknet53() {
  return {.backbone = darknet53(), .head_pairs = 3};
}

Yolov3 yolov3_darknet_small() {
  return {.backbone = darknet_small(), .head_pairs = 1};
}

const std::array<BoxSize, 9>& yolov3_default_anchors() {
  static constexpr std::array<BoxSize, 9> anchors = {
      {{10, 13}, {16, 30}, {33, 23}, {30, 61}, {62, 45}, {59, 119}, {116, 90}, {156, 198}, {373, 326}}};
  return anchors;
}

std::array<ValueId, yolov3_scales> yolov3(Tracer& trace, ValueId images, std::int64_t classes, const Yolov3& network) {
  check(classes >= 1, "a detector needs at least one class, got ", classes);
  const std::vector<DarknetStage>& stages = network.backbone.stages;
  check(stages.size() == 5 && network.head_pairs >= 1,
        "YOLOv3 needs a backbone of 5 stages and at least one pair of convolutions in each head, got ", stages.size(),
        " and ", network.head_pairs);
  check(network.objectness_prior > 0.0 && network.objectness_prior < 1.0,
        "the objectness prior must be above 0 and below 1, got ", network.objectness_prior);
  const Shape& shape = trace.shape(images);
  check(shape.size() == 4 && shape[1] % 32 == 0 && shape[2] % 32 == 0,
        "YOLOv3 takes images whose height and width are multiples of 32, got ", to_string(shape));

  const std::vector<ValueId> features = darknet_features(trace, images, network.backbone);
  const std::int64_t outputs = yolov3_anchors_per_scale * (5 + classes);
  std::array<ValueId, yolov3_scales> predictions{};
  ValueId handed_on = no_value;
  for (std::size_t from_coarsest = 0; from_coarsest < yolov3_scales; ++from_coarsest) {
    const std::size_t stage = stages.size() - 1 - from_coarsest;
    const std::int64_t channels = stages[stage].channels;
    const auto scope = trace.scope("heads.stride" + std::to_string(std::int64_t{1} << (stage + 1)));
    ValueId x = features[stage];
    if (handed_on != no_value) {
      x = ops::upsample_concatenate(trace, darknet_convolution(trace, "transition", handed_on, channels / 2, 1), x);
    }
    const HeadOutputs out = head(trace, x, channels, network, outputs);
    predictions[yolov3_scales - 1 - from_coarsest] = out.prediction;
    handed_on = out.handed_on;
  }
  return predictions;
}

}  // namespace sleight
