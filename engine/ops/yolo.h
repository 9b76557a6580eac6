// What the three operations of YOLOv3 share: anchors and grids as attributes and types.
#pragma once

#include "engine/ops/support.h"
#include "kernels/lib/yolo_scale.h"

namespace sleight {

// Nine (width, height) as attribute "anchors".
inline void set_anchors(Attributes& attributes, const ops::YoloAnchors& anchors) {
  std::vector<double> numbers;
  for (const kernels::AnchorSize& anchor : anchors)
    numbers.insert(numbers.end(), {static_cast<double>(anchor.width), static_cast<double>(anchor.height)});
  attributes.set("anchors", std::move(numbers));
}

inline ops::YoloAnchors anchors_of(const Attributes& attributes) {
  const std::vector<double>& numbers = attributes.numbers("anchors");
  ops::YoloAnchors anchors;
  check(numbers.size() == 2 * anchors.size(), "there must be 9 anchors of 2 numbers each, got ", numbers.size(),
        " numbers");
  for (std::size_t i = 0; i < anchors.size(); ++i)
    anchors[i] = {static_cast<float>(numbers[2 * i]), static_cast<float>(numbers[2 * i + 1])};
  return anchors;
}

// The scale that a prediction [N, height, width, 3 * (5 + classes)] belongs to.
inline kernels::YoloScale yolo_scale_of(const ValueType& prediction, const ops::YoloAnchors& anchors,
                                        std::int32_t number) {
  check_rank(prediction, 4, "the predictions");
  const std::int64_t channels = prediction.shape[3];
  check(channels % kernels::yolo_anchors_per_scale == 0 &&
            channels / kernels::yolo_anchors_per_scale > kernels::YoloChannel::first_class,
        "the predictions must have 3 * (5 + classes) channels, got ", to_string(prediction));
  check(number >= 0 && number < kernels::yolo_scales, "there are the scales 0, 1 and 2, and not ", number);
  kernels::YoloScale scale;
  scale.batch = prediction.shape[0];
  scale.height = static_cast<std::int32_t>(prediction.shape[1]);
  scale.width = static_cast<std::int32_t>(prediction.shape[2]);
  scale.classes =
      static_cast<std::int32_t>(channels / kernels::yolo_anchors_per_scale) - kernels::YoloChannel::first_class;
  scale.scale = number;
  for (int i = 0; i < kernels::yolo_anchors_per_scale; ++i)
    scale.anchors[i] = anchors[number * kernels::yolo_anchors_per_scale + i];
  return scale;
}

}  // namespace sleight
