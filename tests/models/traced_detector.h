// Programs of detectors for the tests.
#pragma once

#include "models/detector.h"
#include "models/yolov3.h"
#include "tests/models/traced_network.h"

namespace sleight::test {

inline Yolov3 yolov3_network(const std::string& model) {
  return model == "yolov3" ? yolov3_darknet53() : yolov3_darknet_small();
}

// The three predictions as the results "stride8", "stride16" and "stride32".
inline Tracer trace_detector(const std::string& model, const ImageBatch& batch, std::int64_t classes, Mode mode,
                             DataType element = DataType::float32) {
  Tracer trace(mode, element);
  const ValueId images = trace.input("images", {batch.count, batch.height, batch.width, 3}, element);
  const auto predictions = yolov3(trace, images, classes, yolov3_network(model));
  for (std::size_t scale = 0; scale < predictions.size(); ++scale)
    trace.result(predictions[scale], "stride" + std::to_string(8 << scale));
  return trace;
}

// A detector as a classifier, for tests that need one loss: the logits are the means of its predictions over all
// places, coarsest scale first.
inline ValueId mean_predictions(Tracer& trace, const std::array<ValueId, 3>& predictions) {
  const ValueId coarse = ops::upsample_concatenate(trace, predictions[2], predictions[1]);
  return ops::global_average_pool(trace, ops::upsample_concatenate(trace, coarse, predictions[0]));
}

// One step of training such a classifier; labels below 9 * (5 + classes).
inline Program trace_detector_step(const std::string& model, const ImageBatch& batch, std::int64_t classes) {
  const Network network = [&](Tracer& trace, ValueId images, std::int64_t) {
    return mean_predictions(trace, yolov3(trace, images, classes, yolov3_network(model)));
  };
  return trace_step(network, batch, 9 * (5 + classes));
}

}  // namespace sleight::test
