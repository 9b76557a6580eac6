#include "engine/run/detector/normalization.h"

#include <filesystem>
#include <system_error>

#include "engine/checkpoint/darknet_weights.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/data/detector/augmentation.h"
#include "engine/run/normalization_field.h"
#include "engine/train/classifier_program.h"

namespace sleight {

ops::Normalization normalization_of_weights(const std::string& path) {
  if (std::filesystem::path(path).extension() != ".safetensors") return darknet_normalization;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return imagenet_normalization();  // named where it is loaded
  const SafetensorsMetadata metadata = SafetensorsFile(path).metadata();
  if (metadata.contains("mean") && metadata.contains("deviation")) return normalization_in(metadata);
  return metadata.contains(darknet_version_key) ? darknet_normalization : imagenet_normalization();
}

std::array<double, 3> fill_of(const ops::Normalization& normalization) {
  if (normalization.mean == darknet_normalization.mean) return {127.5, 127.5, 127.5};
  return DetectorAugmentation{}.fill;
}

}  // namespace sleight
