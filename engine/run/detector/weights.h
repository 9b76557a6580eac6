// What a detector may start from, and be used with: our own safetensors or darknet's files, told apart by their names.
#pragma once

#include <filesystem>
#include <string>

#include "engine/program/persistent_store.h"
#include "engine/train/detector_family.h"

namespace sleight {

// weights: of the whole network; backbone: of its first layers alone, where darknet's file may go on behind them.
// Empty: none. A name that ends with .safetensors is safetensors, every other one is darknet's. Throws Error for a file
// that does not fit, naming what differs.
void load_detector_weights(const DetectorModel& model, const std::string& weights, const std::string& backbone,
                           PersistentStore& store);

}  // namespace sleight
