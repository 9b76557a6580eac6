#include "engine/run/detector/weights.h"

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/darknet_weights.h"

namespace sleight {

namespace {

bool is_safetensors(const std::string& path) {
  return std::filesystem::path(path).extension() == ".safetensors";
}

std::int64_t darknet_backbone_of(const DetectorModel& model, const std::string& path) {
  check(model.darknet_backbone.has_value(), path, " is not safetensors, so it must be darknet's, and darknet has no ",
        model.name, "; give a .safetensors file");
  return *model.darknet_backbone;
}

// Other classes are the usual reason why a network does not fit: then its backbone still does.
void load_whole_network(const DetectorModel& model, const std::string& path, PersistentStore& store) {
  const SafetensorsFile file(path);  // a damaged one has a message of its own
  try {
    load_weights(path, store);
  } catch (const Error& error) {
    if (model.trace_backbone == nullptr) throw;
    fail(error.what(), ". Where only the heads are of other classes, train_detector takes the backbone alone with ",
         "--backbone-weights ", path);
  }
}

}  // namespace

void load_detector_weights(const DetectorModel& model, const std::string& weights, const std::string& backbone,
                           PersistentStore& store) {
  if (!weights.empty()) {
    if (is_safetensors(weights)) {
      load_whole_network(model, weights, store);
    } else {
      darknet_backbone_of(model, weights);
      load_darknet_weights(weights, store);
    }
    log_info("started from ", weights);
  }
  if (!backbone.empty()) {
    if (is_safetensors(backbone)) {
      load_weights(backbone, store, backbone_parameter_names(model));
    } else {
      load_darknet_weights(backbone, store, darknet_backbone_of(model, backbone), LeftoverBytes::ignored);
    }
    log_info("the backbone started from ", backbone);
  }
}

}  // namespace sleight
