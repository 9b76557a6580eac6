// The formulas of yolo_loss.h for one place and for one object, written once for all devices; and how the sums are cut.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/yolo_loss.h"

namespace sleight::kernels {

// One block adds up one chunk of this many places of an image. The workspace holds the sum of each chunk (objectness
// of negatives), and then four sums per object.
inline constexpr std::int32_t yolo_chunk_places = 128;

SLEIGHT_HOST_DEVICE inline std::int64_t yolo_chunks_per_image(const YoloScale& scale) {
  return (scale.places() + yolo_chunk_places - 1) / yolo_chunk_places;
}

inline constexpr int yolo_components = 4;

// Which of the four sums a channel belongs to.
SLEIGHT_HOST_DEVICE inline int yolo_component(std::int32_t channel) {
  return channel < YoloChannel::tw            ? 0
         : channel < YoloChannel::objectness  ? 1
         : channel == YoloChannel::objectness ? 2
                                              : 3;
}

template <class Value>
SLEIGHT_HOST_DEVICE inline Value binary_cross_entropy(Value logit, Value target) {
  // (x > 0 ? x : 0) would turn a NaN into 0.
  const Value positive_part = logit < 0 ? Value(0) : logit;
  return positive_part - logit * target + std::log1p(std::exp(-std::abs(logit)));
}

template <class Value>
SLEIGHT_HOST_DEVICE inline BoxCorners<Value> object_corners(const float* box) {
  return {static_cast<Value>(box[0]), static_cast<Value>(box[1]), static_cast<Value>(box[2]),
          static_cast<Value>(box[3])};
}

// The predicted box. Where exp overflows, the union below is infinite or NaN, and no threshold is below that.
template <class Value>
SLEIGHT_HOST_DEVICE inline BoxCorners<Value> predicted_box(const YoloScale& scale, std::int32_t place, Value tx,
                                                           Value ty, Value tw, Value th) {
  return yolo_box(scale, place, sigmoid(tx), sigmoid(ty), std::exp(tw), std::exp(th));
}

// IoU > threshold, without a division.
template <class Value>
SLEIGHT_HOST_DEVICE inline bool overlaps(const BoxCorners<Value>& a, const BoxCorners<Value>& b, Value threshold) {
  const BoxOverlap<Value> overlap = box_overlap(a, b);
  return overlap.shared > threshold * overlap.united;
}

// The cell of a position in cells.
SLEIGHT_HOST_DEVICE inline std::int32_t cell_of(double position, std::int32_t cells) {
  if (!(position > 0)) return 0;
  return position < cells ? static_cast<std::int32_t>(position) : cells - 1;
}

// The center of a box, in cells. Sums of two float32 and products with powers of two: exact.
SLEIGHT_HOST_DEVICE inline double center_in_cells(float low, float high, std::int32_t stride) {
  return (static_cast<double>(low) + static_cast<double>(high)) * (0.5 / stride);
}

inline constexpr std::int32_t no_object = -2;
inline constexpr std::int32_t on_another_scale = -1;

// The place of an object in its image on this scale, or one of the two above.
SLEIGHT_HOST_DEVICE inline std::int32_t place_of_object(const YoloScale& scale, const YoloObjects& objects,
                                                        std::int64_t object) {
  const std::int32_t anchor = objects.best_anchor[object];
  if (anchor < 0) return no_object;
  if (anchor / yolo_anchors_per_scale != scale.scale) return on_another_scale;
  const float* const box = objects.boxes + object * 4;
  const std::int32_t column = cell_of(center_in_cells(box[0], box[2], scale.stride()), scale.width);
  const std::int32_t row = cell_of(center_in_cells(box[1], box[3], scale.stride()), scale.height);
  return (row * scale.width + column) * yolo_anchors_per_scale + anchor % yolo_anchors_per_scale;
}

// The two values of a class target.
struct ClassTarget {
  double at_label;
  double elsewhere;
};

SLEIGHT_HOST_DEVICE inline ClassTarget class_target(const YoloLossOptions& options, std::int32_t classes) {
  if (options.smoothing == ClassSmoothing::none) return {1, 0};
  const double share = 1.0 / classes;
  const double elsewhere = options.smoothing == ClassSmoothing::darknet ? options.epsilon / 2
                           : share < options.epsilon                    ? share
                                                                        : options.epsilon;
  return {1 - elsewhere, elsewhere};
}

// What a positive place is compared with.
template <class Value>
struct YoloTarget {
  Value position[4];  // of tx, ty, tw, th
  Value box_weight;   // of the terms of center and size
  Value weight;       // of objectness and classes
  std::int32_t class_index;
  Value at_label;
  Value elsewhere;
};

template <class Value>
SLEIGHT_HOST_DEVICE inline YoloTarget<Value> target_of_object(const YoloScale& scale, const YoloLossOptions& options,
                                                              const YoloObjects& objects, std::int64_t object,
                                                              std::int32_t place) {
  const float* const box = objects.boxes + object * 4;
  const std::int32_t cell = place / yolo_anchors_per_scale;
  const AnchorSize anchor = scale.anchor(place - cell * yolo_anchors_per_scale);
  const auto fraction = [](double position, std::int32_t index) {
    const double inside = position - index;
    return static_cast<Value>(inside < 0 ? 0 : inside > 1 ? 1 : inside);
  };
  const Value width = static_cast<Value>(static_cast<double>(box[2]) - static_cast<double>(box[0]));
  const Value height = static_cast<Value>(static_cast<double>(box[3]) - static_cast<double>(box[1]));
  const Value stride = static_cast<Value>(scale.stride());
  const Value image = (static_cast<Value>(scale.width) * stride) * (static_cast<Value>(scale.height) * stride);
  const std::int32_t label = objects.classes[object];
  const ClassTarget smoothed = class_target(options, scale.classes);

  YoloTarget<Value> target;
  target.position[0] = fraction(center_in_cells(box[0], box[2], scale.stride()), cell % scale.width);
  target.position[1] = fraction(center_in_cells(box[1], box[3], scale.stride()), cell / scale.width);
  // Sides below a pixel, left by expansion and small shapes, would dominate the loss of all others. NaN stays NaN.
  const auto at_least_a_pixel = [](Value side) { return side < Value{1} ? Value{1} : side; };
  target.position[2] = std::log(at_least_a_pixel(width) / static_cast<Value>(anchor.width));
  target.position[3] = std::log(at_least_a_pixel(height) / static_cast<Value>(anchor.height));
  // A class that does not exist makes NaN of all that is weighted; where it can be thrown, it has been.
  target.weight = label >= 0 && label < scale.classes ? static_cast<Value>(objects.weights[object]) : Value(NAN);
  target.box_weight = options.box_weight ? target.weight * (Value(2) - width * height / image) : target.weight;
  target.class_index = label;
  target.at_label = static_cast<Value>(smoothed.at_label);
  target.elsewhere = static_cast<Value>(smoothed.elsewhere);
  return target;
}

template <class Value>
SLEIGHT_HOST_DEVICE inline Value logit_target(const YoloTarget<Value>& target, std::int32_t channel) {
  if (channel == YoloChannel::objectness) return Value(1);
  return channel - YoloChannel::first_class == target.class_index ? target.at_label : target.elsewhere;
}

// A select, because an index that only the run knows would move the four numbers to local memory.
template <class Value>
SLEIGHT_HOST_DEVICE inline Value position_target(const YoloTarget<Value>& target, std::int32_t channel) {
  const Value center = channel == YoloChannel::tx ? target.position[0] : target.position[1];
  const Value size = channel == YoloChannel::tw ? target.position[2] : target.position[3];
  return channel < YoloChannel::tw ? center : size;
}

// The term of one channel of a positive place.
template <class Value>
SLEIGHT_HOST_DEVICE inline Value positive_loss(const YoloTarget<Value>& target, SizeLoss size_loss,
                                               std::int32_t channel, Value prediction) {
  if (channel >= YoloChannel::objectness)
    return target.weight * binary_cross_entropy(prediction, logit_target(target, channel));
  const Value goal = position_target(target, channel);
  if (channel < YoloChannel::tw) return target.box_weight * binary_cross_entropy(prediction, goal);
  const Value difference = prediction - goal;
  return target.box_weight * (size_loss == SizeLoss::l1 ? std::abs(difference) : difference * difference / Value(2));
}

// And its slope.
template <class Value>
SLEIGHT_HOST_DEVICE inline Value positive_gradient(const YoloTarget<Value>& target, SizeLoss size_loss,
                                                   std::int32_t channel, Value prediction) {
  if (channel >= YoloChannel::objectness) return target.weight * (sigmoid(prediction) - logit_target(target, channel));
  const Value goal = position_target(target, channel);
  if (channel < YoloChannel::tw) return target.box_weight * (sigmoid(prediction) - goal);
  const Value difference = prediction - goal;
  if (size_loss == SizeLoss::l2) return target.box_weight * difference;
  const Value sign = difference > 0 ? Value(1) : difference < 0 ? Value(-1) : difference;  // 0, or NaN
  return target.box_weight * sign;
}

}  // namespace sleight::kernels
