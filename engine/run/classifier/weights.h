// What a classifier may start from: weights of our own, of torchvision or of timm, as safetensors.
#pragma once

#include <string>
#include <vector>

#include "engine/program/persistent_store.h"
#include "engine/train/classifier_model.h"

namespace sleight {

// weights: of the whole network, its last layer for the classes of class_names. Where the file names the same classes
// in another order, the rows of the last layer are put into this one; other names are a warning, because they may be
// the same classes renamed. backbone: of all but the last layer, whatever classes the file is of. Empty: none. Throws
// Error for a file that does not fit, naming what differs and the flag that helps.
void load_classifier_weights(const ClassifierModel& model, const std::vector<std::string>& class_names,
                             const std::string& weights, const std::string& backbone, PersistentStore& store);

}  // namespace sleight
