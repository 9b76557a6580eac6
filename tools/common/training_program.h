// The tricks of a run, and the training programs that they change: where recipe, tricks and model meet.
#pragma once

#include <cstdint>

#include "engine/train/trick_list.h"
#include "tools/classifier/options.h"
#include "tools/detector/options.h"

namespace sleight {

// The run's tricks, begun, for a training split of so many images. Throws Error when those do not fill one batch, and
// for what makes no sense in a training of that length.
TrickList begun_tricks(const ClassifierRun& run, std::int64_t images);
TrickList begun_tricks(const DetectorRun& run, std::int64_t images);

// What the training programs are traced with. They may refer to the tricks.
ClassifierProgramOptions training_program_options(const ClassifierRun& run, TrickList& tricks, std::int64_t classes);
// maximum_objects: of an image in a training batch.
DetectorProgramOptions training_program_options(const DetectorRun& run, TrickList& tricks, std::int64_t classes,
                                                std::int64_t maximum_objects);

}  // namespace sleight
