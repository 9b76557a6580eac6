#include "tools/common/detector_weights.h"

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/train/checkpoint.h"
#include "engine/train/darknet_weights.h"

namespace sleight {

namespace {

bool is_safetensors(const std::string& path) {
  return std::filesystem::path(path).extension() == ".safetensors";
}

}  // namespace

void load_detector_weights(const DetectorModel& model, const std::string& weights, const std::string& backbone,
                           PersistentStore& store) {
  if (!weights.empty()) {
    if (is_safetensors(weights)) {
      load_weights(weights, store);
    } else {
      load_darknet_weights(weights, store);
    }
    log_info("started from ", weights);
  }
  if (!backbone.empty()) {
    if (is_safetensors(backbone)) {
      load_weights(backbone, store, backbone_parameter_names(model));
    } else {
      load_darknet_weights(backbone, store, model.backbone_convolutions, LeftoverBytes::ignored);
    }
    log_info("the backbone started from ", backbone);
  }
}

}  // namespace sleight
