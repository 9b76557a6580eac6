// --data-on-device, from the flag to the training programs; and how many threads prepare pictures.
#pragma once

#include <optional>

#include "engine/data/resident_pictures.h"
#include "engine/train/classification_program.h"
#include "tools/common/classifier_tricks.h"

namespace sleight {

// Sets the compute threads; returns the loader's, by default half of them.
int set_threads(const ClassifierRun& run);

// The run's training pictures in the device's memory, with a line in the log; nothing without the flag. Throws Error
// naming the flag when they do not fit or the recipe needs the loader.
std::optional<ResidentPictures> pictures_on_device(const ClassifierRun& run, const Dataset& dataset,
                                                   const Device& device, int threads);

// What the run's programs are traced with.
ClassificationOptions program_options(ClassifierTricks& tricks, const Dataset& dataset,
                                      const std::optional<ResidentPictures>& resident);

}  // namespace sleight
