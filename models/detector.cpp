#include "models/detector.h"

#include "models/nearest_name.h"
#include "models/yolov3.h"

namespace sleight {

namespace {

DetectorModel on_darknet(const std::string& name, const Yolov3& network) {
  return {.name = name,
          .picture_size = 416,
          .anchors = yolov3_default_anchors(),
          .backbone_convolutions = network.backbone.convolutions(),
          .trace = [network](Tracer& trace, ValueId pictures,
                             std::int64_t classes) { return yolov3(trace, pictures, classes, network); },
          .trace_backbone = [network](Tracer& trace,
                                      ValueId pictures) { darknet_features(trace, pictures, network.backbone); }};
}

}  // namespace

std::span<const DetectorModel> detectors() {
  static const std::vector<DetectorModel> models = {on_darknet("yolov3", yolov3_darknet53()),
                                                    on_darknet("yolov3_small", yolov3_darknet_small())};
  return models;
}

std::vector<std::string> detector_names() {
  std::vector<std::string> names;
  for (const DetectorModel& model : detectors())
    names.push_back(model.name);
  return names;
}

std::vector<std::string> backbone_parameter_names(const DetectorModel& model) {
  Tracer trace(Mode::inference);
  model.trace_backbone(trace, trace.input("pictures", {1, 32, 32, 3}, DataType::float32));
  std::vector<std::string> names;
  for (const Parameter& parameter : trace.program().parameters)
    names.push_back(trace.program().value(parameter.value).name);
  return names;
}

const DetectorModel& find_detector(std::string_view name) {
  return detectors()[position_of_name("detector", name, detector_names())];
}

}  // namespace sleight
